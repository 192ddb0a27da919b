"""Forms of seasons. They parse and clean; verbs do the rest."""

from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.models import Member
from congregation.widgets import Picks
from crews.forms.pool import TimesForm
from crews.models import Season, Seeker

EVENING: Final = time(21)


class _Day(forms.DateInput):
    def __init__(self) -> None:
        super().__init__({"type": "date"}, format="%Y-%m-%d")


class DaysForm(forms.Form):
    """Until when people say what they'd join, and until when the season goes on, in whole days."""

    says_until = forms.DateField(
        label=_("Until when do people say that they’d take part?"),
        widget=_Day(),
        help_text=_(
            "Two or three weeks are good. At nine in the evening of that day, tables are put together."
        ),
    )
    closes_on = forms.DateField(
        label=_("Until when does the season go on?"),
        widget=_Day(),
        help_text=_("Two weeks more leave time for two rounds of proposals."),
    )

    def __init__(self, *args: Any, member: Member, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(member.congregation.zone)
        today = now.astimezone(self.zone).date()
        for name in ("says_until", "closes_on"):
            self.fields[name].widget.attrs["min"] = today.isoformat()

    @classmethod
    def of(cls, season: Season) -> dict[str, Any]:
        """Return what stands in it for a season."""
        zone = ZoneInfo(season.congregation.zone)
        return {
            "says_until": season.says_until.astimezone(zone).date(),
            "closes_on": season.closes_at.astimezone(zone).date(),
        }

    @property
    def what(self) -> dict[str, Any]:
        """What the verb takes: the evenings of those days where the congregation is."""
        return {
            "says_until": self._evening_of(self.cleaned_data["says_until"]),
            "closes_at": self._evening_of(self.cleaned_data["closes_on"]),
        }

    def _evening_of(self, day: date) -> datetime:
        return datetime.combine(day, EVENING, self.zone).astimezone(UTC)


class SeasonForm(DaysForm, OnceForm):
    """A season that hosts open."""

    name = forms.CharField(
        label=_("What shall it be called?"),
        max_length=60,
        help_text=_(
            "“Autumn crews”, say. Crews that form are called after it until they find a name."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "says_until", "closes_on", "once")

    @property
    def what(self) -> dict[str, Any]:
        return {**super().what, "name": self.cleaned_data["name"]}


class JoinForm(TimesForm):
    """How one takes part in a season: when one is free, and what counts."""

    wants = forms.ChoiceField(
        label=_("What do you look for?"),
        choices=[("crew", _("A crew")), ("one", _("One other person, as a partnership"))],
        initial="crew",
        widget=Picks(css="two small-picks"),
    )
    counts_hellos = forms.BooleanField(
        label=_("With whom I’d both like to talk counts"),
        required=False,
        initial=True,
        help_text=_("Only where you both know it already, and both let it count."),
    )
    leaves_out = forms.BooleanField(
        label=_("Leave out those I know well"),
        required=False,
        help_text=_("Those with whom you sit or sat in a crew, and those you leave out for good."),
    )

    def __init__(self, *args: Any, mine: Seeker | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mine:
            self.initial.update(
                wants="one" if mine.wants_one else "crew",
                counts_hellos=mine.counts_hellos,
                leaves_out=mine.leaves_out,
            )

    @property
    def wishes(self) -> dict[str, bool]:
        """What the verb takes."""
        return {
            "wants_one": self.cleaned_data["wants"] == "one",
            "counts_hellos": self.cleaned_data["counts_hellos"],
            "leaves_out": self.cleaned_data["leaves_out"],
        }
