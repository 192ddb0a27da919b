"""What people write at a look-back, the change they choose, and the next table they propose."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congregation.forms import OnceForm
from congregation.models import Member
from congregation.widgets import Picks
from crews.models import Tempo
from rhythms import phrases
from rhythms.models import Answers, Change, Decision, Helped, LookBack
from rhythms.models.slip import LONGEST_ANSWER
from rhythms.prompts import Kin


class Words(forms.CharField):
    """A text of some lines; one pressed Enter is one sign, as the page counts it."""

    def __init__(self, label: Any, most: int, rows: int) -> None:
        super().__init__(
            label=label,
            max_length=most,
            required=False,
            widget=forms.Textarea(attrs={"rows": rows}),
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class LookBackForm(forms.Form):
    """One person's look-back. Every text may stay empty; to be laid down it may need a way on."""

    would_carry = forms.BooleanField(label=gettext_lazy("I could carry a change"), required=False)
    without_names = forms.BooleanField(
        label=gettext_lazy("This time I’d rather have it without names"), required=False
    )
    way = forms.ChoiceField(
        label=gettext_lazy("And you, from here?"),
        choices=Decision.Way,
        error_messages={"required": Decision.NO_WAY, "invalid_choice": Decision.NO_WAY},
        widget=Picks(css="two outcome"),
    )
    word = forms.CharField(
        label=gettext_lazy("A word with it"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        lookback: LookBack,
        changes: Sequence[Change] = (),
        is_draft: bool = False,
        answers: Answers | None = None,
    ) -> None:
        answers = answers or Answers()
        initial = {
            **answers.said,
            **{_helped(pk): answer for pk, answer in answers.helped.items()},
            "would_carry": answers.would_carry,
            "without_names": answers.without_names,
            "way": answers.way,
            "word": answers.word,
        }
        super().__init__(data, initial=initial)
        self.lookback, self.changes = lookback, changes
        for prompt in lookback.parts:
            rows = 3 if prompt.kin == Kin.CHEER else 2
            self.fields[prompt.key] = Words(prompt.question, LONGEST_ANSWER, rows)
        hard = next((prompt.key for prompt in lookback.parts if prompt.kin == Kin.HARD), None)
        if hard:
            self.fields[hard].help_text = _(
                "Say it the way you’d want to hear it. Leaving it empty is an answer too."
            )
        for change in changes:
            self.fields[_helped(change.pk)] = forms.ChoiceField(
                label=_("Did it help?"),
                choices=Helped.Answer,
                required=False,
                # It stands beside the form, with what it is about.
                widget=Picks({"form": "look-back"}, css="three small-picks"),
            )
        if not lookback.with_names:
            del self.fields["without_names"]
        if not lookback.asks_way:
            del self.fields["way"], self.fields["word"]
            return
        self.fields["way"].help_text = _(
            "Your own answer, for you alone. If you say nothing, your commitment ends and your "
            "seat is kept for one cycle."
        )
        if lookback.kind == LookBack.Kind.QUARTER:
            self.fields["way"].help_text = _(
                "Your own answer, for you alone. If you say nothing, your part ends and your seat "
                "is kept for a quarter; one tap takes it again. The others go on."
            )
        self.fields["way"].required = not is_draft
        picks = self.fields["way"].widget
        assert isinstance(picks, Picks)
        times = lookback.commitment.times
        picks.notes = {
            "go": _("%(number)s more, as we are") % {"number": phrases.number(times).capitalize()}
            if times
            else _("On, as we are"),
            "change": _("Yes, if something changes"),
            "rest": _("Keep my seat for a while"),
            "end": _("With thanks, and well"),
        }

    def cheer(self) -> BoundField:
        """Return the field that every look-back begins with."""
        return self[self.lookback.parts[0].key]

    def rest(self) -> list[BoundField]:
        """Return the fields of the other prompts."""
        return [self[prompt.key] for prompt in self.lookback.parts[1:]]

    def tried(self) -> list[tuple[Change, BoundField]]:
        """Return the changes of the last look-back, each with the field for how it went."""
        return [(change, self[_helped(change.pk)]) for change in self.changes]

    @property
    def answers(self) -> Answers:
        """What was written, once it holds."""
        said = self.cleaned_data
        return Answers(
            said={prompt.key: said[prompt.key] for prompt in self.lookback.parts},
            helped={change.pk: said[_helped(change.pk)] for change in self.changes},
            would_carry=said["would_carry"],
            without_names=said.get("without_names", False),
            way=said.get("way", ""),
            word=said.get("word", ""),
        )


def _helped(change: uuid.UUID) -> str:
    """Return the name of the field for how a change went."""
    return f"helped-{change}"


class ChangeForm(forms.Form):
    """A change that the crew tries, out of what was said or in new words, and its carrier."""

    suggestion = forms.ChoiceField(
        label=gettext_lazy("What was said"), required=False, widget=Picks()
    )
    own = forms.CharField(
        label=gettext_lazy("Or in words of your own"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    carrier = forms.ChoiceField(
        label=gettext_lazy("Who carries it?"),
        error_messages={"required": gettext_lazy("A change needs someone who carries it.")},
        widget=Picks(css="two"),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        suggestions: Sequence[str],
        people: Sequence[Member],
        offers: Collection[Any] = (),
        reader: Member | None = None,
    ) -> None:
        # What was chosen already can be handed to another; new words are always new.
        self.said = dict(enumerate(dict.fromkeys(words[:300] for words in suggestions), 1))
        super().__init__(data)
        # Those who offered come first.
        self.people = {
            str(person.pk): person
            for person in sorted(people, key=lambda person: person.pk not in offers)
        }
        self._choices("suggestion", [(str(key), words) for key, words in self.said.items()])
        picks = self._choices("carrier", [(pk, who.first_name) for pk, who in self.people.items()])
        picks.faces, picks.reader = self.people, reader
        picks.notes = {str(pk): _("could carry one") for pk in offers}
        if not self.said:
            del self.fields["suggestion"]
            self.fields["own"].label = _("The change, in a sentence")

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> Picks:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        assert isinstance(field.widget, Picks)
        return field.widget

    @property
    def change(self) -> str:
        """The words of the change; one's own are taken before what was picked."""
        picked = self.cleaned_data.get("suggestion") or ""
        return str(self.cleaned_data["own"] or (self.said[int(picked)] if picked else ""))

    @property
    def who(self) -> Member:
        """Who carries it."""
        return self.people[self.cleaned_data["carrier"]]


class NextForm(OnceForm):
    """Another tempo, first date or number of times for the next table."""

    tempo = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=Tempo, widget=Picks(css="three small-picks")
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First meeting"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    times = forms.IntegerField(
        label=gettext_lazy("How many times"),
        validators=[MinValueValidator(2), MaxValueValidator(26)],
        widget=forms.NumberInput(attrs={"min": 2, "max": 26, "inputmode": "numeric"}),
    )
