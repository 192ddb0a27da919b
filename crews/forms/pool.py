"""Forms of the pool: its filters, and a card in three short parts."""

from datetime import time
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.templatetags.look import clock
from congregation.widgets import Checks, Chips, Picks
from congregation.words import fold
from crews import week
from crews.forms.ideas import length_in_words
from crews.models import Card, CrewKind, Tempo
from crews.pool import LENGTHS, Filters, Found
from crews.ranking import Place
from crews.rules import SLOT, Free

MOST_TOPICS = 10


class TopicsField(forms.TypedMultipleChoiceField):
    """Topics, as they read folded. One that nobody names just now stays good: a link is kept longer."""

    def valid_value(self, value: Any) -> bool:
        """Any few words."""
        return 0 < len(str(value)) <= 60


class FilterForm(forms.Form):
    """What someone asks of the pool, as it stands in the address."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    kind = forms.MultipleChoiceField(
        label=_("Would like"), required=False, choices=CrewKind, widget=Checks
    )
    tempo = forms.MultipleChoiceField(
        label=_("Tempo"), required=False, choices=Tempo, widget=Checks
    )
    topic = TopicsField(label=_("Topics"), required=False, coerce=fold, widget=Checks)
    shared = forms.ChoiceField(
        label=_("Shared free time, at least"),
        required=False,
        choices=[
            ("", _("Any")),
            ("1", _("Once a week")),
            ("2", _("Twice a week")),
            ("3", _("Three times a week")),
        ],
    )
    minutes = forms.ChoiceField(label=_("Each of these at least"), required=False)
    where = forms.ChoiceField(
        label=_("Where"),
        required=False,
        choices=[("", _("Anywhere or online")), ("place", _("In person")), ("online", _("Online"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What each choice is called where no count stands beside it.
        self.words: dict[str, dict[Any, Any]] = {}
        cast(forms.ChoiceField, self.fields["minutes"]).choices = [
            ("" if length == SLOT else str(length), length_in_words(length)) for length in LENGTHS
        ]

    @property
    def asked(self) -> dict[str, Any]:
        """What of the address makes sense; the rest is left out rather than refused."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def filters(self) -> Filters:
        """The filters that this asks for."""
        asked = self.asked
        return Filters(
            words=asked.get("q", ""),
            kinds=tuple(asked.get("kind", ())),
            tempos=tuple(asked.get("tempo", ())),
            topics=tuple(asked.get("topic", ())),
            place=cast(Place, asked.get("where", "")),
            least_slots=int(asked.get("shared", 0)),
            minutes=int(asked.get("minutes", SLOT)),
        )

    @property
    def pills(self) -> list[tuple[str, str, str]]:
        """Each filter that is on, as (field, value, words)."""
        on = []
        asked = self.asked
        length = dict(cast(Any, self.fields["minutes"]).choices)[asked.pop("minutes", "")]
        for name, value in asked.items():
            field = self.fields[name]
            words: dict[Any, Any] = {}
            if isinstance(field, forms.ChoiceField):
                words = self.words.get(name) or dict(cast(Any, field.choices))
            for each in value if isinstance(value, list) else [value]:
                said = str(words.get(each, f"“{each}”"))
                if name == "shared":
                    said = gettext("Free together: %(many)s, at least %(length)s each") % {
                        "many": said[:1].lower() + said[1:],
                        "length": length,
                    }
                on.append((name, str(each), said))
        return on

    def count(self, found: Found) -> None:
        """Show how many people each choice would leave."""
        topic = cast(forms.ChoiceField, self.fields["topic"])
        topic.choices = list(found.topics.items())
        for name in ("kind", "tempo", "topic"):
            cast(Checks, self.fields[name].widget).counts = dict(found.counts[name])
        for name in ("shared", "where"):
            field = cast(forms.ChoiceField, self.fields[name])
            choices = list(cast(Any, field.choices))
            self.words[name] = dict(choices)
            counts = found.counts[name]
            field.choices = [
                (value, f"{words} · {counts[value]}" if value else words)
                for value, words in choices
            ]


class WorkForm(forms.Form):
    """The first part of a card: what one does, and would rather do."""

    meaning = forms.CharField(
        label=_("The work that is most meaningful to you"),
        max_length=300,
        help_text=_("The first thing that others read of you. A sentence or two."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write at least a few words here.")},
    )
    livelihood = forms.CharField(
        label=_("The work you do for money"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    offers = forms.CharField(
        label=_("What you can offer"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    asks = forms.CharField(
        label=_("What you could use"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WishForm(forms.Form):
    """The second part of a card: which crew one looks for."""

    kinds = forms.MultipleChoiceField(
        label=_("Which kind of crew would you like?"),
        required=False,
        choices=CrewKind,
        widget=Chips,
    )
    tempos = forms.MultipleChoiceField(
        label=_("How often would suit you?"), required=False, choices=Tempo, widget=Chips
    )
    where = forms.ChoiceField(
        label=_("Where?"),
        choices=Card.Where,
        initial=Card.Where.EITHER,
        widget=Picks(css="three small-picks"),
    )
    topics = forms.CharField(
        label=_("What would you like to talk about?"),
        required=False,
        max_length=300,
        help_text=_("Topics in a word or two each, with commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_topics(self) -> str:
        """Each topic once, whatever its case and accents."""
        once: dict[str, str] = {}
        for topic in self.cleaned_data["topics"].replace(";", ",").split(","):
            if words := " ".join(topic.split()):
                once.setdefault(fold(words), words)
        if len(once) > MOST_TOPICS:
            raise ValidationError(
                gettext("Ten topics at most: the fewer, the more they say."), code="many"
            )
        return ", ".join(once.values())


def spelled(free: Free) -> str:
    """Return a time of the week as the value of a box: "1 615 705"."""
    return f"{free.weekday} {free.begins} {free.ends}"


def read(value: str) -> Free:
    """Return the time of the week that a value stands for; raises ValueError for anything else."""
    weekday, begins, ends = (int(number) for number in value.split())
    return Free(weekday, begins, ends)


def in_words(free: Free) -> str:
    """Return a time of the week in words: "Tuesday, 10:15 am to 11:45 am"."""
    return gettext("%(day)s, %(begins)s to %(ends)s") % {
        "day": WEEKDAYS[free.weekday],
        "begins": clock(_of_day(free.begins)),
        "ends": clock(_of_day(free.ends)),
    }


def _of_day(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


class WeeklyField(forms.TypedMultipleChoiceField):
    """Times of the week. One that a page offered stays good when another tab has changed the week."""

    def valid_value(self, value: Any) -> bool:
        """Any time of a week that can be read."""
        try:
            read(str(value))
        except ValueError:
            return False
        return True


class TimesForm(forms.Form):
    """The third part of a card: when one is free each week, on one's own clock."""

    boxes = forms.MultipleChoiceField(
        label=_("When are you free?"),
        required=False,
        choices=[(f"{day} {part}", part) for day in range(7) for part in week.PARTS],
    )
    kept = WeeklyField(label=_("Your own times"), required=False, coerce=read, widget=Checks)
    day = forms.TypedChoiceField(
        label=_("Day"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Choose a day")), *WEEKDAYS.items()],
    )
    begins = forms.TimeField(
        label=_("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    ends = forms.TimeField(
        label=_("To"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )

    def __init__(self, *args: Any, free: list[Free], **kwargs: Any) -> None:
        ticked = [f"{weekday} {part}" for weekday, part in week.ticked(free)]
        beside = week.beside(free)
        kwargs["initial"] = {"boxes": ticked, "kept": [spelled(time) for time in beside]}
        super().__init__(*args, **kwargs)
        field = self.fields["kept"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(spelled(time), in_words(time)) for time in beside]

    @property
    def heads(self) -> list[tuple[str, str, str]]:
        """The parts of a day, as (word, when it begins, when it ends)."""
        words = {
            "morning": gettext("Morning"),
            "midday": gettext("Midday"),
            "afternoon": gettext("Afternoon"),
            "evening": gettext("Evening"),
        }
        return [
            (words[part], clock(_of_day(begins)), clock(_of_day(ends)))
            for part, (begins, ends) in week.PARTS.items()
        ]

    @property
    def rows(self) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
        """The week as a table: each day, in long and in short, with its boxes, as (value, part,
        whether it is ticked).
        """
        on = set(self["boxes"].value() or ())
        words = [word for word, *_hours in self.heads]
        return [
            (
                str(name),
                str(WEEKDAYS_ABBR[day]),
                [
                    (f"{day} {part}", word, f"{day} {part}" in on)
                    for part, word in zip(week.PARTS, words, strict=True)
                ],
            )
            for day, name in WEEKDAYS.items()
        ]

    def clean(self) -> dict[str, Any]:
        """A time of one's own has a day, a beginning and a later end; midnight is an end as well."""
        data = super().clean() or self.cleaned_data
        parts = {name: data.get(name) for name in ("day", "begins", "ends")}
        if self.errors or all(value is None for value in parts.values()):
            return data
        for name, value in parts.items():
            if value is None:
                self.add_error(name, gettext("A time needs a day, a beginning and an end."))
        if None not in parts.values():
            begins = _minute(parts["begins"])
            ends = _minute(parts["ends"]) or 24 * 60
            if ends <= begins:
                self.add_error(
                    "ends",
                    gettext("This ends before it begins. What goes past midnight is two times."),
                )
            else:
                data["own"] = Free(cast(int, parts["day"]), begins, ends)
        return data

    @property
    def times(self) -> list[Free]:
        """All the free time that was said."""
        boxes = [value.split() for value in self.cleaned_data["boxes"]]
        times = [week.box(int(day), part) for day, part in boxes]
        own = self.cleaned_data.get("own")
        return [*times, *self.cleaned_data["kept"], *([own] if own else [])]


def _minute(at: Any) -> int:
    return int(at.hour * 60 + at.minute)
