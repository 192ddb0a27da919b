"""The form of a hello: a few words, how one may be reached, and times."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Contact, Member
from congregation.templatetags.look import day, near, when, zone_city
from congregation.widgets import Checks, PickMany, Picks
from crews.models.interest import MOST_TIMES, TIMES_WITHIN

NONE: Final = "none"


def spelled(time: datetime) -> str:
    """Return an instant as the value of a box: "2026-11-22T21:00Z"."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def read(value: str) -> datetime:
    """Return the instant that a value stands for; raises ValueError for anything else."""
    return datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


class InstantsField(forms.TypedMultipleChoiceField):
    """Instants. One that a page offered stays good when a later page would offer another."""

    def valid_value(self, value: Any) -> bool:
        """Any instant that can be read."""
        try:
            read(str(value))
        except ValueError:
            return False
        return True


class WallTimeField(forms.Field):
    """A date and a time on the reader's own clock, as an instant.

    One that the clock skips in spring is refused; one that it shows twice in autumn is the first.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        """Return the instant, or None where nothing was typed."""
        if not value:
            return None
        try:
            wall = datetime.fromisoformat(str(value)).replace(tzinfo=None, second=0, microsecond=0)
            zone = timezone.get_current_timezone()
            instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError(gettext("Write a date and a time.")) from error
        if instant.astimezone(zone).replace(tzinfo=None) != wall:
            raise ValidationError(
                gettext("The clocks in %(city)s go forward then and skip this time.")
                % {"city": zone_city(timezone.get_current_timezone_name())}
            )
        return instant


class HelloForm(forms.Form):
    """One side of a hello. `offered` are the other one's times, `mine` those that one offers oneself
    or might, `given` the kinds of contact that one gave before, `busy` times with something on.
    """

    note = forms.CharField(
        label=_("A few words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reach = forms.ModelMultipleChoiceField(
        queryset=Contact.objects.none(), required=False, widget=Checks
    )
    yes = forms.TypedChoiceField(
        required=False,
        coerce=lambda value: None if value == NONE else read(value),
        empty_value=None,
        widget=Picks(quiet=True),
    )
    offer = InstantsField(required=False, coerce=read, widget=PickMany(quiet=True))
    own_1 = WallTimeField(label=_("A time"), required=False)
    own_2 = WallTimeField(label=_("Another time"), required=False)
    own_3 = WallTimeField(label=_("A third time"), required=False)

    def __init__(
        self,
        *args: Any,
        member: Member,
        other: Member,
        offered: Iterable[datetime],
        mine: Iterable[datetime],
        given: Iterable[str],
        busy: set[datetime],
        now: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        name = other.first_name
        contacts = Contact.objects.visible_to(member).filter(member=member).order_by("kind")
        before = set(given)
        reach = cast("forms.ModelMultipleChoiceField[Contact]", self.fields["reach"])
        reach.queryset = contacts
        reach.label = gettext("How may %(name)s reach you?") % {"name": name}
        cast(Checks, reach.widget).notes = {str(c.pk): c.value for c in contacts}
        reach.initial = [contact.pk for contact in contacts if contact.kind in before]
        theirs = list(offered)
        yes = cast(forms.TypedChoiceField, self.fields["yes"])
        yes.label = gettext("%(name)s offers these times") % {"name": name}
        yes.choices = [(spelled(t), when(t, now)) for t in theirs] + [
            (NONE, gettext("None of these"))
        ]
        cast(Picks, yes.widget).notes = {spelled(t): self._note(t, busy) for t in theirs}
        offer = cast(InstantsField, self.fields["offer"])
        offer.label = gettext("Offer %(name)s times") % {"name": name}
        offer.choices = [(spelled(t), when(t, now)) for t in mine]
        cast(PickMany, offer.widget).notes = {spelled(t): self._note(t, busy) for t in mine}

    def _note(self, time: datetime, busy: set[datetime]) -> str:
        if time in busy:
            return gettext("You have a meeting then")
        words = near(time, self.now)
        return words[:1].upper() + words[1:] if words != day(time, self.now) else ""

    @property
    def others(self) -> list[datetime]:
        """The times that one offers: those ticked, and those written oneself."""
        own = [self.cleaned_data.get(name) for name in ("own_1", "own_2", "own_3")]
        return sorted({*self.cleaned_data.get("offer", ()), *(time for time in own if time)})

    def clean(self) -> dict[str, Any]:
        """Something is said; three times at most are offered, and all are to come."""
        data = super().clean() or self.cleaned_data
        for name in ("own_1", "own_2", "own_3"):
            time = data.get(name)
            if time and not self.now < time <= self.now + TIMES_WITHIN:
                self.add_error(name, gettext("Choose a time within the next three months."))
        if not self.errors and len(self.others) > MOST_TIMES:
            self.add_error(None, gettext("Offer three times at most."))
        said = (data.get("note"), data.get("reach"), data.get("yes"), self.others)
        if not (self.errors or any(said)):
            self.add_error(
                None, gettext("Write a few words, say how you may be reached, or choose a time.")
            )
        return data
