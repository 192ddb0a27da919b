"""The filters of the directories of crews and ideas, as they stand in the address."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from congregation.widgets import Checks
from crews.models import CrewKind, Tempo


class DirectoryForm(forms.Form):
    """What someone asks of a directory; those of the filters that it has not are left out."""

    kind = forms.MultipleChoiceField(
        label=_("Kind"), required=False, choices=CrewKind, widget=Checks
    )
    tempo = forms.MultipleChoiceField(
        label=_("Tempo"), required=False, choices=Tempo, widget=Checks
    )
    where = forms.MultipleChoiceField(
        label=_("Where"),
        required=False,
        choices=[("place", _("In person")), ("online", _("Online"))],
        widget=Checks,
    )
    room = forms.MultipleChoiceField(
        required=False, choices=[("1", _("With room"))], widget=forms.MultipleHiddenInput
    )

    def __init__(self, *args: Any, facets: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(facets):
            del self.fields[name]

    @property
    def asked(self) -> dict[str, list[str]]:
        """What of the address makes sense; the rest is left out rather than refused."""
        self.is_valid()
        return {name: values for name, values in self.cleaned_data.items() if values}

    @property
    def pills(self) -> list[tuple[str, str, str]]:
        """Each filter that is on, as (field, value, words); room has a switch of its own."""
        return [
            (name, value, str(dict(cast(Any, self.fields[name]).choices)[value]))
            for name, values in self.asked.items()
            for value in values
            if name != "room"
        ]

    def count(self, name: str, many: Mapping[str, int]) -> None:
        """Say beside each choice of a filter how many it would leave."""
        field = self.fields[name]
        if isinstance(field.widget, Checks):
            choices = cast(Any, field).choices
            field.widget.counts = {value: many.get(str(value), 0) for value, _label in choices}
