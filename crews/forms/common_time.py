"""A week of boxes twice over: when one could meet, and when if need be."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crews import week
from crews.forms.ideas import LENGTHS, length_in_words
from crews.forms.pool import TimesForm
from crews.models import Tempo
from crews.rules import Free


class CommonTimeForm(TimesForm):
    """When one could meet a circle each week, on one's own clock; what is free wins over if need be."""

    need = forms.MultipleChoiceField(
        label=_("And if need be?"),
        required=False,
        choices=[(f"{day} {part}", part) for day in range(7) for part in week.PARTS],
    )

    def __init__(
        self, *args: Any, free: list[Free], if_need_be: Iterable[Free] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, free=free, **kwargs)
        self.initial["need"] = [f"{day} {part}" for day, part in week.ticked(if_need_be)]

    @property
    def need_rows(self) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
        """The week as a table once more, with what is ticked there."""
        on = set(self["need"].value() or ())
        return [
            (day, short, [(value, word, value in on) for value, word, _is_on in boxes])
            for day, short, boxes in self.rows
        ]

    @property
    def if_need_be(self) -> list[Free]:
        """The time that was said to be good if need be."""
        free = set(self.cleaned_data["boxes"])
        boxes = [value.split() for value in self.cleaned_data["need"] if value not in free]
        return [week.box(int(day), part) for day, part in boxes]


class CycleForm(forms.Form):
    """Which cycle the times are looked for: how often, how many times, how long."""

    tempo = forms.ChoiceField(label=_("How often"), choices=Tempo)
    times = forms.IntegerField(label=_("How many times"), min_value=2, max_value=26)
    minutes = forms.TypedChoiceField(
        label=_("How long"),
        coerce=int,
        choices=[(length, length_in_words(length)) for length in LENGTHS],
    )
