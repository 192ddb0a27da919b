"""What is put by for a look-back, how a crew looks back, and how what was said is grouped and weighed."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congregation.forms import OnceForm
from congregation.widgets import Choices, PickMany, Picks, Switch
from rhythms import prompts
from rhythms.found import Part
from rhythms.models import Theme
from rhythms.models.slip import LONGEST_SLIP
from rhythms.models.theme import DOTS


class SlipForm(OnceForm):
    """One thing to put by, and which question it will answer."""

    words = forms.CharField(
        label=gettext_lazy("In a few words"),
        max_length=LONGEST_SLIP,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    part = forms.ChoiceField(
        label=gettext_lazy("It belongs to"), widget=Picks(css="two small-picks")
    )

    def __init__(self, *args: Any, asks_by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = prompts.of(asks_by)
        field = self.fields["part"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(prompt.key, prompt.question) for prompt in asked]
        said = self.initial.get("part")
        # What was put by under other questions belongs to the one like its own.
        field.initial = prompts.place(str(said), asked) if said else asked[0].key
        self.initial.pop("part", None)


class MannerForm(forms.Form):
    """What a crew's look-back asks, and whether with names."""

    asks_by = forms.ChoiceField(
        label=gettext_lazy("What we are asked"),
        choices=prompts.NAMES,
        widget=Choices(),
    )
    names = forms.ChoiceField(
        label=gettext_lazy("Names"),
        choices=[
            ("off", gettext_lazy("Without names")),
            ("on", gettext_lazy("With names")),
        ],
        widget=Choices(
            notes={
                "off": gettext_lazy("When it opens, nothing says who wrote what."),
                "on": gettext_lazy(
                    "From three days after you chose it, in a look-back that opens then. Anyone can turn "
                    "it off again, and in each look-back one wish in private takes all names off."
                ),
            }
        ),
    )


class GroupForm(OnceForm):
    """Some answers to one question, and where they lie together."""

    part = forms.CharField(widget=forms.HiddenInput, required=False)
    slips = forms.TypedMultipleChoiceField(
        label=gettext_lazy("What belongs together?"),
        coerce=uuid.UUID,
        required=False,
        widget=PickMany(),
    )
    into = forms.ChoiceField(label=gettext_lazy("Lay it"), widget=Picks(css="two small-picks"))
    name = forms.CharField(
        label=gettext_lazy("What it has in common"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, part: Part) -> None:
        super().__init__(
            data,
            initial={"part": part.prompt.key, "into": "new"},
            auto_id=f"id_{part.prompt.key}_%s",
        )
        self.of = part
        self.lying = {str(heap.theme.pk): heap for heap in part.heaps if heap.theme}
        slips, into = self.fields["slips"], self.fields["into"]
        assert isinstance(slips, forms.ChoiceField)
        assert isinstance(into, forms.ChoiceField)
        slips.choices = [(str(slip.pk), slip.words) for slip in part.slips]
        assert isinstance(slips.widget, PickMany)
        slips.widget.notes = {
            str(slip.pk): heap.name for heap in part.heaps if heap.is_named for slip in heap.slips
        }
        named = [(pk, heap.name) for pk, heap in self.lying.items()]
        alone = [("out", _("Alone"))] if named else []
        into.choices = [("new", _("In a new group")), *named, *alone]

    @property
    def theme(self) -> Theme | None:
        """The group that was chosen, if it is one there is."""
        heap = self.lying.get(self.cleaned_data["into"])
        return heap.theme if heap else None


class WeighForm(forms.Form):
    """Three dots, on what weighs most; none is an answer too."""

    def __init__(
        self, data: Any = None, *, parts: Sequence[Part], laid: dict[object, int] | None = None
    ) -> None:
        self.heaps = {heap.theme.pk: heap for part in parts for heap in part.heaps if heap.theme}
        laid = laid or {}
        super().__init__(data, initial={_dots(pk): str(laid.get(pk, 0)) for pk in self.heaps})
        for pk, heap in self.heaps.items():
            self.fields[_dots(pk)] = forms.TypedChoiceField(
                label=heap.name,
                choices=[(str(n), str(n)) for n in range(DOTS + 1)],
                coerce=int,
                required=False,
                widget=Switch(),
            )
        self.parts = [
            (part, [(heap, self[_dots(heap.theme.pk)]) for heap in part.heaps if heap.theme])
            for part in parts
            if part.heaps
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if sum(int(said.get(_dots(pk)) or 0) for pk in self.heaps) > DOTS:
            raise forms.ValidationError(_("You have three dots in all; take some away."))
        return said

    @property
    def dots(self) -> dict[uuid.UUID, int]:
        """How many dots were laid on which theme."""
        return {pk: int(self.cleaned_data[_dots(pk)] or 0) for pk in self.heaps}


def _dots(pk: uuid.UUID) -> str:
    return f"dots-{pk}"
