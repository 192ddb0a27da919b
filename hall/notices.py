"""What people are told of what spans apps."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congregation.notices import HOSTING, LETTER, Kind


def _more(letter: Any, member: Any) -> dict[str, Any]:
    """Return what else the mail of a letter tells."""
    from hall import letters

    return letters.in_mail(letter, member)


KINDS: list[Kind] = [
    Kind(
        name="hall.letter",
        model="congregation.Letter",
        label=_("The hosts’ letter"),
        subject=_("A letter from your hosts"),
        related=("sent_by",),
        group=LETTER,
        words="hall/mail/letter.html",
        gather=_more,
    ),
    Kind(
        name="hall.letter_due",
        model="congregation.Host",
        label=_("It is time for a letter"),
        subject=_("It is time for a letter"),
        url=lambda term: reverse("letters", kwargs={"slug": term.congregation.slug}),
        hosts_only=True,
        group=HOSTING,
    ),
]
