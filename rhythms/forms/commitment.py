"""A rhythm that someone proposes to their crew, and how it is changed or pauses."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.templatetags.look import day as in_words
from congregation.widgets import Chips, Picks
from crews.models import Crew
from rhythms import rules
from rhythms.changing import Shape
from rhythms.committing import may_be_open_ended, rhythm_of
from rhythms.forms.meeting import OFF, web_address
from rhythms.models import Meeting, Rhythm
from rhythms.models.rhythm import MOST_TIMES

LENGTHS = [
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (45, _("45 minutes")),
    (60, _("1 hour")),
    (75, _("1¼ hours")),
    (90, _("1½ hours")),
    (120, _("2 hours")),
    (150, _("2½ hours")),
    (180, _("3 hours")),
    (240, _("4 hours")),
]


class RecurrenceForm(OnceForm):
    """How often, on which days, when, how long and where: what a choice unfolds is asked only then."""

    tempo = forms.ChoiceField(
        label=_("How often"), choices=Rhythm.Often, widget=Picks(css="three", quiet=True)
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On which days"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=Chips,
        help_text=_("None chosen: the weekday of the first day"),
    )
    monthly = forms.ChoiceField(
        label=_("On which day of the month"),
        choices=[
            ("weekday", _("The same weekday, as the third Thursday")),
            ("date", _("The same date, as the 19th")),
        ],
        required=False,
        widget=Picks(css="two"),
    )
    date = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
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
    # Small parts, none with more than four fields to fill in.
    parts: Sequence[tuple[Any, tuple[str, ...]]] = ()
    # Fields that are asked only where something was chosen; the style sheet knows which.
    unfolds = ("weekdays", "monthly", "times", "until")

    def __init__(
        self, *args: Any, last: Rhythm | None, zone: str, now: datetime, **kw: Any
    ) -> None:
        self.zone = zone
        said = (
            rules.phrase(last.rule, datetime.combine(last.starts_on, last.starts_at))
            if last
            else None
        )
        by_date = bool(last and last.tempo in {"monthly", "quarterly"} and said and said.monthday)
        several = said.weekdays if said and len(said.weekdays) > 1 else ()
        kw["initial"] = {
            "weekdays": list(several),
            "monthly": "date" if by_date else "weekday",
            "time": last.starts_at if last else None,
            "minutes": last.minutes if last else 90,
            "place": last.place if last else "",
            "link": last.link if last else "",
        } | kw.get("initial", {})
        super().__init__(*args, **kw)
        today = now.astimezone(ZoneInfo(self.zone)).date()
        self.fields["date"].widget.attrs["min"] = today.isoformat()
        minutes = self.fields["minutes"]
        assert isinstance(minutes, forms.TypedChoiceField)
        if last and last.minutes not in dict(LENGTHS):
            minutes.choices = [(last.minutes, f"{last.minutes} min"), *LENGTHS]

    def clean_link(self) -> str:
        """Only addresses that a browser opens as pages."""
        return web_address(self.cleaned_data["link"])

    @property
    def shape(self) -> Shape:
        """How the rhythm is to be, as it was filled in."""
        said = self.cleaned_data
        return Shape(
            tempo=said["tempo"],
            starts_on=said["date"],
            starts_at=said["time"],
            minutes=said["minutes"],
            weekdays=tuple(said["weekdays"]),
            by_date=said["monthly"] == "date",
            place=said["place"].strip(),
            link=said["link"].strip(),
        )

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The parts with their fields, as the page shows them."""
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in self.parts
        ]


class CommitmentForm(RecurrenceForm):
    """A rhythm, and for how long: a number of times, until a day, or without an end where that may be."""

    kind = forms.ChoiceField(
        label=_("What for"),
        choices=[
            ("relational", _("Time together")),
            ("planning", _("Planning")),
            ("working", _("Working")),
            ("learning", _("Learning")),
        ],
        widget=Picks(css="two", quiet=True),
    )
    name = forms.CharField(
        label=_("What you call it"),
        max_length=60,
        required=False,
        help_text=_("Only you at the table see it"),
        widget=forms.TextInput(attrs=OFF),
    )
    ends = forms.ChoiceField(
        label=_("For how long"),
        widget=Picks(css="three", quiet=True),
    )
    times = forms.IntegerField(
        label=_("How many times"),
        min_value=2,
        max_value=MOST_TIMES,
        error_messages={"required": _("How many times?")},
        help_text=_("Five to ten is common. Then you look back, and each decides anew."),
    )
    until = forms.DateField(
        label=_("Last day"),
        error_messages={"required": _("Until which day?")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    parts = (
        (_("How often"), ("tempo", "weekdays", "monthly")),
        (_("When"), ("date", "time", "minutes")),
        (_("For how long"), ("ends", "times", "until")),
        (_("Where"), ("place", "link")),
        (_("What for"), ("kind", "name")),
    )

    def __init__(
        self, *args: Any, crew: Crew, last: Rhythm | None, now: datetime, **kw: Any
    ) -> None:
        self.crew = crew
        kw["initial"] = {
            "tempo": last.tempo if last else crew.tempo or Rhythm.Often.WEEKLY,
            "kind": last.kind if last else Rhythm.Kind.RELATIONAL,
            "name": last.name if last else "",
            "ends": "times",
            "times": 6,
        } | kw.get("initial", {})
        zone = last.zone if last else crew.congregation.zone
        if args and args[0] is not None:
            # What a page of before didn't ask is what it was then.
            data = args[0].copy()
            data.setdefault("kind", Rhythm.Kind.RELATIONAL)
            data.setdefault("ends", "times")
            args = (data, *args[1:])
        super().__init__(*args, last=last, zone=zone, now=now, **kw)
        if self.is_bound:
            # Only what goes with the end that was chosen is needed.
            for name in ("times", "until"):
                self.fields[name].required = self["ends"].value() == name
        ends = self.fields["ends"]
        assert isinstance(ends, forms.ChoiceField)
        assert isinstance(ends.widget, Picks)
        choices = [
            ("times", gettext("A number of times")),
            ("until", gettext("Until a day")),
        ]
        if may_be_open_ended(crew):
            choices.append(("open", gettext("Without an end")))
            ends.widget.notes = {"open": gettext("A look-back each quarter")}
        ends.choices = choices

    def clean(self) -> None:
        """Drop what doesn't go with the end that was chosen."""
        for name in ("times", "until"):
            if not self.fields[name].required:
                self.cleaned_data[name] = None
                self.errors.pop(name, None)

    @property
    def is_open(self) -> bool:
        """Whether it is to be without an end."""
        return self.cleaned_data["times"] is None and self.cleaned_data["until"] is None

    def rhythm(self) -> Rhythm:
        """Return the rhythm as it was filled in, not yet saved."""
        said, shape = self.cleaned_data, self.shape
        return rhythm_of(
            self.crew,
            tempo=shape.tempo,
            starts_on=shape.starts_on,
            starts_at=shape.starts_at,
            zone=self.zone,
            minutes=shape.minutes,
            place=shape.place,
            link=shape.link,
            weekdays=shape.weekdays,
            by_date=shape.by_date,
            kind=said["kind"],
            name=said["name"].strip(),
        )


class ChangeForm(RecurrenceForm):
    """A rhythm anew, from one of its meetings on or all of it."""

    since = forms.ChoiceField(
        label=_("From when on"), required=False, widget=Picks(css="two", quiet=True)
    )
    parts = (
        (_("What changes"), ("since",)),
        (_("How often"), ("tempo", "weekdays", "monthly")),
        (_("When"), ("date", "time", "minutes")),
        (_("Where"), ("place", "link")),
    )

    def __init__(
        self,
        *args: Any,
        rhythm: Rhythm,
        ahead: Sequence[Meeting],
        since: Meeting,
        now: datetime,
        **kw: Any,
    ) -> None:
        first = since.planned_for or since.starts_at
        kw["initial"] = {
            "tempo": rhythm.tempo,
            "date": first.astimezone(ZoneInfo(rhythm.zone)).date(),
            "since": str(since.pk),
        } | kw.get("initial", {})
        super().__init__(*args, last=rhythm, zone=rhythm.zone, now=now, **kw)
        self.since_on = _planned_day(since)
        self.ahead = {str(row.pk): row for row in ahead}
        choices = [(str(since.pk), gettext("%(day)s and later") % {"day": _day(since)})]
        if since.pk != ahead[0].pk:
            all_of_it = gettext("All to come, from %(day)s") % {"day": _day(ahead[0])}
            choices.append((str(ahead[0].pk), all_of_it))
        picks = self.fields["since"]
        assert isinstance(picks, forms.ChoiceField)
        picks.choices = choices
        self.is_one_choice = len(choices) == 1

    @property
    def meeting(self) -> Meeting | None:
        """The meeting from which on it changes; None for all that is to come."""
        found = self.ahead.get(self.cleaned_data.get("since") or "")
        is_first = found is not None and found is next(iter(self.ahead.values()))
        return None if is_first else found

    def clean(self) -> None:
        """Where all of it changes from an earlier meeting on, the first day goes along by as many days."""
        said = self.cleaned_data
        if self.meeting is None and not self.is_one_choice and said.get("date"):
            first = next(iter(self.ahead.values()))
            said["date"] += _planned_day(first) - self.since_on


def _planned_day(meeting: Meeting) -> date:
    planned = meeting.planned_for or meeting.starts_at
    return planned.astimezone(ZoneInfo(meeting.zone)).date()


def _day(meeting: Meeting) -> str:
    return in_words(_planned_day(meeting))


class PauseForm(forms.Form):
    """Days on which a rhythm pauses: some of its next dates, or a span."""

    dates = forms.MultipleChoiceField(label=_("Leave these out"), required=False, widget=Chips)
    first = forms.DateField(
        label=_("Or pause from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=_("to"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, ahead: Sequence[Meeting], **kw: Any) -> None:
        super().__init__(*args, **kw)
        # What was left out a moment ago may be sent once more.
        is_sent = self.is_bound
        dates = self.fields["dates"]
        assert isinstance(dates, forms.MultipleChoiceField)
        dates.choices = [
            (row.local_date.isoformat(), in_words(row.local_date))
            for row in ahead
            if is_sent or row.state == Meeting.State.PLANNED
        ]

    def clean(self) -> None:
        """Something is needed; a span without an end is one day."""
        said = self.cleaned_data
        if said.get("last") and not said.get("first"):
            self.add_error("first", gettext("From which day?"))
        if not (said.get("dates") or said.get("first") or self.errors):
            raise ValidationError(gettext("Tap a date, or say from when to when."))

    @property
    def spans(self) -> list[tuple[date, date]]:
        """The spans that were chosen, each with its first and last day."""
        said = self.cleaned_data
        spans = [(date.fromisoformat(one), date.fromisoformat(one)) for one in said["dates"]]
        if said["first"]:
            spans.append((said["first"], said["last"] or said["first"]))
        return spans
