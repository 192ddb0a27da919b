"""Who sits down to a practice, and how many turns there are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from congregation.models import Member
from congregation.widgets import PickMany
from rhythms.models.sitting import MOST_PEOPLE, MOST_TURNS
from rhythms.practices.shape import Practice


class SittingForm(forms.Form):
    """Who is here; at a gathering how many; and how many turns, where that is another number."""

    here = forms.MultipleChoiceField(
        label=_("Who is here?"), required=False, widget=PickMany(css="two")
    )
    people = forms.IntegerField(
        label=_("About how many are you?"),
        min_value=1,
        max_value=MOST_PEOPLE,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    turns = forms.IntegerField(
        min_value=1,
        max_value=MOST_TURNS,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(
        self,
        *args: Any,
        guide: Practice,
        people: Sequence[Member],
        away: set[Any],
        reader: Member,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(person.pk): person for person in people}
        # Whoever sits down is here, and isn't asked.
        others = {key: person for key, person in self.known.items() if person.pk != reader.pk}
        if self.known:
            del self.fields["people"]
        if not others:
            del self.fields["here"]
        else:
            here = self.fields["here"]
            assert isinstance(here, forms.MultipleChoiceField)
            here.choices = [(key, person.first_name) for key, person in others.items()]
            here.initial = [key for key, person in others.items() if person.pk not in away]
            widget = here.widget
            assert isinstance(widget, PickMany)
            widget.faces, widget.reader = others, reader
        if not guide.has_turns:
            del self.fields["turns"]
        else:
            turns = self.fields["turns"]
            turns.label = guide.turns_label or _("How many turns?")
            turns.initial = guide.usual_turns
            if not guide.usual_turns:
                turns.help_text = _("Left empty: each of you has one.")

    @property
    def said(self) -> dict[str, Any]:
        """What the verb takes."""
        return {
            "here": [self.known[key] for key in self.cleaned_data.get("here", [])],
            "people": self.cleaned_data.get("people") or 0,
            "turns": self.cleaned_data.get("turns") or 0,
        }
