"""Members and hosts."""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models.account import User
from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.congregation import Congregation
from congregation.words import fold, search


class MemberQuerySet(TenantedQuerySet["Member"]):
    """Members of congregations."""

    def present(self) -> Self:
        """Return those who are here: active, or away for a while."""
        return self.filter(state__in=[Member.State.ACTIVE, Member.State.AWAY])

    def visible_to(self, member: "Member") -> Self:
        return super().visible_to(member).present()

    def of_account(self, user: Any, *, now: datetime) -> Self:
        """Return an account's memberships that let it in, with `is_host`."""
        hosting = Host.objects.in_term(now).filter(member=OuterRef("pk"))
        return (
            self.present()
            .filter(user=user)
            .select_related("congregation", "user")
            .annotate(is_host=Exists(hosting))
        )

    def at_the_gate(self, user: Any, slug: str, *, now: datetime) -> Self:
        """Return the one who may come in as this account, with `is_host` and `is_elsewhere`."""
        elsewhere = Member.objects.present().filter(user=user).exclude(pk=OuterRef("pk"))
        here = self.of_account(user, now=now).filter(congregation__slug=slug)
        return here.annotate(is_elsewhere=Exists(elsewhere))

    def unreached(self, kinds: Collection[str]) -> Self:
        """Return those to whom no mail of these kinds goes, for whichever reason."""
        from allauth.account.models import EmailAddress

        from congregation.models.choice import NoticeChoice, Often
        from congregation.notices import kind_of

        proven = EmailAddress.objects.filter(user=OuterRef("user"), primary=True, verified=True)
        said = NoticeChoice.objects.filter(member=OuterRef("pk"))
        # What comes once a week comes after the meeting.
        too_seldom = said.filter(often__in=[Often.OFF, Often.WEEKLY])
        stopped: Any = Q()
        for kind in kinds:
            of_kind, group = said.filter(kind=kind), kind_of(kind).group.name
            stopped |= Exists(too_seldom.filter(kind=kind))
            stopped |= Exists(too_seldom.filter(kind=group)) & ~Exists(of_kind)
        return self.filter(~Exists(proven) | stopped)

    def hosts(self, now: datetime) -> Self:
        """Return those who are in the hosting role."""
        return self.present().filter(
            Exists(Host.objects.in_term(now).filter(member=OuterRef("pk")))
        )

    def matching(self, words: str) -> tuple[list[uuid.UUID], bool]:
        """Return the ids of those whose name, place or line has every word, by name, and whether these
        only come close: where nobody has them, case and accents aside, spelling is forgiven.
        """
        keys = dict(self.order_by("name_key", "pk").values_list("pk", "search_key"))
        return search(keys, words)


class Member(Tenanted):
    """One person in one congregation."""

    class State(models.TextChoices):
        EXPECTED = "expected", _("expected")
        ACTIVE = "active", _("active")
        AWAY = "away", _("away")
        LEFT = "left", _("left")

    congregation = models.ForeignKey(Congregation, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="memberships"
    )
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    name = models.CharField(_("name"), max_length=80)
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    place = models.CharField(_("where you live"), max_length=80, blank=True)
    line = models.CharField(_("one line about you"), max_length=160, blank=True)
    search_key = models.CharField(max_length=600, editable=False, default="")
    name_key = models.CharField(max_length=160, editable=False, default="")
    # Of the picture there is, part of its address; empty while there is none.
    portrait_key = models.CharField(max_length=16, blank=True, editable=False, default="")
    shows_crews = models.BooleanField(_("show everyone here which crews I am in"), default=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MemberQuerySet] = MemberQuerySet.as_manager()  # type: ignore[assignment]
    is_host: bool
    # Whether the same account is in another congregation as well.
    is_elsewhere: bool

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["congregation", "user"], name="member_once_per_congregation"
            ),
            models.CheckConstraint(
                name="member_left_has_date",
                condition=Q(state="left", left_at__isnull=False)
                | (~Q(state="left") & Q(left_at__isnull=True)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["congregation", "state", "name_key"]),
            models.Index(fields=["user", "state"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_present(self) -> bool:
        """Whether they are here: active, or away for a while."""
        return self.state in {self.State.ACTIVE, self.State.AWAY}

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = fold(self.name)[:160]
        self.search_key = fold(f"{self.name} {self.place} {self.line}")[:600]
        super().save(*args, **kwargs)

    @classmethod
    def join(
        cls,
        congregation: Congregation,
        user: User,
        *,
        name: str,
        pronouns: str = "",
        place: str = "",
        line: str = "",
        now: datetime,
    ) -> "Member":
        """Bring an account into a congregation as an active member, where there is a place.

        Who was expected takes the place that was kept for them; who had left comes in again as the same
        member. Only what has checked an invitation, or founds, calls this.
        """
        said = {"name": name, "pronouns": pronouns, "place": place, "line": line}
        here = ValidationError(gettext("You are here already."))
        with transaction.atomic():
            known = cls.objects.filter(congregation=congregation, user=user).first()
            if known is None:
                congregation.take_place()
                try:
                    with transaction.atomic():
                        return cls.objects.create(
                            congregation=congregation, user=user, joined_at=now, **said
                        )
                except IntegrityError:
                    raise here from None
            if known.state == cls.State.LEFT:
                congregation.take_place()
            # Whoever turns the state is the one who comes in: a second attempt finds it turned.
            turned = cls.objects.filter(pk=known.pk, state=known.state).exclude(
                state__in=[cls.State.ACTIVE, cls.State.AWAY]
            )
            if not turned.update(state=cls.State.ACTIVE, left_at=None, joined_at=now):
                raise here
            known.refresh_from_db()
            for field, value in said.items():
                # What isn't said anew stays as it was: someone who comes back needn't write it twice.
                if value:
                    setattr(known, field, value)
            known.save()
            return known

    @classmethod
    def expect(
        cls, congregation: Congregation, user: User, *, name: str, now: datetime
    ) -> "Member":
        """Keep a place for someone who isn't in yet: they see nothing, and show nothing but a name.

        Only what holds a host's invitation calls this. Who is expected already stays so; who is here is refused.
        """
        with transaction.atomic():
            known = (
                cls.objects.select_for_update()
                .filter(congregation=congregation, user=user)
                .select_related("congregation")
                .first()
            )
            if known is None:
                congregation.take_place()
                return cls.objects.create(
                    congregation=congregation,
                    user=user,
                    name=name,
                    state=cls.State.EXPECTED,
                    joined_at=now,
                )
            if known.state == cls.State.LEFT:
                congregation.take_place()
                known.state, known.left_at, known.name = cls.State.EXPECTED, None, name
                known.save()
            if known.state != cls.State.EXPECTED:
                raise ValidationError(gettext("You are here already."))
            return known

    def expect_no_more(self, *, now: datetime) -> None:
        """Give back the place that was kept for someone who is expected; a host's no calls this."""
        gone = Member.objects.filter(pk=self.pk, state=self.State.EXPECTED).update(
            state=self.State.LEFT, left_at=now
        )
        if gone:
            self.congregation.give_place_back()
            self.refresh_from_db()

    def leave(self, *, by: "Member", now: datetime) -> bool:
        """Leave the congregation, which frees one's place in it; tell whether this was the one call that did.

        Only `hall.leaving` calls this, which also leaves everything else that is here.
        """
        self._only_oneself(by=by)
        left = Member.objects.filter(pk=self.pk).exclude(state=self.State.LEFT)
        if not left.update(state=self.State.LEFT, left_at=now):
            return False
        self.refresh_from_db(fields=["state", "left_at"])
        # One that began a moment ago; `Host.lay_down` has seen to it that someone else hosts.
        Host.objects.filter(member=self, ended_at__isnull=True).update(ended_at=now)
        self.congregation.give_place_back()
        return True

    def go_away(self, *, by: "Member", now: datetime) -> bool:
        """Be away for a while; only oneself may. Tell whether this was the one call that did."""
        self._only_oneself(by=by)
        return self._turn(self.State.ACTIVE, self.State.AWAY, "member.go_away", now=now)

    def be_back(self, *, by: "Member", now: datetime) -> bool:
        """Be here again; only oneself may. Tell whether this was the one call that did."""
        self._only_oneself(by=by)
        return self._turn(self.State.AWAY, self.State.ACTIVE, "member.be_back", now=now)

    def _turn(self, old: str, new: str, verb: str, *, now: datetime) -> bool:
        from congregation.models.event import Event

        with transaction.atomic():
            turned = Member.objects.filter(pk=self.pk, state=old).update(state=new)
            self.refresh_from_db(fields=["state"])
            if turned:
                Event.record(verb, self, by=self, now=now, circle=self.pk)
        return bool(turned)

    def erase(self, *, name: str) -> None:
        """Take everything personal off what remains of someone who has left; others see a name that is nobody's."""
        from congregation.models.portrait import Portrait

        if self.state != self.State.LEFT:
            raise PermissionDenied
        self.name, self.pronouns, self.place, self.line = name, "", "", ""
        self.shows_crews, self.user, self.portrait_key = False, None, ""
        self.save()
        Portrait.objects.filter(member=self).delete()
        self.contacts.all().delete()
        self.notice_choices.all().delete()
        self.digests.all().delete()

    def hosts(self, *, now: datetime) -> bool:
        """Whether this member is in the hosting role."""
        return Host.objects.in_term(now).filter(member=self).exists()

    def edit(
        self, *, name: str, pronouns: str, place: str, line: str, by: "Member", now: datetime
    ) -> None:
        """Change what everyone here may know of oneself; only oneself may."""
        self._only_oneself(by=by)
        said = {"name": name, "pronouns": pronouns, "place": place, "line": line}
        if all(getattr(self, field) == value for field, value in said.items()):
            return
        for field, value in said.items():
            setattr(self, field, value)
        self._change("member.edit", [*said, "name_key", "search_key"], now=now)

    def show_crews(self, shows: bool, *, by: "Member", now: datetime) -> None:
        """Choose whether everyone here sees which crews one is in; only oneself may."""
        self._only_oneself(by=by)
        if self.shows_crews != shows:
            self.shows_crews = shows
            self._change("member.show_crews", ["shows_crews"], now=now)

    def _only_oneself(self, *, by: "Member") -> None:
        if by.pk != self.pk:
            raise PermissionDenied

    def _change(self, verb: str, fields: list[str], *, now: datetime) -> None:
        from congregation.models.event import Event

        with transaction.atomic():
            self.save(update_fields=fields)
            Event.record(verb, self, by=self, now=now, circle=self.pk)

    @property
    def first_name(self) -> str:
        """The name that is said at the table."""
        return self.name.split()[0] if self.name.split() else self.name

    @property
    def zone(self) -> str:
        """The zone this person reads times in."""
        return (self.user.zone if self.user else "") or self.congregation.zone

    @property
    def language(self) -> str:
        """The language this person is written to in."""
        return (self.user.written_language if self.user else "") or settings.LANGUAGE_CODE

    def get_absolute_url(self) -> str:
        return reverse("member", kwargs={"slug": self.congregation.slug, "pk": self.pk})


class HostQuerySet(TenantedQuerySet["Host"]):
    """Hosting terms."""

    def in_term(self, now: datetime) -> Self:
        """Return the terms that run at this moment."""
        return self.filter(since__lte=now, ended_at__isnull=True)


class Host(Tenanted):
    """A member's term in the hosting role."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="terms")
    since = models.DateTimeField()
    until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[HostQuerySet] = HostQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at__isnull=True), name="host_one_term_at_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id}"

    @classmethod
    def begin(cls, member: Member, *, until: date | None = None, now: datetime) -> "Host":
        """Give a member the hosting role from now on; one who has it keeps it."""
        term, _made = cls.objects.get_or_create(
            member=member,
            ended_at=None,
            defaults={"congregation_id": member.congregation_id, "since": now, "until": until},
        )
        return term

    @classmethod
    def hand_on(cls, to: Member, *, by: Member, now: datetime) -> "Host":
        """Ask a member to host as well, who is told; a host may. One who hosts already keeps their term."""
        from congregation.models.event import Event
        from congregation.models.outbox import Notice

        if to.congregation_id != by.congregation_id or not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            # Whoever leaves waits here, so that nobody is a host who has left meanwhile.
            held = Member.objects.select_for_update(no_key=True).filter(pk=to.pk).present()
            if not list(held.values_list("pk", flat=True)):
                raise ValidationError(gettext("Only someone who is here can host."))
            known = cls.objects.in_term(now).filter(member=to).first()
            if known:
                return known
            term = cls.begin(to, now=now)
            Event.record("host.begin", term, by=by, now=now)
            Notice.tell("congregation.hosting", [to], term, now=now)
        return term

    @classmethod
    def lay_down(cls, member: Member, *, by: Member, now: datetime) -> bool:
        """End one's own term in the hosting role; the last host hands on first. Tell whether one was ended."""
        from congregation.models.event import Event

        if by.pk != member.pk:
            raise PermissionDenied
        with transaction.atomic():
            # The row is held, so that of two last hosts who go at the same moment one stays.
            Congregation.objects.select_for_update(no_key=True).get(pk=member.congregation_id)
            mine = cls.objects.select_for_update().in_term(now).filter(member=member)
            term = mine.first()
            if term is None:
                if not cls.objects.filter(member=member).exists():
                    raise PermissionDenied
                return False
            others = Member.objects.filter(congregation=member.congregation_id).hosts(now)
            if not others.exclude(pk=member.pk).exists():
                raise ValidationError(
                    gettext(
                        "You are the only host of %(name)s. Ask someone else to host first; then you can."
                    )
                    % {"name": member.congregation.name},
                    code="last_host",
                )
            mine.update(ended_at=now)
            Event.record("host.end", term, by=by, now=now)
        return True
