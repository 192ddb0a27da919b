"""A rhythm of the congregation, as hosts say it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.templatetags.look import zone_city
from congregation.widgets import Picks
from rhythms.forms.meeting import OFF, web_address
from rhythms.models import Rhythm
from rhythms.ours import Said, Suggestion

LENGTHS = [
    (30, _("30 minutes")),
    (45, _("45 minutes")),
    (60, _("1 hour")),
    (90, _("1½ hours")),
    (120, _("2 hours")),
    (180, _("3 hours")),
    (240, _("4 hours")),
    (360, _("6 hours")),
    (480, _("8 hours")),
]


class OursForm(OnceForm):
    """What it is, how often, when and where."""

    name = forms.CharField(
        label=_("What it is called"), max_length=60, widget=forms.TextInput(attrs=OFF)
    )
    kind = forms.ChoiceField(
        label=_("What it is for"), choices=Rhythm.Kind, widget=Picks(css="two")
    )
    tempo = forms.ChoiceField(
        label=_("How often"),
        choices=[choice for choice in Rhythm.Often.choices if choice[0] != Rhythm.Often.DAILY],
        widget=Picks(css="two"),
    )
    date = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Monthly and rarer it keeps to its weekday: the third Thursday, say."),
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.TypedChoiceField(label=_("How long"), coerce=int, choices=LENGTHS)
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
    # Small parts, none with more than four fields.
    parts = (
        (_("What"), ("name", "kind", "tempo")),
        (_("When"), ("date", "time", "minutes")),
        (_("Where"), ("place", "link")),
    )

    def __init__(
        self,
        *args: Any,
        zone: str,
        now: datetime,
        said: Said | None = None,
        like: Suggestion | None = None,
        **kw: Any,
    ) -> None:
        self.zone = said.zone if said else zone
        initial: dict[str, Any] = {"kind": Rhythm.Kind.RELATIONAL, "tempo": Rhythm.Often.MONTHLY}
        initial["minutes"] = 60
        if like:
            initial |= {
                "name": str(like.name),
                "kind": like.kind,
                "tempo": like.tempo,
                "time": like.starts_at,
                "minutes": like.minutes,
            }
        if said:
            initial = {
                "name": said.name,
                "kind": said.kind,
                "tempo": said.tempo,
                "date": said.starts_on,
                "time": said.starts_at,
                "minutes": said.minutes,
                "place": said.place,
                "link": said.link,
            }
        kw["initial"] = initial | kw.get("initial", {})
        super().__init__(*args, **kw)
        today = now.astimezone(ZoneInfo(self.zone)).date()
        self.fields["date"].widget.attrs["min"] = today.isoformat()
        self.fields["time"].help_text = gettext("By the clock of %(zone)s") % {
            "zone": zone_city(self.zone)
        }
        if said:
            self.fields["date"].label = gettext("From this day on")
        minutes = self.fields["minutes"]
        assert isinstance(minutes, forms.TypedChoiceField)
        if said and said.minutes not in dict(LENGTHS):
            minutes.choices = [(said.minutes, f"{said.minutes} min"), *LENGTHS]

    def clean_link(self) -> str:
        """Only addresses that a browser opens as pages."""
        return web_address(self.cleaned_data["link"])

    def said(self) -> Said:
        """Return what the verbs take."""
        data = self.cleaned_data
        return Said(
            name=data["name"],
            kind=data["kind"],
            tempo=data["tempo"],
            starts_on=data["date"],
            starts_at=data["time"],
            zone=self.zone,
            minutes=data["minutes"],
            place=data["place"],
            link=data["link"],
        )

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The parts with their fields, as the page shows them."""
        return [(title, [self[name] for name in names]) for title, names in self.parts]
