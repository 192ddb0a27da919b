"""The ways to begin, and the parts that each of them asks for, in order.

To add a way: write its parts as forms (`forms.PartForm`), and what comes of them as a function beside
`beginning.congregation`; add both to the lists below. A part is one page of at most four fields; its template
extends `hall/setup/part.html` where the form alone doesn't do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congregation.models import Member
from hall.setting_up import beginning
from hall.setting_up.beginning import Said
from hall.setting_up.forms import CongregationForm, CrewForm, EveningForm, HostForm, PartForm

Words = str | Promise


class Begins(Protocol):
    """What makes a congregation of what was said; called inside a transaction, where there is none yet."""

    def __call__(self, said: Said, /, *, now: datetime) -> Member: ...


@dataclass(frozen=True)
class Part:
    """One page of the set-up."""

    name: str
    label: Words
    heading: Words
    lead: Words
    form: type[PartForm]
    told: Callable[[dict[str, str]], str]
    template: str = "hall/setup/part.html"


@dataclass(frozen=True)
class Way:
    """One way to begin.

    Either it has `parts` and `begin` makes a congregation of what was said, or `page` names the address
    (which takes the token) where it goes on. `after` names the page of the congregation that comes then.
    `why_not` is a sentence where the way can't be gone yet.
    """

    name: str
    label: Words
    note: Words
    parts: tuple[Part, ...] = ()
    begin: Begins | None = None
    after: str = "founded"
    page: str = ""
    picture: str = "hall/setup/picture_one.html"
    why_not: Words = ""


CONGREGATION = Part(
    "congregation",
    _("Your congregation"),
    _("Your congregation"),
    _("All of this can be changed later."),
    CongregationForm,
    lambda said: ", ".join(filter(None, [said["name"], said["region"]])),
)
CREW = Part(
    "crew",
    _("Your crew"),
    _("Your crew"),
    _("Three to eight people and one purpose, round one table."),
    CrewForm,
    lambda said: said["name"],
)
EVENING = Part(
    "evening",
    _("The evening"),
    _("A first evening"),
    _("Those who come point their phone at a picture on the table, and you let them in."),
    EveningForm,
    lambda said: ", ".join([said["date"], said["time"][:5], said["place"]]),
)
HOST = Part(
    "you",
    _("You, the first host"),
    _("You, the first host"),
    _("A host invites people and keeps an eye on who has no crew yet. You can hand it on."),
    HostForm,
    lambda said: said["name"],
    template="hall/setup/you.html",
)

WAYS: tuple[Way, ...] = (
    Way(
        "congregation",
        _("A congregation"),
        _("30 to 200 people in many crews. Invite them as you go."),
        picture="hall/setup/picture_many.html",
        parts=(CONGREGATION, HOST),
        begin=beginning.congregation,
    ),
    Way(
        "crew",
        _("One crew first"),
        _("3 to 8 people round one table. It can grow into a congregation later."),
        parts=(CREW, HOST),
        begin=beginning.one_crew,
    ),
    Way(
        "evening",
        _("A first evening"),
        _("Invite people to a meal; the rest begins at the table."),
        parts=(CONGREGATION, EVENING, HOST),
        begin=beginning.evening,
        picture="hall/setup/picture_evening.html",
    ),
    Way(
        "demo",
        _("Look round the demo"),
        _("60 invented people, forty weeks of meetings. One click takes them all away again."),
        picture="hall/setup/picture_demo.html",
        page="setup-demo",
    ),
    Way(
        "backup",
        _("Restore from a backup"),
        _("Coming from another server."),
        why_not=_(
            "This page can’t do it yet: stop this server, put the data folder of the other one "
            "in the place of this one, and start again."
        ),
    ),
)


def way(name: str) -> Way | None:
    """Return the way of this name, if it can be gone."""
    return next((one for one in WAYS if one.name == name and not one.why_not), None)
