import pytest
from django.db import connection

from congregation.models import Contact
from congregation.sealed import Unsealable, seal, unseal


@pytest.mark.parametrize("text", ["x", "kūmara 🥣", "a" * 5000, "\n"])
def test_what_is_sealed_opens_in_its_place_only(text):
    box = seal(text, "table|column|row")
    assert text.encode() not in box or len(text) == 1
    assert unseal(box, "table|column|row") == text
    with pytest.raises(Unsealable):
        unseal(box, "table|column|other")


def test_a_changed_byte_does_not_open():
    box = bytearray(seal("soup", "t|c|r"))
    box[-1] ^= 1
    with pytest.raises(Unsealable):
        unseal(bytes(box), "t|c|r")


def test_the_database_holds_no_plain_text_and_the_row_gives_it_back(member):
    row = Contact.objects.create(
        congregation=member.congregation, member=member, kind="phone", value="021 555 418"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM congregation_contact")
        assert b"555" not in bytes(cursor.fetchone()[0])
    again = Contact.objects.get(pk=row.pk)
    assert again.value == "021 555 418"
    again.value = "022 1"
    again.save()
    assert Contact.objects.get(pk=row.pk).value == "022 1"


def test_a_value_moved_to_another_row_does_not_open(member, peer):
    one = Contact.objects.create(
        congregation=member.congregation, member=member, kind="phone", value="1"
    )
    two = Contact.objects.create(
        congregation=member.congregation, member=peer, kind="phone", value="2"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE congregation_contact SET value = (SELECT value FROM congregation_contact WHERE id = %s) WHERE id = %s",
            [
                one.pk.hex if connection.vendor == "sqlite" else one.pk,
                two.pk.hex if connection.vendor == "sqlite" else two.pk,
            ],
        )
    with pytest.raises(Unsealable):
        _ = Contact.objects.get(pk=two.pk).value


def test_empty_stays_empty_and_an_update_is_refused(member):
    row = Contact.objects.create(congregation=member.congregation, member=member, kind="phone")
    assert Contact.objects.get(pk=row.pk).value == ""
    with pytest.raises(TypeError):
        Contact.objects.filter(pk=row.pk).update(value="open")
