"""What people are told by this app."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congregation.http import short
from congregation.notices import MEETINGS, NEWS, Attachment, Invitation, Kind, Said

_Also = Callable[[str, Any, str, datetime | None, datetime], None]


def _planned(plan: Any, member: Any, at: datetime) -> list[Invitation]:
    """Return the invitation to a meeting, or that it is off."""
    from rhythms.calendars import invitations

    return invitations.of_meeting(plan.meeting, member, at)


def _all_of_it(commitment: Any, member: Any, at: datetime) -> list[Invitation]:
    """Return the invitation to all meetings of a commitment."""
    from rhythms.calendars import invitations

    return invitations.of_commitment(commitment, member, at)


def _nothing_more(seat: Any, member: Any, at: datetime) -> list[Invitation]:
    """Return what takes the meetings of a crew that someone has left out of their calendar."""
    from rhythms.calendars import invitations

    return invitations.of_nothing_more(seat.crew, member, at)


def _of_a_hello(meeting: Any, member: Any, at: datetime) -> list[Invitation]:
    """Return the invitation to the meeting of two, or that it is off."""
    from rhythms.calendars import invitations

    return invitations.of_meeting(meeting, member, at)


def _evening(evening: Any, member: Any) -> list[Attachment]:
    """Return the file that puts an evening into a calendar, or takes it out again."""
    from rhythms.calendars import events, writing

    return [("meeting.ics", events.file_of([evening.meeting], member), writing.MEDIA_TYPE)]


def _has_written(lookback: Any, member: Any) -> bool:
    """Whether someone has written in a look-back, so that nobody reminds them of it."""
    written = lookback.decisions.filter(member=member, written_at__isnull=False)
    return bool(written.exists())


def _cant_come(plan: Any, member: Any) -> bool:
    """Whether someone has said that they can't come."""
    return bool(plan.meeting.comings.filter(member=member, answer="cant").exists())


def _has_weighed(lookback: Any, member: Any) -> bool:
    """Whether someone has laid their dots, or all of them show already."""
    return bool(lookback.weighed_at) or lookback.weighings.filter(member=member).exists()


# ---- what a crew's own chat is told: never where, by whom or what of


def _plan_to_chat(of: str) -> _Also:
    """Return what has a crew's chat told of a meeting of it."""

    def tell(kind: str, plan: Any, occasion: str, before: datetime | None, now: datetime) -> None:
        from crews import chatting

        crew = plan.meeting.crew
        chatting.tell(crew, of, kind, plan.pk, occasion, before=before, now=now)

    return tell


def _crew_to_chat(of: str) -> _Also:
    """Return what has a crew's chat told of something else of it."""

    def tell(kind: str, row: Any, occasion: str, before: datetime | None, now: datetime) -> None:
        from crews import chatting

        chatting.tell(row.crew, of, kind, row.pk, occasion, before=before, now=now)

    return tell


def _moved(plan: Any) -> Said | None:
    """A change holds until the next one, and until the meeting has begun for anybody."""
    meeting = plan.meeting
    if meeting.crew_id is None or meeting.state not in {"planned", "cancelled"}:
        return None
    return Said(_short("m", meeting.pk), meeting.zone, str(meeting.sequence))


def _meets(plan: Any) -> Said | None:
    """A reminder holds for one time of a meeting that takes place."""
    return _moved(plan) if plan.meeting.state == "planned" else None


def _begun(commitment: Any) -> Said | None:
    first = commitment.meetings.order_by("starts_at").first()
    return Said(_short("m", first.pk), first.zone) if first else None


def _looks_back(lookback: Any) -> Said | None:
    return Said(_short("l", lookback.pk), lookback.congregation.zone)


def _short(kind: str, pk: uuid.UUID) -> str:
    return reverse("go", kwargs={"kind": kind, "code": short(pk)})


def _to_weigh(lookback: Any) -> str:
    """Return where dots are laid; once they show, it leads on to what was found."""
    return reverse("lookback-weigh", kwargs={"slug": lookback.congregation.slug, "pk": lookback.pk})


_OF_PLAN = (
    "congregation",
    "facilitator",
    "second",
    "meeting__congregation",
    "meeting__crew__congregation",
    "meeting__rhythm",
    "meeting__hello__first",
    "meeting__hello__second",
)

_OF_SWAP = (
    "asker",
    "asked",
    "plan__meeting__crew__congregation",
    "other__meeting",
)

KINDS: list[Kind] = [
    Kind(
        name="rhythms.let_in",
        model="rhythms.Arrival",
        label=_("A host lets me in at an evening"),
        subject=_("You’re in"),
        related=("evening__congregation",),
    ),
    Kind(
        name="rhythms.evening_changed",
        model="rhythms.Evening",
        label=_("An evening for all of us is moved or called off"),
        subject=_("An evening has changed"),
        attach=_evening,
        related=("meeting__plan", "meeting__congregation"),
        group=MEETINGS,
        too_late=lambda evening: evening.meeting.starts_at,
    ),
    Kind(
        name="rhythms.commitment_proposed",
        model="rhythms.Commitment",
        label=_("A rhythm is proposed to a crew of mine"),
        subject=_("A rhythm is proposed to your crew"),
        related=("crew__congregation", "rhythm", "proposed_by"),
        is_settled=lambda one, member: one.yeses.filter(member=member).exists(),
    ),
    Kind(
        name="rhythms.commitment_begun",
        model="rhythms.Commitment",
        label=_("A commitment of a crew of mine begins"),
        subject=_("Your crew has its dates"),
        invite=_all_of_it,
        related=("crew__congregation", "rhythm"),
        group=MEETINGS,
        also=_crew_to_chat("begun"),
        chat=_begun,
    ),
    Kind(
        name="rhythms.rhythm_changed",
        model="rhythms.Commitment",
        label=_("A rhythm of a crew of mine changes or pauses"),
        subject=_("A rhythm of your crew has changed"),
        invite=_all_of_it,
        url=lambda commitment: commitment.page,
        related=("crew__congregation", "rhythm"),
    ),
    Kind(
        name="rhythms.dates_come",
        model="rhythms.Commitment",
        label=_("I sit down with a crew that has dates"),
        subject=_("Your crew’s dates"),
        invite=_all_of_it,
        related=("crew__congregation", "rhythm"),
        group=MEETINGS,
    ),
    Kind(
        name="rhythms.dates_go",
        model="crews.Seat",
        label=_("Dates of a crew that I left leave my calendar"),
        subject=_("Dates leave your calendar"),
        invite=_nothing_more,
        related=("crew__congregation",),
        group=MEETINGS,
    ),
    Kind(
        name="rhythms.meeting_soon",
        model="rhythms.Plan",
        label=_("A meeting of mine is near"),
        subject=_("You meet soon"),
        related=_OF_PLAN,
        group=MEETINGS,
        too_late=lambda plan: plan.meeting.starts_at,
        is_settled=_cant_come,
        also=_plan_to_chat("soon"),
        chat=_meets,
    ),
    Kind(
        name="rhythms.meeting_moved",
        model="rhythms.Plan",
        label=_("A meeting of mine is moved or called off"),
        subject=_("A meeting of yours has changed"),
        invite=_planned,
        related=_OF_PLAN,
        group=MEETINGS,
        too_late=lambda plan: plan.meeting.starts_at,
        also=_plan_to_chat("moved"),
        chat=_moved,
    ),
    Kind(
        name="rhythms.ours_changed",
        model="rhythms.Rhythm",
        label=_("What we all have in common, and I said I’d come to, is changed or ends"),
        subject=_("Something you come to has changed"),
        url=lambda rhythm: reverse(
            "ours-one", kwargs={"slug": rhythm.congregation.slug, "pk": rhythm.pk}
        ),
    ),
    Kind(
        name="rhythms.turn",
        model="rhythms.Plan",
        label=_("A turn to facilitate comes to me, or is taken from me"),
        subject=_("Whose turn it is has changed"),
        related=_OF_PLAN,
        group=MEETINGS,
        too_late=lambda plan: plan.meeting.starts_at,
    ),
    Kind(
        name="rhythms.swap_asked",
        model="rhythms.Swap",
        label=_("Someone would swap turns with me"),
        subject=_("Would you swap turns?"),
        related=_OF_SWAP,
    ),
    Kind(
        name="rhythms.swap_answered",
        model="rhythms.Swap",
        label=_("My offer to swap turns is answered"),
        subject=_("About swapping turns"),
        related=_OF_SWAP,
    ),
    Kind(
        name="rhythms.missed",
        model="rhythms.Plan",
        label=_("A crew of mine didn’t meet"),
        subject=_("Rest is a rhythm too"),
        related=_OF_PLAN,
        by_mail=False,
    ),
    Kind(
        name="rhythms.still_fits",
        model="rhythms.Plan",
        label=_("A crew of mine didn’t meet twice"),
        subject=_("Does your rhythm still fit?"),
        related=_OF_PLAN,
        url=lambda plan: str(plan.meeting.crew.get_absolute_url()),
    ),
    Kind(
        name="rhythms.did_you_meet",
        model="rhythms.Plan",
        label=_("A meeting that I led was not noted"),
        subject=_("Did you meet?"),
        related=_OF_PLAN,
        url=lambda plan: reverse(
            "we-met", kwargs={"slug": plan.congregation.slug, "pk": plan.meeting_id}
        ),
        is_settled=lambda plan, member: plan.meeting.state != "planned",
    ),
    Kind(
        name="rhythms.reach_out",
        model="crews.Seat",
        label=_("I am asked to reach out to someone in a crew of mine"),
        subject=_("A kind word would be welcome"),
        url=lambda seat: str(seat.member.get_absolute_url()),
        related=("crew", "member__congregation"),
    ),
    Kind(
        name="rhythms.lookback_opened",
        model="rhythms.LookBack",
        label=_("A look-back of a crew of mine begins"),
        subject=_("Your look-back is here: five minutes, alone"),
        related=("crew",),
        is_settled=_has_written,
        also=_crew_to_chat("lookback"),
        chat=_looks_back,
    ),
    Kind(
        name="rhythms.lookback_closing",
        model="rhythms.LookBack",
        label=_("A look-back in which I haven’t written closes tomorrow"),
        subject=_("Your look-back opens to all tomorrow"),
        related=("crew",),
        too_late=lambda lookback: lookback.closes_at,
        is_settled=_has_written,
    ),
    Kind(
        name="rhythms.lookback_revealed",
        model="rhythms.LookBack",
        label=_("A look-back of a crew of mine is open to all of us"),
        subject=_("Your look-back is open to all of you"),
        related=(
            "crew",
            "commitment",
        ),
        also=_crew_to_chat("lookback"),
        chat=_looks_back,
    ),
    Kind(
        name="rhythms.practice_shared",
        model="rhythms.CrewPractice",
        label=_("A practice of a crew of mine is shared with everyone here"),
        subject=_("Your crew has shared a practice"),
        related=("crew__congregation",),
        group=NEWS,
    ),
    Kind(
        name="rhythms.manner",
        model="rhythms.Manner",
        label=_("How a crew of mine looks back is changed"),
        subject=_("How your crew looks back has changed"),
        url=lambda manner: reverse(
            "manner", kwargs={"slug": manner.congregation.slug, "pk": manner.crew_id}
        ),
        group=NEWS,
        related=("crew", "congregation"),
    ),
    Kind(
        name="rhythms.lookback_weighing",
        model="rhythms.LookBack",
        label=_("What a crew of mine found is weighed"),
        subject=_("You weigh what you found: three dots each"),
        url=_to_weigh,
        related=("crew", "congregation"),
        is_settled=_has_weighed,
    ),
    Kind(
        name="rhythms.lookback_weigh_closing",
        model="rhythms.LookBack",
        label=_("A weighing in which I haven’t laid my dots closes tomorrow"),
        subject=_("What weighs most shows tomorrow"),
        url=_to_weigh,
        related=("crew", "congregation"),
        too_late=lambda lookback: lookback.weighs_until,
        is_settled=_has_weighed,
    ),
    Kind(
        name="rhythms.lookback_weighed",
        model="rhythms.LookBack",
        label=_("What a crew of mine found has been weighed"),
        subject=_("What you found is weighed"),
        related=("crew",),
    ),
    Kind(
        name="rhythms.change_due",
        model="rhythms.LookBack",
        label=_("A crew of mine has chosen no change yet"),
        subject=_("One change, and someone who carries it"),
        related=("crew",),
        is_settled=lambda lookback, member: lookback.changes.exists(),
    ),
    Kind(
        name="rhythms.change_carried",
        model="rhythms.Change",
        label=_("A change that I carry soon opens a look-back"),
        subject=_("Your next look-back is near"),
        related=("lookback__crew", "lookback__congregation"),
    ),
    Kind(
        name="rhythms.renew_farewell",
        model="rhythms.Decision",
        label=_("I ended with a crew"),
        subject=_("Thank you, and well"),
        url=lambda decision: decision.lookback.get_absolute_url(),
        related=("lookback__crew",),
        group=NEWS,
    ),
    Kind(
        name="rhythms.hello_picked",
        model="rhythms.Meeting",
        label=_("A hello of mine has a time"),
        subject=_("You have a time to talk"),
        url=lambda meeting: meeting.hello.get_absolute_url(),
        invite=_of_a_hello,
        related=("hello__congregation", "hello__first", "hello__second"),
        group=MEETINGS,
        too_late=lambda meeting: meeting.starts_at,
    ),
    Kind(
        name="rhythms.hello_off",
        model="rhythms.Meeting",
        label=_("The meeting of a hello of mine is off"),
        subject=_("A meeting of yours is off"),
        url=lambda meeting: meeting.hello.get_absolute_url(),
        invite=_of_a_hello,
        related=("hello__congregation", "hello__first", "hello__second"),
        group=MEETINGS,
        too_late=lambda meeting: meeting.starts_at,
    ),
]
