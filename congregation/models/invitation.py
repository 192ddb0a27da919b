"""The door: one named person's way in."""

import uuid
from contextlib import nullcontext
from datetime import datetime, timedelta
from html import unescape
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models.account import User
from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.congregation import Congregation
from congregation.models.event import Event
from congregation.models.outbox import Mail, Notice
from congregation.models.people import Member
from congregation.sealed import SealedTextField
from congregation.tokens import hashed, new_token
from congregation.words import same_address

LASTS = timedelta(days=30)


def tell_growth(congregation: Congregation, *, about: Member | None = None, now: datetime) -> None:
    """Tell the hosts at the thresholds of the split and of its warning, when a place was taken."""
    for occasion in ("split_threshold", "warning_threshold"):
        if congregation.places_taken == getattr(congregation, occasion):
            hosts = Member.objects.filter(congregation=congregation).hosts(now)
            # Who is only expected is shown to nobody yet: then it is about a host.
            if row := about or hosts.order_by("pk").first():
                Notice.tell("congregation.growth", hosts, row, now=now, occasion=occasion)


class InvitationQuerySet(TenantedQuerySet["Invitation"]):
    """Invitations of congregations."""

    def visible_to(self, member: Member) -> Self:
        """Return the ones a member wrote, and all of them to a host."""
        rows = super().visible_to(member)
        return rows if member.is_host else rows.filter(inviter=member)

    def by_token(self, token: str) -> Self:
        """Return the one whose link this is; a bearer's only way in."""
        return self.filter(token_hash=hashed(token)).select_related(
            "congregation", "inviter", "inviter__congregation", "accepted_by"
        )

    def pending(self) -> Self:
        """Return those that have led to nothing yet."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def waiting(self) -> Self:
        """Return those that wait for a host's yes, the second one past the warning too."""
        again = Q(
            confirmed_at__isnull=True,
            congregation__places_taken__gte=F("congregation__warning_threshold"),
        )
        return self.pending().filter(Q(approved_at__isnull=True) | again)

    def open(self, now: datetime) -> Self:
        """Return those that can still be accepted, as far as the hosts are concerned."""
        return self.pending().filter(approved_at__isnull=False, expires_at__gt=now)


class Invitation(Tenanted):
    """A seat held open for one named person, by link, QR or mail."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a host’s yes")
        OPEN = "open", _("Open")
        ARRIVED = "arrived", _("Arrived")
        EXPIRED = "expired", _("Run out")
        WITHDRAWN = "withdrawn", _("Taken back")

    class Fault(models.TextChoices):
        """Why a link doesn't open a seat."""

        GONE = "gone"
        USED = "used"
        WITHDRAWN = "withdrawn"
        WAITING = "waiting"
        FOREIGN = "foreign"
        HERE = "here"
        FULL = "full"

    inviter = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="invitations")
    name = models.CharField(_("their name"), max_length=80)
    email = models.EmailField(_("their e-mail"), blank=True)
    word = SealedTextField(_("a word about them"), max_length=500)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # A host's second yes, which each admission needs past the warning.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="invitation_accepted_or_withdrawn",
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="invitation_accepted_only_when_approved",
                condition=Q(accepted_at__isnull=True) | Q(approved_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["congregation", "made_at"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("invitation", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    # ---- how it stands

    @property
    def first_name(self) -> str:
        """What the guest is called at the table."""
        return self.name.split()[0] if self.name.split() else self.name

    @property
    def waits(self) -> bool:
        """Whether a host's yes is missing, the first or the second."""
        return self.approved_at is None or (
            self.congregation.asks_again and self.confirmed_at is None
        )

    def state(self, *, now: datetime) -> "Invitation.State":
        """Return how it stands at a moment."""
        if self.accepted_at:
            return self.State.ARRIVED
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        if self.waits:
            return self.State.WAITING
        return self.State.OPEN if self.expires_at > now else self.State.EXPIRED

    def fault(self, user: User | None, *, now: datetime) -> "Invitation.Fault | None":
        """Return why this person, signed in or not, can't take the seat now, or None."""
        if self.accepted_at:
            return self.Fault.USED
        if self.withdrawn_at or not self.inviter.is_present:
            return self.Fault.WITHDRAWN
        if self.expires_at <= now:
            return self.Fault.GONE
        if user and self.email and not user.has_address(self.email):
            return self.Fault.FOREIGN
        known = (
            Member.objects.filter(congregation=self.congregation_id, user=user) if user else None
        )
        if known is not None and known.present().exists():
            return self.Fault.HERE
        # Who is expected has a place already.
        if self.congregation.is_full and not (
            known is not None and known.filter(state=Member.State.EXPECTED).exists()
        ):
            return self.Fault.FULL
        return self.Fault.WAITING if self.waits else None

    # ---- verbs

    @classmethod
    def invite(
        cls,
        *,
        name: str,
        email: str = "",
        word: str = "",
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "tuple[Invitation, str]":
        """Hold a seat open for a named person; any member may. Return it with the token of its link.

        A host's invitation carries the hosts' yes. A member's waits for it, and has no token until then; so
        does everyone's once so many are here that each admission is asked again. With `pk` it is made once.
        """
        with transaction.atomic():
            # Sent twice at the same moment, the second waits here and finds the first one's.
            congregation = Congregation.objects.select_for_update(no_key=True).get(
                pk=by.congregation_id
            )
            if pk and (made := cls.objects.filter(pk=pk).first()):
                if made.inviter_id != by.pk:
                    raise PermissionDenied
                return made, ""
            if congregation.is_full:
                raise ValidationError(
                    gettext(
                        "We are %(number)s, and full. Once we have become two there is room again."
                    )
                    % {"number": congregation.places_taken}
                )
            is_host = by.hosts(now=now)
            if email:
                known = cls.objects.filter(congregation=congregation, email=same_address(email))
                known = known.pending().filter(expires_at__gt=now)
                if (known if is_host else known.filter(inviter=by)).exists():
                    raise ValidationError(
                        {"email": gettext("This address is invited already, and the seat is open.")}
                    )
            yes = is_host and not congregation.asks_again
            invitation = cls(
                pk=pk or uuid.uuid4(),
                congregation=congregation,
                inviter=by,
                name=name,
                email=same_address(email),
                word=word,
                made_at=now,
                expires_at=now + LASTS,
                approved_at=now if yes else None,
                approved_by=by if yes else None,
            )
            token = invitation._new_token() if yes else ""
            invitation.save(force_insert=True)
            Event.record("invitation.invite", invitation, by=by, now=now, circle=invitation.pk)
            if token:
                invitation._send(token, now=now)
            elif not is_host:
                invitation._ask_hosts(now=now)
            return invitation, token

    def approve(self, *, by: Member, now: datetime, again: bool = False) -> str:
        """Say the hosts' yes; a host may. Return the token of its link where the host is the one to hand it on.

        Past the warning a yes counts only when it is said again, knowing how many are here (`again`).
        """
        if not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            self._refuse_if_done()
            if not self.waits:
                return ""
            asks_again = self.congregation.asks_again
            self.congregation.check_again(again=again)
            mine = Invitation.objects.pending().filter(pk=self.pk)
            mine = (
                mine.filter(confirmed_at__isnull=True)
                if asks_again
                else mine.filter(approved_at__isnull=True)
            )
            if not mine.update(
                approved_at=now,
                approved_by=by,
                confirmed_at=now if asks_again else None,
                expires_at=now + LASTS,
            ):
                return ""
            self.refresh_from_db()
            Event.record("invitation.approve", self, by=by, now=now, circle=self.pk)
            token = ""
            if self.email or (by.pk == self.inviter_id and not self.token_hash):
                token = self._new_token()
                self.save(update_fields=["token_hash"])
                self._send(token, now=now)
            if by.pk != self.inviter_id:
                occasion = "again" if asks_again else ""
                Notice.tell(
                    "congregation.invitation_ready",
                    [self.inviter],
                    self,
                    now=now,
                    occasion=occasion,
                )
            return token if by.pk == self.inviter_id else ""

    def new_link(self, *, by: Member, now: datetime) -> str:
        """Make a new link, which works for 30 days, and end the one before; the inviter or a host may.

        Return its token. An invitation with an address is mailed again.
        """
        is_host = by.hosts(now=now)
        if by.pk != self.inviter_id and not is_host:
            raise PermissionDenied
        with transaction.atomic():
            self._refuse_if_done()
            if self.waits:
                raise ValidationError(gettext("A host says yes first; then there is a link."))
            token = self._new_token()
            changed = Invitation.objects.pending().filter(pk=self.pk)
            if not changed.update(token_hash=self.token_hash, expires_at=now + LASTS):
                self.refresh_from_db()
                self._refuse_if_done()
            self.expires_at = now + LASTS
            Event.record("invitation.new_link", self, by=by, now=now, circle=self.pk)
            self._send(token, now=now)
            return token

    def withdraw(self, *, by: Member, now: datetime) -> None:
        """Take it back, so that its link opens nothing any more; the inviter or a host may."""
        if by.pk != self.inviter_id and not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            if not Invitation.objects.pending().filter(pk=self.pk).update(withdrawn_at=now):
                self.refresh_from_db()
                if self.accepted_at:
                    raise ValidationError(
                        gettext("%(name)s has arrived already.") % {"name": self.name}
                    )
                return
            self.withdrawn_at = now
            Event.record("invitation.withdraw", self, by=by, now=now, circle=self.pk)
            if by.pk != self.inviter_id:
                Notice.tell("congregation.invitation_closed", [self.inviter], self, now=now)

    def knock(self, *, now: datetime) -> None:
        """Tell the hosts that someone stands at the door whose seat needs their second yes; told once."""
        if self.waits and self.approved_at:
            self._ask_hosts(now=now, occasion="again")

    def accept(
        self,
        user: User,
        *,
        name: str,
        pronouns: str = "",
        place: str = "",
        line: str = "",
        now: datetime,
    ) -> Member:
        """Take the seat: the person it names becomes a member. Accepting twice is once.

        Raises PermissionDenied for an account that has proven another address than the one invited.
        """
        with transaction.atomic():
            # This row is the lock: of two that come at once, one finds the seat taken.
            free = Invitation.objects.open(now).filter(pk=self.pk)
            took = free.update(accepted_at=now)
            if took:
                self.congregation.refresh_from_db()
                fault = self.fault(user, now=now)
            else:
                self.refresh_from_db()
                if self.accepted_by and self.accepted_by.user_id == user.pk:
                    return self.accepted_by
                fault = self.fault(user, now=now) or self.Fault.GONE
            if fault == self.Fault.FOREIGN:
                raise PermissionDenied(self.sentence(fault))
            if fault:
                raise ValidationError(self.sentence(fault), code=fault.value)
            member = Member.join(
                self.congregation,
                user,
                name=name,
                pronouns=pronouns,
                place=place,
                line=line,
                now=now,
            )
            # Someone who comes back is the guest of their latest invitation.
            Invitation.objects.filter(accepted_by=member).update(accepted_by=None)
            Invitation.objects.filter(pk=self.pk).update(accepted_by=member)
            self.accepted_at, self.accepted_by = now, member
            Event.record("member.join", member, by=member, now=now)
            Notice.tell("congregation.arrived", [self.inviter], self, now=now)
            tell_growth(self.congregation, about=member, now=now)
            return member

    @staticmethod
    def sentence(fault: "Invitation.Fault") -> str:
        """Return what is said to the person whom a link doesn't open a seat."""
        Fault = Invitation.Fault
        return {
            Fault.GONE: gettext("This link doesn’t open a seat, or not any more."),
            Fault.USED: gettext("This seat has been taken. If it was you, sign in."),
            Fault.WITHDRAWN: gettext("This invitation has been taken back."),
            Fault.WAITING: gettext("The hosts have yet to say yes to this invitation."),
            Fault.FOREIGN: gettext("This invitation is for another address than yours."),
            Fault.HERE: gettext("You are here already."),
            Fault.FULL: gettext("Every place is taken at the moment."),
        }[fault]

    # ---- what the verbs are made of

    def _refuse_if_done(self) -> None:
        if self.accepted_at:
            raise ValidationError(gettext("%(name)s has arrived already.") % {"name": self.name})
        if self.withdrawn_at:
            raise ValidationError(self.sentence(self.Fault.WITHDRAWN))

    def _new_token(self) -> str:
        token, self.token_hash = new_token()
        return token

    def _ask_hosts(self, *, now: datetime, occasion: str = "") -> None:
        hosts = Member.objects.filter(congregation=self.congregation_id).hosts(now)
        Notice.tell("congregation.invitation_waiting", hosts, self, now=now, occasion=occasion)

    def _send(self, token: str, *, now: datetime) -> None:
        """Write to the address it is bound to, if there is one."""
        if not self.email:
            return
        template = "congregation/mail/invitation.html"
        context = {
            "invitation": self,
            "congregation": self.congregation,
            "url": f"{settings.ORIGIN}{reverse('welcome', args=[token])}",
            "product": settings.PRODUCT,
        }
        # Nobody knows yet what the guest reads; whoever invites them comes nearest, whichever host says yes.
        inviter = self.inviter
        written_as = inviter.user.as_reader() if inviter.user else nullcontext()
        with timezone.override(inviter.zone), written_as:
            context["text"] = unescape(render_to_string(f"{template}#text", context)).strip()
            context["body"] = render_to_string(f"{template}#body", context)
            Mail.post(
                "invitation",
                self.email,
                subject=gettext("You are invited"),
                text=render_to_string("congregation/mail/mail.txt", context).strip() + "\n",
                html=render_to_string("congregation/mail/mail.html", context),
                now=now,
            )
