"""The kinds of notice: what each is about, which page it leads to, and whether it may be mailed.

Each app lists its own in `<app>/notices.py` as `KINDS`; the words are in `templates/<app>/notices/<name>.html`,
a file with three partials: `line` (one sentence for the app), `text` and `body` (the mail, plain and HTML).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

from django.apps import apps
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congregation import rules

Attachment = tuple[str, bytes, str]


class Invitation(NamedTuple):
    """A calendar file that mail programs act upon by themselves, and what they are to do with it (iTIP)."""

    method: str
    content: bytes


@dataclass(frozen=True)
class Group:
    """Kinds of notice that people choose their mail for together.

    usual: how often one is mailed of them unless one says otherwise, as in `congregation.models.Often`.
    """

    name: str
    label: str | Promise
    words: str | Promise
    usual: str


MEETINGS = Group(
    "meetings",
    _("Meetings"),
    _("A meeting is near, moved or called off, or the turn comes to me"),
    "at_once",
)
ASKED = Group(
    "asked",
    _("What waits for me"),
    _("Someone asks me something, or my word is wanted by a day"),
    "at_once",
)
NEWS = Group("news", _("Good to know"), _("What happens in crews, ideas and seasons"), "weekly")
LETTER = Group("letter", _("The letter"), _("What the hosts write to all of us"), "at_once")
HOSTING = Group("hosting", _("As a host"), _("Someone waits for a host, or we grow"), "at_once")


def groups() -> list[Group]:
    """Return every group, in the order that people read them in."""
    return [MEETINGS, ASKED, NEWS, LETTER, HOSTING]


@dataclass(frozen=True)
class Said:
    """Where a word for a crew's chat leads, in which zone it is said, and the occasion it holds for, if it is one."""

    path: str
    zone: str
    occasion: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of notice.

    name: "app.name"; model: "app.Model" that `about` is an id of; label: what people switch off;
    subject: of the mail, with nothing private in it; url: of the page it leads to;
    attach: files of the mail, as (name, bytes, media type).
    invite: what the mail puts into the reader's calendar, or takes out of it, as of when they were told.
    may_stop: whether people can choose not to be mailed; what guards their own account they can't.
    group: what it is chosen with; too_late: when what it is about begins, so that quiet hours don't hold it
    too long; is_settled: whether its reader has done meanwhile what it asks, so that it isn't mailed any more;
    also: told besides, once, in the same transaction: the kind's name, what it is about, the occasion, when it
    would be too late, and the moment; chat: what its word for a crew's chat needs, None where nothing is said;
    gather: more for the words of its mail; words: the template, where it isn't the one named for it.
    """

    name: str
    model: str
    label: str | Promise
    subject: str | Promise
    url: Callable[[Any], str] = field(default=lambda about: str(about.get_absolute_url()))
    by_mail: bool = True
    may_stop: bool = True
    # What the words of a list follow, so that any number of them is one query; and who is asked about it.
    related: tuple[str, ...] = ()
    hosts_only: bool = False
    attach: Callable[[Any, Any], list[Attachment]] | None = None
    invite: Callable[[Any, Any, datetime], list[Invitation]] | None = None
    group: Group = ASKED
    too_late: Callable[[Any], datetime | None] | None = None
    is_settled: Callable[[Any, Any], bool] | None = None
    also: Callable[[str, Any, str, datetime | None, datetime], None] | None = None
    chat: Callable[[Any], Said | None] | None = None
    gather: Callable[[Any, Any], dict[str, Any]] | None = None
    words: str = ""

    def held(self, member: Any, *, before: datetime | None, now: datetime) -> datetime:
        """Return when a mail of this kind that is told now may go to a member who has an account."""
        if not self.may_stop:
            return now
        user = member.user
        return rules.held_until(now, member.zone, user.quiet_from, user.quiet_until, before=before)

    @property
    def template(self) -> str:
        """The template with its words."""
        app, name = self.name.split(".")
        return self.words or f"{app}/notices/{name}.html"

    def find(self, pk: Any, member: Any) -> Any:
        """Return the row it is about if the member may see it now, else None."""
        return self.find_all([pk], member).get(pk)

    def find_all(self, pks: Collection[Any], member: Any) -> dict[Any, Any]:
        """Return the rows with these ids that the member may see now, by id, in one query."""
        model: Any = apps.get_model(self.model)
        rows = model.objects.visible_to(member).filter(pk__in=pks)
        return {row.pk: row for row in rows.select_related("congregation", *self.related)}


# What a digest gathers, as its stop link knows it; nobody is told of it by itself.
GATHERED = Kind(
    name="congregation.digest",
    model="congregation.Digest",
    label=_("What is gathered once a day or once a week"),
    subject=_("What you were told lately"),
    words="congregation/mail/digest.html",
)

_kinds: dict[str, Kind] = {}


def _guest(invitation: Any) -> str:
    """The page of a guest who has arrived, or of the invitation if they have left again."""
    row = invitation.accepted_by or invitation
    return str(row.get_absolute_url())


KINDS: list[Kind] = [
    Kind(
        name="congregation.arrived",
        model="congregation.Invitation",
        label=_("Someone I invited arrives"),
        subject=_("Your guest has arrived"),
        url=_guest,
        related=("accepted_by__congregation",),
    ),
    Kind(
        name="congregation.invitation_ready",
        model="congregation.Invitation",
        label=_("A host says yes to my invitation"),
        subject=_("Your invitation can go out"),
        related=("approved_by",),
    ),
    Kind(
        name="congregation.invitation_closed",
        model="congregation.Invitation",
        label=_("My invitation is taken back"),
        subject=_("About your invitation"),
        group=NEWS,
    ),
    Kind(
        name="congregation.invitation_waiting",
        model="congregation.Invitation",
        label=_("An invitation waits for a host’s yes"),
        subject=_("An invitation waits for a host’s yes"),
        related=("inviter",),
        hosts_only=True,
        group=HOSTING,
    ),
    Kind(
        name="congregation.growth",
        model="congregation.Member",
        label=_("We grow past a threshold"),
        subject=_("There are more of us now"),
        url=lambda member: reverse("host", kwargs={"slug": member.congregation.slug}),
        hosts_only=True,
        group=HOSTING,
    ),
    Kind(
        name="congregation.way_back_open",
        model="congregation.WayBack",
        label=_("A way back into my account is opened"),
        subject=_("About your way in"),
        related=("opened_by", "second_by"),
        may_stop=False,
    ),
    Kind(
        name="congregation.way_back_used",
        model="congregation.WayBack",
        label=_("Someone comes in by a way back into my account"),
        subject=_("About your way in"),
        may_stop=False,
    ),
    Kind(
        name="congregation.way_back_asked",
        model="congregation.WayBack",
        label=_("A host asks for a second yes to a way back"),
        subject=_("A host asks for your yes"),
        related=("member", "opened_by"),
        hosts_only=True,
        group=HOSTING,
    ),
    Kind(
        name="congregation.way_back_done",
        model="congregation.WayBack",
        label=_("Someone comes back by a way that hosts opened"),
        subject=_("A way back was used"),
        related=("member",),
        hosts_only=True,
        group=HOSTING,
    ),
    Kind(
        name="congregation.way_back_stopped",
        model="congregation.WayBack",
        label=_("A way back that hosts opened is stopped"),
        subject=_("A way back was stopped"),
        related=("member",),
        hosts_only=True,
        group=HOSTING,
    ),
    Kind(
        name="congregation.hosting",
        model="congregation.Host",
        label=_("I am asked to host"),
        subject=_("You are a host now"),
        url=lambda term: reverse("host", kwargs={"slug": term.congregation.slug}),
    ),
    Kind(
        name="congregation.grown",
        model="congregation.Member",
        label=_("Our crew grows into a congregation"),
        subject=_("There is room for more of us now"),
        url=lambda member: reverse("home", kwargs={"slug": member.congregation.slug}),
        group=NEWS,
    ),
]


def register(app: str) -> None:
    """Take in the kinds of one app; called when it is ready."""
    for kind in import_module(f"{app}.notices").KINDS:
        _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Return a kind by its name; raise KeyError for one that no app lists."""
    return GATHERED if name == GATHERED.name else _kinds[name]


def all_kinds() -> list[Kind]:
    """Return every kind, in the order of the apps."""
    return list(_kinds.values())
