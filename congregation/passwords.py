"""What makes a password good enough: it is long, few use it, and it isn't what anyone knows of its person.

A long one may have a name in it: Django's own measure of likeness refuses those, and says nothing that helps.
"""

from itertools import pairwise
from typing import Any, Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import PRODUCT
from congregation.words import fold

LEAST: Final = 10
# How much is left of it, in letters, once what others know is taken out.
LEAST_OF_ITS_OWN: Final = 6
LEAST_DIFFERENT: Final = 5


class Length:
    """Asks for ten letters, of whichever kind."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is shorter, and say by how much."""
        missing = LEAST - len(password)
        if missing > 0:
            words = ngettext(
                "A password has ten letters or more; one is missing.",
                "A password has ten letters or more; %(number)s are missing.",
                missing,
            )
            raise ValidationError(words % {"number": missing}, code="password_too_short")

    def get_help_text(self) -> str:
        """Say what is asked."""
        return _("Ten letters or more; a few words in a row are good.")


class Common(CommonPasswordValidator):
    """Refuses what many people use, and what is a run of letters or the same few again and again."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is tried first."""
        plain = password.casefold().strip()
        steps = {ord(two) - ord(one) for one, two in pairwise(plain)}
        is_run = len(steps) == 1 and steps <= {-1, 0, 1}
        if plain in self.passwords or is_run or len(set(plain)) < LEAST_DIFFERENT:
            words = _("Many people use this one, so it is tried first. Choose another.")
            raise ValidationError(words, code="password_too_common")


class NotKnown:
    """Refuses what is little more than its person's address, sign-in name, or what this is called."""

    def validate(self, password: str, user: Any = None) -> None:
        """Take out what others know; refuse what leaves too little."""
        email, handle = getattr(user, "email", "") or "", getattr(user, "handle", "") or ""
        mailbox, _at, host = email.partition("@")
        known = {_letters(word) for word in (email, mailbox, host, handle, PRODUCT)}
        known |= {_letters(word) for word in (*host.split("."), *handle.split("-"))}
        rest = _letters(password)
        for word in sorted(known, key=len, reverse=True):
            if len(word) > 2:
                rest = rest.replace(word, "")
        if len(rest) < LEAST_OF_ITS_OWN and rest != _letters(password):
            words = _(
                "That is little more than your address or your sign-in name. Put some words of your own to it."
            )
            raise ValidationError(words, code="password_too_similar")

    def get_help_text(self) -> str:
        """Say what is asked."""
        return _("Not just your address or your sign-in name.")


def _letters(text: str) -> str:
    """Return the letters and digits of a text, whatever their case and accents."""
    return "".join(letter for letter in fold(text) if letter.isalnum())
