"""The practices that everybody finds here, in the order in which they are shown.

Facts and minutes are those of the practice as it is done; the words are our own.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from django.conf import settings
from django.utils import translation

from rhythms.practices.clinics import CASE_CLINIC, PROJECT_KITCHEN, TROIKA
from rhythms.practices.gatherings import APPRECIATIVE_INTERVIEWS, ONE_TWO_FOUR_ALL, OPEN_SPACE
from rhythms.practices.rounds import (
    CHECK_IN,
    CHECK_OUT,
    LISTENING_ROUND,
    MONEY_ROUND,
    PERSONAL_RETROSPECTIVE,
)
from rhythms.practices.shape import Practice

ALL: Final = (
    CHECK_IN,
    LISTENING_ROUND,
    MONEY_ROUND,
    CASE_CLINIC,
    TROIKA,
    PROJECT_KITCHEN,
    ONE_TWO_FOUR_ALL,
    APPRECIATIVE_INTERVIEWS,
    PERSONAL_RETROSPECTIVE,
    OPEN_SPACE,
    CHECK_OUT,
)
BY_KEY: Final[Mapping[str, Practice]] = {practice.key: practice for practice in ALL}


@cache
def names() -> dict[str, str]:
    """Return the key of each practice by its name, folded, in every language that pages are read in."""
    found: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found |= {str(practice.name).casefold(): practice.key for practice in ALL}
    return found
