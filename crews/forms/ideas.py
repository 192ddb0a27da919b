"""Forms around crew ideas. They parse and clean; verbs do the rest."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.models import Member
from congregation.widgets import PickMany, Picks, Switch
from crews.models import Answer, CrewKind, Idea, NotWith, Tempo

LENGTHS: Final = (30, 45, 60, 75, 90, 105, 120, 150, 180, 240, 300, 360)


class IdeaForm(OnceForm):
    """A crew idea, asked for in parts of at most four fields; the parts not shown are carried along."""

    PARTS: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("name", "intention", "answer_by"),
        ("kind", "tempo", "times", "minutes"),
        ("begins_on", "begins_at", "place", "is_online"),
        ("format", "holds", "ritual", "spoils"),
    )

    name = forms.CharField(
        label=_("What shall it be called?"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    intention = forms.CharField(
        label=_("What for?"),
        max_length=600,
        help_text=_("One or two sentences that let someone feel whether it is for them."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    answer_by = forms.DateField(
        label=_("Until when can people answer?"),
        required=False,
        help_text=_("Empty is fine: then it stays open for four weeks."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    kind = forms.ChoiceField(
        label=_("What kind of crew?"), choices=CrewKind, widget=Picks(css="two small-picks")
    )
    tempo = forms.ChoiceField(label=_("How often?"), choices=Tempo, widget=Switch)
    times = forms.IntegerField(
        label=_("How many times, before you all look back?"),
        min_value=2,
        max_value=26,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Six is a good number. Then each decides anew, so that leaving is easy."),
    )
    minutes = forms.TypedChoiceField(
        label=_("How long each time?"),
        coerce=int,
        choices=[(length, length) for length in LENGTHS],
    )
    begins_on = forms.DateField(
        label=_("On which day, first?"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    begins_at = forms.TimeField(
        label=_("At"), widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    place = forms.CharField(
        label=_("Where?"),
        required=False,
        max_length=120,
        help_text=_("Everyone in the congregation reads it: a village or a house’s name will do."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_online = forms.BooleanField(label=_("One can join online"), required=False)
    format = forms.CharField(
        label=_("What we do together"),
        required=False,
        max_length=200,
        help_text=_("“A round of where each is, then one person’s question.”"),
    )
    holds = forms.CharField(
        label=_("What we hold"),
        required=False,
        max_length=200,
        help_text=_("“Hands busy, talk slow. No teaching unless asked.”"),
    )
    ritual = forms.CharField(
        label=_("A ritual"),
        required=False,
        max_length=200,
        help_text=_("“Tea first. At the end: what did you mend?”"),
    )
    spoils = forms.CharField(
        label=_("What would spoil it"),
        required=False,
        max_length=200,
        help_text=_("“Advice. Hurry.”"),
    )

    def __init__(self, *args: Any, member: Member, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.zone = now, ZoneInfo(member.zone)
        self.at = 0
        today = now.astimezone(self.zone).date()
        for name in ("begins_on", "answer_by"):
            self.fields[name].widget.attrs["min"] = today.isoformat()
        length = self.fields["minutes"]
        assert isinstance(length, forms.ChoiceField)
        length.choices = [(minutes, length_in_words(minutes)) for minutes in LENGTHS]

    @classmethod
    def blank(cls) -> dict[str, Any]:
        """Return what stands in a new one."""
        return {
            "kind": CrewKind.SUPPORT.value,
            "tempo": Tempo.WEEKLY.value,
            "times": 6,
            "minutes": 90,
            "begins_at": "19:00",
        }

    @classmethod
    def like(cls, idea: Idea) -> dict[str, Any]:
        """Return what stands in one that floats an earlier idea anew."""
        names = [
            name for part in cls.PARTS for name in part if name not in {"begins_on", "answer_by"}
        ]
        return {name: getattr(idea, name) for name in names} | {
            "begins_at": idea.begins_at.strftime("%H:%M")
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on, at = data.get("begins_on"), data.get("begins_at")
        if isinstance(on, date) and isinstance(at, time):
            starts = datetime.combine(on, at, self.zone).astimezone(UTC)
            if starts <= self.now:
                self.add_error("begins_on", gettext("That moment has passed; choose one to come."))
            elif starts > self.now + timedelta(days=365):
                self.add_error("begins_on", gettext("Choose a day within a year."))
        if not (data.get("place") or data.get("is_online") or "place" in self.errors):
            self.add_error("place", gettext("Say where, or that one can join online."))
        return data

    def turn_to(self, part: int, *, checked: int) -> bool:
        """Show a part, or the first of those checked that needs another look; tell which it was.

        Only what was asked already is checked: the parts before `checked`.
        """
        asked = {name for names in self.PARTS[:checked] for name in names}
        for name in [name for name in self.errors if name not in asked]:
            del self.errors[name]
        wrong = [i for i, names in enumerate(self.PARTS) if any(n in self.errors for n in names)]
        self.at = wrong[0] if wrong else max(0, min(part, len(self.PARTS) - 1))
        return not wrong

    @property
    def shown(self) -> list[BoundField]:
        """The fields of the part that is shown."""
        return [self[name] for name in self.PARTS[self.at]]

    @property
    def carried(self) -> list[BoundField]:
        """The fields of the other parts, to be carried along."""
        return [self[name] for i, names in enumerate(self.PARTS) for name in names if i != self.at]

    @property
    def path(self) -> list[dict[str, Any]]:
        """The parts by name, where one is, and what was said in those done."""
        return [
            {
                "name": name,
                "is_now": i == self.at,
                "is_done": i < self.at,
                "words": self["name"].value() if i == 0 and self.at else "",
            }
            for i, name in enumerate(
                [
                    gettext("The invitation"),
                    gettext("The rhythm"),
                    gettext("The first time"),
                    gettext("What we hold"),
                ]
            )
        ]

    @property
    def heading(self) -> str:
        """The name of the part that is shown."""
        return str(self.path[self.at]["name"])

    @property
    def is_last(self) -> bool:
        """Whether nothing comes after this part."""
        return self.at == len(self.PARTS) - 1

    @property
    def what(self) -> dict[str, Any]:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for part in self.PARTS for name in part}


def length_in_words(minutes: int) -> str:
    """Return how long a meeting lasts: "1½ hours"."""
    if minutes < 60 or minutes % 30:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    half = "½" if minutes % 60 else ""
    return ngettext("%(n)s hour", "%(n)s hours", 1 if minutes == 60 else 2) % {
        "n": f"{minutes // 60}{half}"
    }


class AnswerForm(forms.Form):
    """What one says to an idea; the button that is pressed is the choice."""

    choice = forms.ChoiceField(choices=Answer.Choice, required=False)
    word = forms.CharField(
        label=_("A word"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_choice(self) -> str:
        return str(self.cleaned_data["choice"] or Answer.Choice.JOIN)


class AskForm(forms.Form):
    """Whom the caller asks to a table: some of those who would join."""

    people = forms.ModelMultipleChoiceField(
        label=_("Who is asked"),
        queryset=Member.objects.none(),
        widget=PickMany(quiet=True),
        error_messages={"required": _("Choose whom to ask.")},
    )

    def __init__(self, *args: Any, idea: Idea, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        joining = Answer.objects.visible_to(member).filter(idea=idea, choice=Answer.Choice.JOIN)
        people = (
            Member.objects.visible_to(member)
            .filter(pk__in=joining.values("member_id"))
            .exclude(pk=idea.caller_id)
            .exclude(pk__in=NotWith.objects.visible_to(member).values("other_id"))
            .order_by("name_key")
        )
        field = self.fields["people"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = people
        self.joining = list(people)
        field.initial = [person.pk for person in self.joining[: idea.most_asked]]
        widget = field.widget
        assert isinstance(widget, PickMany)
        widget.faces, widget.reader = {person.pk: person for person in self.joining}, member


class YesForm(forms.Form):
    """A private yes or no."""

    is_yes = forms.TypedChoiceField(
        choices=[("yes", _("Yes")), ("no", _("Not this time"))],
        coerce=lambda said: said == "yes",
    )
