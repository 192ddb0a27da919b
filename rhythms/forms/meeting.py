"""What people say to a meeting: whether they come, that they met, when and where it is."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Member
from congregation.widgets import PickMany, Picks
from rhythms.models import Coming, Meeting, Mood, Plan

OFF = {"autocomplete": "off"}


class ComingForm(forms.Form):
    """Coming, late, or can't, with a word and what one brings."""

    answer = forms.ChoiceField(
        choices=Coming.Answer,
        label=_("Are you coming?"),
        error_messages={"required": _("Coming, late, or can’t?")},
    )
    word = forms.CharField(
        label=_("A word"), max_length=200, required=False, widget=forms.TextInput(attrs=OFF)
    )
    brings = forms.CharField(
        label=_("I bring"), max_length=200, required=False, widget=forms.TextInput(attrs=OFF)
    )


class AnswerForm(forms.Form):
    """Coming, late, or can't: all that a link in a mail asks."""

    answer = forms.ChoiceField(
        choices=Coming.Answer, label=_("Are you coming?"), widget=Picks(css="three")
    )


class HereForm(forms.Form):
    """Who was there: all that a link in a mail asks."""

    here = forms.MultipleChoiceField(
        label=_("Who was there?"),
        required=False,
        widget=PickMany(css="two", quiet=True),
    )

    def __init__(
        self,
        *args: Any,
        people: Sequence[Member],
        cant: Collection[Any] = (),
        reader: Member | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(*args, **kw)
        self.people = {str(person.pk): person for person in people}
        here = self.fields["here"]
        assert isinstance(here, forms.MultipleChoiceField)
        here.choices = [(key, person.first_name) for key, person in self.people.items()]
        widget = here.widget
        assert isinstance(widget, PickMany)
        widget.faces, widget.reader = self.people, reader
        widget.notes = {str(pk): gettext("said can’t") for pk in cant}

    def clean_here(self) -> list[Member]:
        """Return the people themselves."""
        return [self.people[key] for key in self.cleaned_data["here"]]


class MoodForm(forms.Form):
    """How it was for oneself."""

    mood = forms.ChoiceField(
        label=_("How was it for you?"),
        choices=Mood.Word,
        required=False,
        widget=Picks(css="four mood"),
        help_text=_("Shown when three have said"),
    )


class WeMetForm(HereForm, MoodForm):
    """Who was there, how it was for oneself, and one line to remember."""

    # How often something had been said of it when the page was opened.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("One line to remember"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs=OFF),
    )


class PlanForm(forms.Form):
    """When and where a meeting is, and what is done; the clock is that of the meeting's own zone."""

    date = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
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
    agenda = forms.CharField(
        label=_("What we’ll do"),
        max_length=2000,
        required=False,
        help_text=_("One thing on each line; minutes after a bar: Check-in | 10"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, meeting: Meeting, plan: Plan | None, **kwargs: Any) -> None:
        self.zone = ZoneInfo(meeting.zone)
        local = meeting.starts_at.astimezone(self.zone)
        kwargs["initial"] = {
            "date": local.date(),
            "time": local.time(),
            "place": plan.place if plan else "",
            "link": plan.link if plan else "",
            "agenda": plan.agenda if plan else "",
        } | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.was = meeting.starts_at

    @property
    def starts_at(self) -> datetime:
        """The instant that was chosen. What was not touched stays, to the second."""
        wall = datetime.combine(self.cleaned_data["date"], self.cleaned_data["time"])
        if not {"date", "time"} & set(self.changed_data):
            return self.was
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def clean_link(self) -> str:
        """Only addresses that a browser opens as pages."""
        return web_address(self.cleaned_data["link"])


def web_address(link: str) -> str:
    """Return an address of a page; raise ValidationError for what only looks like one."""
    if link and not link.startswith(("https://", "http://")):
        raise ValidationError(gettext("A link begins with https://"))
    return link
