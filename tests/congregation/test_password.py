"""What makes a password good enough, and the sentence where it isn't."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from congregation.models import User

PERSON = User(email="Ana.Sefo@otaki-valley.example", handle="maple-otter-42")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "ten letters or more; 10 are missing"),
        ("ninenines", "one is missing"),
        ("password12", "Many people use this one"),
        ("Password12 ", "Many people use this one"),
        ("aaaaaaaaaaaaaaaaaaaa", "Many people use this one"),
        ("abababababababab", "Many people use this one"),
        ("klmnopqrstuvw", "Many people use this one"),
        ("ana.sefo@otaki-valley.example", "little more than your address"),
        ("AnaSefo2026!", "little more than your address"),
        ("maple-otter-42", "little more than your address or your sign-in name"),
        ("Maple Otter 42!!", "little more than your address or your sign-in name"),
        ("42mapleotter", "little more than your address or your sign-in name"),
        ("tableful12345", "little more than your address or your sign-in name"),
    ],
)
def test_what_others_would_try_is_refused_in_one_sentence(password, why):
    with pytest.raises(ValidationError) as error:
        validate_password(password, PERSON)
    assert any(why in sentence for sentence in error.value.messages)


@pytest.mark.parametrize(
    "password",
    [
        "Ana Sefo likes soup on Thursdays",
        "seven tables and a lamp",
        "the otter ate my maple syrup",
        "ōtaki-valley in the rain",
        "水曜日にスープを食べる人々",
        "tableful of strangers",
        "x7!kQ9#mZ2",
    ],
)
def test_a_long_one_may_have_a_name_in_it(password):
    validate_password(password, PERSON)
    validate_password(password)
