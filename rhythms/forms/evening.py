"""What a host says of an evening, and what those who come to it say."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm, plain_name
from congregation.models import Congregation
from rhythms.models import Evening, EveningLink
from rhythms.models.evening import Laid
from rhythms.models.evening_link import MOST_PLACES

OFF = {"autocomplete": "off"}
FIRST_QUESTION = _("What brings you here?")
SECOND_QUESTION = _("What would you like more of?")


def moment(on: date, at: time, zone: str) -> datetime:
    """Return the instant of a day and a time on a zone's clock."""
    return datetime.combine(on, at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


class EveningForm(OnceForm):
    """When and where it is, what those who come are asked, and how many may."""

    name = forms.CharField(
        label=_("What it is called"), max_length=60, widget=forms.TextInput(attrs=OFF)
    )
    date = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.TypedChoiceField(
        label=_("How long"),
        coerce=int,
        choices=[
            (60, _("An hour")),
            (90, _("An hour and a half")),
            (120, _("Two hours")),
            (180, _("Three hours")),
            (240, _("Four hours")),
            (360, _("Six hours")),
        ],
    )
    place = forms.CharField(
        label=_("Place"),
        max_length=200,
        help_text=_("Everyone in the congregation sees it."),
        widget=forms.TextInput(attrs=OFF),
    )
    first_question = forms.CharField(
        label=_("The first question"), max_length=120, widget=forms.TextInput(attrs=OFF)
    )
    second_question = forms.CharField(
        label=_("The second question"), max_length=120, widget=forms.TextInput(attrs=OFF)
    )
    places = forms.IntegerField(
        label=_("Places for new people"),
        min_value=1,
        max_value=MOST_PLACES,
        help_text=_("No more than these can come in by the picture on the table."),
        widget=forms.NumberInput(attrs={**OFF, "inputmode": "numeric"}),
    )

    def __init__(
        self,
        *args: Any,
        congregation: Congregation,
        evening: Evening | None = None,
        link: EveningLink | None = None,
        **kwargs: Any,
    ) -> None:
        self.zone, self.was = congregation.zone, evening.meeting.starts_at if evening else None
        initial: dict[str, Any] = {
            "name": gettext("A first evening"),
            "time": time(18, 30),
            "minutes": 180,
            "places": 30,
            "first_question": str(FIRST_QUESTION),
            "second_question": str(SECOND_QUESTION),
        }
        if evening and link:
            meeting = evening.meeting
            local = meeting.starts_at.astimezone(ZoneInfo(self.zone))
            initial = {
                "name": evening.name,
                "date": local.date(),
                "time": local.time(),
                "minutes": int((meeting.ends_at - meeting.starts_at).total_seconds() // 60),
                "place": evening.place,
                "first_question": evening.first_question,
                "second_question": evening.second_question,
                "places": link.places,
            }
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["time"].help_text = gettext("By the clock of %(zone)s") % {
            "zone": self.zone.rpartition("/")[2].replace("_", " ")
        }

    def said(self) -> Laid:
        """Return what the verbs take."""
        data = self.cleaned_data
        is_same = not {"date", "time"} & set(self.changed_data)
        starts_at = (
            self.was if self.was and is_same else moment(data["date"], data["time"], self.zone)
        )
        return Laid(
            name=data["name"],
            starts_at=starts_at,
            minutes=data["minutes"],
            place=data["place"],
            first_question=data["first_question"],
            second_question=data["second_question"],
            places=data["places"],
        )


class ArrivalForm(forms.Form):
    """What somebody at the table says: a name, an address to come in with, and two answers."""

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("We send a code to it, so that you alone come in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    first = forms.CharField(
        max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2, **OFF})
    )
    second = forms.CharField(
        max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2, **OFF})
    )

    def __init__(
        self, *args: Any, evening: Evening, asks_name: bool, asks_email: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].label = evening.first_question
        self.fields["second"].label = evening.second_question
        for name, asks in (("name", asks_name), ("email", asks_email)):
            if not asks:
                del self.fields[name]

    def clean_name(self) -> str:
        """A name has a letter in it."""
        return plain_name(self.cleaned_data["name"], gettext("What should we call you?"))
