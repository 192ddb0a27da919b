"""What a crew agreed, version by version, and who said yes to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, CrewOnlyQuerySet, Seat


class AgreementQuerySet(CrewOnlyQuerySet["Agreement"]):
    """Crew agreements, one row for each version."""

    def latest_of(self, crew: Crew) -> "Agreement | None":
        """Return the version that was written last, or None while a crew has none."""
        return self.filter(crew=crew).order_by("-version").first()

    def holding_of(self, crew: Crew) -> "Agreement | None":
        """Return the last version to which everyone at the table has said yes: the one that holds."""
        return self.filter(crew=crew, agreed_at__isnull=False).order_by("-version").first()

    def ready(self) -> Self:
        """Return the versions that don't hold yet and to which everyone at the table has said yes."""
        newer = Agreement.objects.filter(crew=OuterRef("crew"), version__gt=OuterRef("version"))
        said = AgreementYes.objects.filter(
            agreement=OuterRef(OuterRef("pk")), member=OuterRef("member")
        )
        asked = Seat.objects.at_table().filter(
            crew=OuterRef("crew"), member__state=Member.State.ACTIVE
        )
        return self.filter(
            ~Exists(newer), Exists(asked), ~Exists(asked.exclude(Exists(said))), agreed_at=None
        )


class Agreement(Tenanted):
    """What a crew agreed at its first meeting, in three conversations; one row for each version."""

    WORDS: Final = (
        "ideal",
        "spoils",
        "times",
        "places",
        "least",
        "commits",
        "keeps",
        "bounds",
        "shares",
        "lines",
    )

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="agreements")
    version = models.PositiveSmallIntegerField(default=1)
    ideal = SealedTextField(_("What would be ideal?"), max_length=1000)
    spoils = SealedTextField(_("What would spoil it?"), max_length=1000)
    times = SealedTextField(_("When and where do we meet?"), max_length=1000)
    places = SealedTextField(_("Whose place, and whose turn to host?"), max_length=300)
    least = SealedTextField(_("How many of us does it take to meet?"), max_length=200)
    commits = SealedTextField(_("What does each of us commit to, and until when?"), max_length=1000)
    keeps = SealedTextField(_("What stays among us?"), max_length=300)
    bounds = SealedTextField(_("What is out of bounds?"), max_length=300)
    shares = SealedTextField(_("How is the work shared?"), max_length=300)
    # One line each: "What's said at the table stays at the table."
    lines = SealedTextField(_("What we hold to"), max_length=2000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    # Since when it holds: everyone who was at the table then had said yes.
    agreed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AgreementQuerySet] = AgreementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "version"], name="agreement_versions")
        ]
        indexes: ClassVar = [models.Index(fields=["agreed_at"])]

    def __str__(self) -> str:
        return f"{self.crew_id} {self.version}"

    def get_absolute_url(self) -> str:
        return reverse(
            "agreement", kwargs={"slug": self.crew.congregation.slug, "pk": self.crew_id}
        )

    @property
    def line_list(self) -> list[str]:
        """What the crew holds to, line by line."""
        return [line.strip() for line in self.lines.splitlines() if line.strip()]

    @property
    def which(self) -> str:
        """Which version it is, in words."""
        words = {
            1: gettext("First version"),
            2: gettext("Second version"),
            3: gettext("Third version"),
            4: gettext("Fourth version"),
            5: gettext("Fifth version"),
        }
        return words.get(self.version) or gettext("Version %(n)s") % {"n": self.version}

    @property
    def length(self) -> str:
        """How much it says, so that it prints on one sheet: nothing, "long", or "long longest"."""
        # A short line takes as much room as a long one.
        room = sum(max(len(line), 60) for text in self.words.values() for line in text.splitlines())
        return "long longest" if room > 3000 else "long" if room > 1000 else ""

    @property
    def words(self) -> dict[str, str]:
        """Everything that is written in it, by field."""
        return {name: getattr(self, name) for name in self.WORDS}

    @classmethod
    def write(
        cls, crew: Crew, words: Mapping[str, str], *, read: int, by: Member, now: datetime
    ) -> "Agreement":
        """Write the next version, with one's own yes to it; anyone who sits in the crew may.

        `read` is the version that the writer had before them, 0 for none: where someone else has
        written meanwhile, nobody's words are lost, and the writer is told (code "newer"). The same
        words again make no new version.
        """
        written = {name: (words.get(name) or "").strip() for name in cls.WORDS}
        with transaction.atomic():
            # Of two who write at the same moment, the second finds the first one's version.
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if not held.sits(by):
                raise PermissionDenied
            if held.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            last = cls.objects.latest_of(crew)
            if last is not None and last.words == written:
                return last
            if not any(written.values()):
                raise ValidationError(gettext("An agreement has at least a few words."))
            if (last.version if last else 0) != read:
                raise ValidationError(
                    gettext(
                        "Someone else has written meanwhile. Below are their words and yours; "
                        "bring them together and save again."
                    ),
                    code="newer",
                )
            agreement = cls(
                congregation_id=crew.congregation_id,
                crew=crew,
                version=read + 1,
                made_at=now,
                made_by=by,
                **written,
            )
            agreement.clean_fields(exclude=["congregation", "crew", "made_by"])
            agreement.save(force_insert=True)
            AgreementYes.objects.create(
                congregation_id=crew.congregation_id, agreement=agreement, member=by, said_at=now
            )
            Event.record("agreement.write", agreement, by=by, now=now, circle=crew.pk)
            agreement.settle(now=now)
            Notice.tell("crews.agreement", crew.people().exclude(pk=by.pk), agreement, now=now)
        return agreement

    def say_yes(self, *, by: Member, now: datetime) -> None:
        """Say one's own yes to the version that was written last, openly; the last yes lets it hold."""
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=self.crew_id)
            if not held.sits(by):
                raise PermissionDenied
            last = Agreement.objects.latest_of(held)
            if last is None or last.pk != self.pk:
                raise ValidationError(
                    gettext("There is a newer version. Read it first; then say yes to that one.")
                )
            _yes, is_new = AgreementYes.objects.get_or_create(
                agreement=self,
                member=by,
                defaults={"congregation_id": self.congregation_id, "said_at": now},
            )
            if is_new:
                Event.record("agreement.yes", self, by=by, now=now, circle=self.crew_id)
            self.settle(now=now)

    def settle(self, *, now: datetime) -> bool:
        """Let a version hold once everyone at the table has said yes; those away don't count.

        Tells whether this was the one call that did.
        """
        said = AgreementYes.objects.filter(agreement=self).values("member_id")
        asked = Seat.objects.at_table().filter(crew=self.crew_id, member__state=Member.State.ACTIVE)
        if not asked.exists() or asked.exclude(member__in=said).exists():
            return False
        holds = Agreement.objects.filter(pk=self.pk, agreed_at__isnull=True).update(agreed_at=now)
        self.refresh_from_db(fields=["agreed_at"])
        if holds:
            Event.record("agreement.hold", self, by=None, now=now, circle=self.crew_id)
        return bool(holds)


class AgreementYesQuerySet(TenantedQuerySet["AgreementYes"]):
    """Who said yes to agreements."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(agreement__crew__in=Seat.objects.crews_of(member))


class AgreementYes(Tenanted):
    """One person's open yes to a version of the crew agreement."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="yeses")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField()

    objects: ClassVar[AgreementYesQuerySet] = AgreementYesQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "member"], name="agreement_yes_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
