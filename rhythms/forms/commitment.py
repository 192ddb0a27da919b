"""A rhythm that someone proposes to their crew."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.widgets import Picks
from crews.models import Crew, Tempo
from rhythms.committing import rhythm_of
from rhythms.forms.meeting import OFF, web_address
from rhythms.models import Rhythm

LENGTHS = [
    (45, _("45 minutes")),
    (60, _("1 hour")),
    (75, _("1¼ hours")),
    (90, _("1½ hours")),
    (120, _("2 hours")),
    (150, _("2½ hours")),
    (180, _("3 hours")),
    (240, _("4 hours")),
]


class CommitmentForm(OnceForm):
    """How often and how many times, from when, how long, and where."""

    tempo = forms.ChoiceField(label=_("How often"), choices=Tempo, widget=Picks(css="three"))
    times = forms.IntegerField(
        label=_("How many times"),
        min_value=2,
        max_value=26,
        help_text=_("Five to ten is common. Then you look back, and each decides anew."),
    )
    date = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.TypedChoiceField(
        label=_("How long"),
        coerce=int,
        choices=LENGTHS,
    )
    place = forms.CharField(
        label=_("Place"), max_length=200, required=False, widget=forms.TextInput(attrs=OFF)
    )
    link = forms.URLField(
        label=_("Link"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("If you meet online"),
        widget=forms.TextInput(attrs={**OFF, "inputmode": "url"}),
        error_messages={"invalid": _("A link begins with https://")},
    )
    # Three small parts, none with more than four fields.
    parts = (
        (_("Tempo"), ("tempo", "times")),
        (_("When"), ("date", "time", "minutes")),
        (_("Where"), ("place", "link")),
    )

    def __init__(
        self, *args: Any, crew: Crew, last: Rhythm | None, now: datetime, **kw: Any
    ) -> None:
        self.crew = crew
        self.zone = last.zone if last else crew.congregation.zone
        today = now.astimezone(ZoneInfo(self.zone)).date()
        kw["initial"] = {
            "tempo": last.tempo if last else crew.tempo or Tempo.WEEKLY,
            "times": 6,
            "time": last.starts_at if last else None,
            "minutes": last.minutes if last else 90,
            "place": last.place if last else "",
            "link": last.link if last else "",
        } | kw.get("initial", {})
        super().__init__(*args, **kw)
        self.fields["date"].widget.attrs["min"] = today.isoformat()
        minutes = self.fields["minutes"]
        assert isinstance(minutes, forms.TypedChoiceField)
        if last and last.minutes not in dict(LENGTHS):
            minutes.choices = [(last.minutes, f"{last.minutes} min"), *LENGTHS]

    def clean_link(self) -> str:
        """Only addresses that a browser opens as pages."""
        return web_address(self.cleaned_data["link"])

    def rhythm(self) -> Rhythm:
        """Return the rhythm as it was filled in, not yet saved."""
        said = self.cleaned_data
        return rhythm_of(
            self.crew,
            tempo=said["tempo"],
            starts_on=said["date"],
            starts_at=said["time"],
            zone=self.zone,
            minutes=said["minutes"],
            place=said["place"],
            link=said["link"],
        )

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The parts with their fields, as the page shows them."""
        return [(title, [self[name] for name in names]) for title, names in self.parts]
