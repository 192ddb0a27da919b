"""What people are told by this app."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congregation.notices import MEETINGS, NEWS, Attachment, Kind


def _meeting(plan: Any, member: Any) -> list[Attachment]:
    """Return the file that puts a meeting into a calendar, or takes it out again."""
    from rhythms import calendar

    return calendar.attached([plan.meeting], member)


def _all_meetings(commitment: Any, member: Any) -> list[Attachment]:
    """Return the file that puts all meetings of a commitment into a calendar."""
    from rhythms import calendar

    meetings = commitment.meetings.select_related("plan", "crew", "congregation")
    return calendar.attached(meetings.order_by("starts_at"), member)


def _of_a_hello(meeting: Any, member: Any) -> list[Attachment]:
    """Return the file that puts the meeting of two into a calendar, or takes it out again."""
    from rhythms import calendar

    return calendar.attached([meeting], member)


def _evening(evening: Any, member: Any) -> list[Attachment]:
    """Return the file that puts an evening into a calendar, or takes it out again."""
    from rhythms import calendar

    return calendar.attached([evening.meeting], member)


def _has_written(lookback: Any, member: Any) -> bool:
    """Whether someone has written in a look-back, so that nobody reminds them of it."""
    written = lookback.decisions.filter(member=member, written_at__isnull=False)
    return bool(written.exists())


def _cant_come(plan: Any, member: Any) -> bool:
    """Whether someone has said that they can't come."""
    return bool(plan.meeting.comings.filter(member=member, answer="cant").exists())


def _to_weigh(lookback: Any) -> str:
    """Return where dots are laid; once they show, it leads on to what was found."""
    return reverse("lookback-weigh", kwargs={"slug": lookback.congregation.slug, "pk": lookback.pk})


_OF_PLAN = (
    "congregation",
    "facilitator",
    "meeting__congregation",
    "meeting__crew",
    "meeting__hello__first",
    "meeting__hello__second",
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
        attach=_all_meetings,
        related=("crew__congregation", "rhythm"),
        group=MEETINGS,
    ),
    Kind(
        name="rhythms.meeting_soon",
        model="rhythms.Plan",
        label=_("A meeting of mine is near"),
        subject=_("You meet soon"),
        attach=_meeting,
        related=_OF_PLAN,
        group=MEETINGS,
        too_late=lambda plan: plan.meeting.starts_at,
        is_settled=_cant_come,
    ),
    Kind(
        name="rhythms.meeting_moved",
        model="rhythms.Plan",
        label=_("A meeting of mine is moved or called off"),
        subject=_("A meeting of yours has changed"),
        attach=_meeting,
        related=_OF_PLAN,
        group=MEETINGS,
        too_late=lambda plan: plan.meeting.starts_at,
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
        related=("crew",),
    ),
    Kind(
        name="rhythms.manner",
        model="rhythms.Manner",
        label=_("How a crew of mine looks back is changed"),
        subject=_("How your crew looks back has changed"),
        url=lambda manner: reverse(
            "manner", kwargs={"slug": manner.congregation.slug, "pk": manner.crew_id}
        ),
        related=("crew", "congregation"),
    ),
    Kind(
        name="rhythms.lookback_weighing",
        model="rhythms.LookBack",
        label=_("What a crew of mine found is weighed"),
        subject=_("You weigh what you found: three dots each"),
        url=_to_weigh,
        related=("crew", "congregation"),
    ),
    Kind(
        name="rhythms.lookback_weigh_closing",
        model="rhythms.LookBack",
        label=_("A weighing in which I haven’t laid my dots closes tomorrow"),
        subject=_("What weighs most shows tomorrow"),
        url=_to_weigh,
        related=("crew", "congregation"),
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
        attach=_of_a_hello,
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
        attach=_of_a_hello,
        related=("hello__congregation", "hello__first", "hello__second"),
        group=MEETINGS,
        too_late=lambda meeting: meeting.starts_at,
    ),
]
