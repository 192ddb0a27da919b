"""A first evening: a gathering to which people come by a link that lies on the table."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Self, TypedDict, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import (
    Congregation,
    Event,
    Member,
    Notice,
    Tenanted,
    TenantedQuerySet,
    User,
    tell_growth,
)
from congregation.tokens import hashed
from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.evening_link import CLOSES_AFTER, MOST_PLACES, EveningLink
from rhythms.models.meeting import Meeting
from rhythms.models.plan import Plan


class Laid(TypedDict):
    """What hosts say of an evening: when and where, what is asked, and for how many new people."""

    name: str
    starts_at: datetime
    minutes: int
    place: str
    first_question: str
    second_question: str
    places: int


class EveningQuerySet(TenantedQuerySet["Evening"]):
    """Evenings of congregations; everyone here may know of them."""

    def by_token(self, token: str) -> Self:
        """Return the one whose link this is; a bearer's only way in."""
        return self.filter(link__token_hash=hashed(token)).select_related(
            "congregation", "meeting__plan", "link", "caller"
        )

    def ahead(self, now: datetime) -> Self:
        """Return those that take place and are not over."""
        return self.filter(
            meeting__state=Meeting.State.PLANNED, meeting__ends_at__gt=now - CLOSES_AFTER
        ).order_by("meeting__starts_at")


class Evening(Tenanted):
    """A gathering at which people come into the congregation by sitting down at the table."""

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="evening")
    caller = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(_("what it is called"), max_length=60)
    first_question = models.CharField(max_length=120)
    second_question = models.CharField(max_length=120)

    objects: ClassVar[EveningQuerySet] = EveningQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="evening_asks_something",
                condition=~Q(first_question="") & ~Q(second_question="") & ~Q(name=""),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("evening", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @property
    def place(self) -> str:
        """Where it is."""
        plan: Plan | None = getattr(self.meeting, "plan", None)
        return plan.place if plan else ""

    @property
    def is_called_off(self) -> bool:
        """Whether it doesn't take place."""
        return self.meeting.state == Meeting.State.CANCELLED

    # ---- verbs of hosts

    @classmethod
    def call(
        cls, *, by: Member, now: datetime, pk: uuid.UUID | None = None, **laid: Unpack[Laid]
    ) -> "Evening":
        """Set an evening, with a link for those who come; a host may. With `pk` it is made once."""
        if not by.hosts(now=now):
            raise PermissionDenied
        if by.congregation.is_one_crew:
            raise ValidationError(gettext("This opens when you have grown into a congregation."))
        starts_at, ends_at = _span(laid)
        _check_moment(ends_at, now=now)
        _check_places(laid["places"])
        with transaction.atomic():
            # Sent twice at the same moment, the second waits here and finds the first one's.
            Congregation.objects.select_for_update(no_key=True).get(pk=by.congregation_id)
            if pk and (made := cls.objects.filter(pk=pk, congregation=by.congregation_id).first()):
                return made
            own = {"congregation_id": by.congregation_id}
            meeting = Meeting.objects.create(
                **own,
                starts_at=starts_at,
                ends_at=ends_at,
                zone=by.congregation.zone,
                changed_at=now,
            )
            Plan.objects.create(**own, meeting=meeting, place=laid["place"])
            evening = cls(pk=pk or uuid.uuid4(), **own, meeting=meeting, caller=by)
            evening._word(laid)
            evening.save(force_insert=True)
            link = EveningLink(**own, evening=evening, places=laid["places"])
            link.put_new_token()
            link.save(force_insert=True)
            Event.record("evening.call", evening, by=by, now=now)
        return evening

    def change(self, *, by: Member, now: datetime, **laid: Unpack[Laid]) -> None:
        """Say anew when, where and what is asked; a host may, until it is called off.

        Everyone else here is told of another time or place, as long as it lies ahead.
        """
        self.check_host(by=by, now=now)
        starts_at, ends_at = _span(laid)
        with transaction.atomic():
            meeting = Meeting.objects.select_for_update().get(pk=self.meeting_id)
            if meeting.state == Meeting.State.CANCELLED:
                raise ValidationError(gettext("This evening was called off."))
            is_moved = (meeting.starts_at, meeting.ends_at) != (starts_at, ends_at)
            if is_moved:
                _check_moment(ends_at, now=now)
            link = EveningLink.objects.select_for_update().get(evening=self)
            _check_places(laid["places"])
            if laid["places"] < link.places_taken:
                raise ValidationError(
                    {"places": gettext("That many have come already; choose a larger number.")}
                )
            plan = meeting.plan_of()
            is_elsewhere = plan.place != laid["place"]
            was = (self.name, self.first_question, self.second_question, link.places)
            asked = (laid["name"], laid["first_question"], laid["second_question"], laid["places"])
            if not (is_moved or is_elsewhere or was != asked):
                return
            link.places = laid["places"]
            link.save(update_fields=["places"])
            plan.place = laid["place"]
            plan.save(update_fields=["place"])
            self._word(laid)
            self.save(update_fields=["name", "first_question", "second_question"])
            meeting.starts_at, meeting.ends_at = starts_at, ends_at
            meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
            meeting.save(update_fields=["starts_at", "ends_at", "sequence", "changed_at"])
            self.meeting = meeting
            Event.record("evening.change", self, by=by, now=now)
            if is_moved or is_elsewhere:
                self._tell_others(by=by, now=now)

    def call_off(self, *, by: Member, now: datetime) -> None:
        """Let it not take place, and close its link; a host may. Everyone else here is told."""
        self.check_host(by=by, now=now)
        with transaction.atomic():
            off = Meeting.objects.filter(pk=self.meeting_id, state=Meeting.State.PLANNED).update(
                state=Meeting.State.CANCELLED, sequence=F("sequence") + 1, changed_at=now
            )
            self.meeting.refresh_from_db()
            if off:
                EveningLink.objects.filter(evening=self).update(token_hash=None, closed_at=now)
                Event.record("evening.call_off", self, by=by, now=now)
                self._tell_others(by=by, now=now)

    def _word(self, laid: Laid) -> None:
        self.name = laid["name"]
        self.first_question, self.second_question = laid["first_question"], laid["second_question"]

    def _tell_others(self, *, by: Member, now: datetime) -> None:
        """Tell of another time or place all who have it in their calendar here, while it lies ahead."""
        if self.meeting.ends_at > now:
            others = Member.objects.filter(congregation=self.congregation_id).present()
            Notice.tell(
                "rhythms.evening_changed",
                others.exclude(pk=by.pk),
                self,
                now=now,
                occasion=str(self.meeting.sequence),
            )

    def let_in(
        self,
        arrivals: Collection[uuid.UUID],
        *,
        by: Member,
        now: datetime,
        again: bool = False,
    ) -> int:
        """Say the hosts' yes to those who sit at the table; a host may. Return how many came in.

        Only those who are named come in, so that nobody does whom the host hasn't seen on the page. Past
        the warning the yes counts only when it is said again (`again`).
        """
        self.check_host(by=by, now=now)
        if arrivals:
            self.congregation.check_again(again=again)
        came_in = 0
        with transaction.atomic():
            waiting = self.arrivals.filter(pk__in=arrivals, state=Arrival.State.EXPECTED)
            for arrival in waiting.select_related("member__user", "member__congregation").order_by(
                "pk"
            ):
                came_in += arrival.come_in(by=by, now=now)
        return came_in

    def check_host(self, *, by: Member, now: datetime) -> None:
        """Refuse whoever is no host here."""
        if by.congregation_id != self.congregation_id or not by.hosts(now=now):
            raise PermissionDenied

    # ---- the verb of those who come

    def arrive(
        self,
        user: User,
        key: str,
        *,
        name: str = "",
        first: str = "",
        second: str = "",
        now: datetime,
    ) -> "Arrival":
        """Sit down at the table, with the link whose hash is `key`; doing it twice is once.

        Who is a member here is there at once. Anyone else is expected until a host says yes.
        """
        with transaction.atomic():
            # This row is the lock: it counts the places, and a new link changes it.
            link = EveningLink.objects.select_for_update().get(evening=self)
            known = Member.objects.filter(congregation=self.congregation_id, user=user).first()
            if known and (made := self.arrivals.filter(member=known).first()):
                return made
            is_member = known is not None and known.is_present
            fault = link.fault(key, now=now, takes_place=not is_member)
            if fault:
                raise ValidationError(EveningLink.sentence(fault), code=fault.value)
            if is_member:
                assert known is not None
                member = known
            else:
                EveningLink.objects.filter(pk=link.pk).update(places_taken=F("places_taken") + 1)
                member = Member.expect(self.congregation, user, name=name, now=now)
                tell_growth(self.congregation, now=now)
            arrival = Arrival.objects.create(
                congregation_id=self.congregation_id,
                evening=self,
                member=member,
                state=Arrival.State.HERE if is_member else Arrival.State.EXPECTED,
                is_new=not is_member,
                at=now,
            )
            if first or second:
                ArrivalWords.objects.create(
                    congregation_id=self.congregation_id,
                    arrival=arrival,
                    first=first,
                    second=second,
                )
            Event.record("arrival.arrive", arrival, by=member, now=now, circle=arrival.pk)
        return arrival


def _span(laid: Laid) -> tuple[datetime, datetime]:
    return laid["starts_at"], laid["starts_at"] + timedelta(minutes=laid["minutes"])


def _check_moment(ends_at: datetime, *, now: datetime) -> None:
    if ends_at <= now:
        raise ValidationError({"date": gettext("That moment has passed; choose one to come.")})


def _check_places(places: int) -> None:
    if not 1 <= places <= MOST_PLACES:
        raise ValidationError(
            {"places": gettext("Between 1 and %(most)s places.") % {"most": MOST_PLACES}}
        )
