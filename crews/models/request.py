"""A wish that someone joins a crew that has room, and the private yes of everyone at its table."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, Seat
from crews.models.table import OwnQuerySet

ASKED_AGAIN_AFTER: Final = timedelta(days=7)
NOT_NOW_AFTER: Final = timedelta(days=14)
ASK_ANEW_AFTER: Final = timedelta(weeks=4)


class RequestQuerySet(TenantedQuerySet["Request"]):
    """Requests to join crews."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, and those that one's crews are asked.

        That a crew thinks of inviting someone, they learn once all of it would, and else never.
        """
        own = Q(member=member) & (Q(is_invitation=False) | Q(offered_at__isnull=False))
        return super().visible_to(member).filter(own | Q(crew__in=Seat.objects.crews_of(member)))

    def open(self) -> Self:
        """Return those that wait for someone's yes: a crew's people's, or the invited one's."""
        return self.filter(state__in=[Request.State.OPEN, Request.State.OFFERED])


class Request(Tenanted):
    """One person's wish to join a crew that has room, or its people's wish that they do.

    Both ways it takes everyone's yes: the crew's people are asked first, and then whom they invite.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Asked")
        OFFERED = "offered", _("Invited")
        JOINED = "joined", _("Joined")
        NOT_NOW = "not_now", _("Not now")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="requests")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="requests")
    word = SealedTextField(_("a word to them"), max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    is_invitation = models.BooleanField(default=False)
    offered_at = models.DateTimeField(null=True, blank=True)
    # When those were asked whose yes it takes now.
    asked_at = models.DateTimeField()
    asked_again_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RequestQuerySet] = RequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew", "member"],
                condition=Q(state__in=["open", "offered"]),
                name="request_one_open",
            ),
            models.CheckConstraint(
                name="request_offered_by_invitation",
                condition=Q(offered_at__isnull=True) | Q(is_invitation=True),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "asked_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return f"{self.crew.get_absolute_url()}#requests"

    @property
    def has_heard_twice(self) -> bool:
        """Whether its asker has heard "not now" twice since they last joined a crew."""
        own = Request.objects.filter(member=self.member_id)
        joined = own.filter(state=Request.State.JOINED).order_by("-settled_at").first()
        heard = own.filter(state=Request.State.NOT_NOW, is_invitation=False)
        if joined is not None:
            heard = heard.filter(settled_at__gt=joined.settled_at)
        return heard.count() >= 2

    @classmethod
    def ask(
        cls,
        crew: Crew,
        *,
        word: str = "",
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Request":
        """Ask to join a crew that has room; everyone at its table is asked in private."""
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if held.is_partnership or held.congregation_id != by.congregation_id:
                raise PermissionDenied
            if not by.is_present:
                raise PermissionDenied
            mine = cls.objects.filter(crew=held, member=by)
            made = mine.filter(Q(pk=pk) | Q(state__in=_OPEN)).first()
            if made is not None:
                made._meet(word, now=now)
                return made
            if held.sits(by):
                raise ValidationError(gettext("You sit at this table already."))
            _check_room(held)
            if _lately(mine.filter(is_invitation=False), now=now):
                raise ValidationError(
                    gettext("You asked this crew a little while ago. Give it a few weeks.")
                )
            request = cls(
                congregation_id=crew.congregation_id,
                crew=held,
                member=by,
                word=word.strip(),
                asked_at=now,
            )
            if pk:
                request.pk = pk
            request.clean_fields(exclude=["congregation", "crew", "member"])
            request.save(force_insert=True)
            Event.record("request.ask", request, by=by, now=now, circle=crew.pk)
            Notice.tell("crews.request", request.asked(), request, now=now)
        return request

    @classmethod
    def invite(
        cls,
        crew: Crew,
        member: Member,
        *,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Request":
        """Wish, at a table that has room, that someone joins it; the others there are asked in private.

        Anyone at the table may. Whom they invite learns of it once all of them have said yes.
        """
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            at_table = Seat.objects.at_table().filter(crew=held, member=by)
            if held.is_partnership or not at_table.exists():
                raise PermissionDenied
            here = {Member.State.ACTIVE, Member.State.AWAY}
            if member.congregation_id != held.congregation_id or member.state not in here:
                raise PermissionDenied
            if held.sits(member):
                raise ValidationError(gettext("They sit at this table already."))
            theirs = cls.objects.filter(crew=held, member=member)
            made = theirs.filter(Q(pk=pk) | Q(state__in=_OPEN)).first()
            if made is not None:
                if made.state == Request.State.OPEN:
                    made.answer(True, by=by, now=now)
                return made
            _check_room(held)
            if _lately(theirs.filter(is_invitation=True), now=now):
                raise ValidationError(
                    gettext("You thought of them a little while ago. Give it a few weeks.")
                )
            request = cls(
                congregation_id=crew.congregation_id,
                crew=held,
                member=member,
                is_invitation=True,
                asked_at=now,
            )
            if pk:
                request.pk = pk
            request.save(force_insert=True)
            RequestAnswer.objects.create(
                congregation_id=crew.congregation_id,
                request=request,
                member=by,
                is_yes=True,
                said_at=now,
            )
            Event.record("request.invite", request, by=None, now=now, circle=crew.pk)
            Notice.tell("crews.request", request.silent(), request, now=now)
            request.join(now=now)
        return request

    def _meet(self, word: str, *, now: datetime) -> None:
        """Take the wish of someone whom the crew thinks of inviting as what it is: theirs."""
        self._hold()
        if self.state == Request.State.OFFERED:
            self.answer(True, by=self.member, now=now)
        elif self.state == Request.State.OPEN and self.is_invitation:
            self.is_invitation, self.word = False, word.strip()
            self.asked_at, self.asked_again_at = now, None
            self.full_clean(exclude=["congregation", "crew", "member"], validate_constraints=False)
            self.save(update_fields=["is_invitation", "word", "asked_at", "asked_again_at"])
            Event.record("request.ask", self, by=self.member, now=now, circle=self.crew_id)
            Notice.tell("crews.request", self.asked(), self, now=now, occasion="own")
            self.join(now=now)

    def asked(self) -> "QuerySet[Member]":
        """Return everyone whose yes it takes now: at the table, and not away; then the invited one's."""
        if self.state == Request.State.OFFERED:
            return Member.objects.filter(pk=self.member_id)
        seats = Seat.objects.at_table().filter(crew=self.crew_id)
        return Member.objects.filter(
            state=Member.State.ACTIVE, pk__in=seats.values("member_id")
        ).order_by("name_key")

    def silent(self) -> "QuerySet[Member]":
        """Return those of them who have said nothing yet. For verbs."""
        said = RequestAnswer.objects.filter(request=self).values("member_id")
        return self.asked().exclude(pk__in=said)

    def answer(self, is_yes: bool, *, by: Member, now: datetime) -> None:
        """Say in private whether one would sit with the asker; the last yes gives them a seat.

        Anyone at the table may, and may change it while it is open; one who is invited says it last.
        A no changes nothing that anyone could see: it is told as silence is, and when silence is.
        """
        with transaction.atomic():
            self._hold()
            is_theirs = by.pk == self.member_id
            seated = Seat.objects.at_table().filter(crew=self.crew_id, member=by).exists()
            if not (seated or is_theirs) or (is_theirs and self.offered_at is None):
                raise PermissionDenied
            said = RequestAnswer.objects.filter(request=self, member=by).first()
            is_asked = Request.State.OFFERED if is_theirs else Request.State.OPEN
            if self.state != is_asked:
                if said is not None and said.is_yes == is_yes:
                    return
                raise ValidationError(gettext("This request is settled."))
            RequestAnswer.objects.update_or_create(
                request=self,
                member=by,
                defaults={
                    "congregation_id": self.congregation_id,
                    "is_yes": is_yes,
                    "said_at": now,
                },
            )
            self.join(now=now)

    def join(self, *, now: datetime) -> bool:
        """Seat the asker once everyone at the table has said yes; "not now" if it is full by then.

        Whom the table invites is asked then, and seated with their own yes.
        """
        with transaction.atomic():
            self._hold()
            if self.state not in _OPEN:
                return False
            yes = RequestAnswer.objects.filter(request=self, is_yes=True).values("member_id")
            asked = self.asked()
            if not asked.exists() or asked.exclude(pk__in=yes).exists():
                return False
            if self.is_invitation and self.state == Request.State.OPEN:
                return self._offer(now=now)
            others = list(self.crew.people())
            try:
                seat = self.crew.seat(self.member, by=None, now=now)
            except ValidationError:
                return self.settle(now=now)
            self._become(Request.State.JOINED, now=now)
            Notice.tell("crews.welcome", [self.member], seat, now=now)
            Notice.tell("crews.joined", others, seat, now=now)
        return True

    def _offer(self, *, now: datetime) -> bool:
        """Invite someone whom everyone at the table would sit with; "not now" if it is full by then."""
        try:
            _check_room(Crew.objects.get(pk=self.crew_id))
        except ValidationError:
            return self.settle(now=now)
        self.state, self.offered_at = Request.State.OFFERED, now
        self.asked_at, self.asked_again_at = now, None
        self.save(update_fields=["state", "offered_at", "asked_at", "asked_again_at"])
        Event.record("request.offer", self, by=None, now=now, circle=self.crew_id)
        Notice.tell("crews.invited", [self.member], self, now=now)
        return True

    def ask_again(self, *, now: datetime) -> bool:
        """Ask those who have said nothing once more; tell whether this was the one call that did."""
        with transaction.atomic():
            again = (
                Request.objects.filter(pk=self.pk, asked_again_at__isnull=True)
                .open()
                .update(asked_again_at=now)
            )
            if again:
                kind = "crews.invited" if self.offered_at else "crews.request"
                Notice.tell(kind, self.silent(), self, now=now, occasion="again")
        return bool(again)

    def settle(self, *, now: datetime) -> bool:
        """Tell the asker "not now", in the same words whatever was said or not said.

        An invitation that was not taken up is told to those who said yes to it; one that never went
        out, to nobody.
        """
        with transaction.atomic():
            self._hold()
            if self.state not in _OPEN:
                return False
            self._become(Request.State.NOT_NOW, now=now)
            if not self.is_invitation:
                Notice.tell("crews.request_not_now", [self.member], self, now=now)
            elif self.offered_at is not None:
                at_table = Seat.objects.at_table().filter(crew=self.crew_id).values("member_id")
                people = Member.objects.filter(pk__in=at_table, state=Member.State.ACTIVE)
                Notice.tell("crews.invited_not_now", people, self, now=now)
        return True

    def withdraw(self, *, by: Member, now: datetime) -> None:
        """Take one's own request back."""
        if by.pk != self.member_id:
            raise PermissionDenied
        with transaction.atomic():
            self._hold()
            if self.state in _OPEN:
                self._become(Request.State.WITHDRAWN, now=now)
                Event.record("request.withdraw", self, by=by, now=now, circle=self.crew_id)
            elif self.state == Request.State.JOINED:
                raise ValidationError(gettext("You sit at this table already."))

    def _hold(self) -> None:
        """Hold the row until the end of the transaction, and read how it stands."""
        held = Request.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.state, self.settled_at = held.state, held.settled_at
        self.is_invitation, self.offered_at = held.is_invitation, held.offered_at

    def _become(self, state: "Request.State", *, now: datetime) -> None:
        self.state, self.settled_at = state, now
        self.save(update_fields=["state", "settled_at"])


_OPEN: Final = (Request.State.OPEN, Request.State.OFFERED)


def _check_room(crew: Crew) -> None:
    if crew.has_ended:
        raise ValidationError(gettext("This crew has ended."))
    if crew.seats_open < 1:
        raise ValidationError(gettext("This table is full."))


def _lately(requests: RequestQuerySet, *, now: datetime) -> bool:
    """Tell whether one of these heard "not now" in the last weeks."""
    heard = requests.filter(state=Request.State.NOT_NOW, settled_at__gt=now - ASK_ANEW_AFTER)
    return heard.exists()


class RequestAnswer(Tenanted):
    """One person's private answer to a request; seen by nobody else, ever."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["RequestAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "member"], name="request_answer_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
