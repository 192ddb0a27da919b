"""A crew's own version of a practice: its title, what for, and its steps."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from rhythms.practices import catalogue
from rhythms.practices.own import MOST_MINUTES, MOST_STEPS, Own, OwnStep

OFF = {"autocomplete": "off"}
# So many empty ones stand below those that are written.
SPARE = 2


class StepForm(forms.Form):
    """One step; without a name it is none."""

    name = forms.CharField(
        label=_("Step"), max_length=60, required=False, widget=forms.TextInput(attrs=OFF)
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    prompt = forms.CharField(
        label=_("What to ask or do"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    each = forms.BooleanField(label=_("One after the other, each of us"), required=False)
    place = forms.IntegerField(
        label=_("Order"),
        min_value=1,
        max_value=99,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """A step with a name has minutes; one whose name was taken away is taken away."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("name") and not said.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", gettext("How many minutes?"))
        if said.get("prompt") and not said.get("name") and not self.initial.get("name"):
            self.add_error("name", gettext("What is this step called?"))
        return said


class OwnPracticeForm(OnceForm):
    """A practice in a crew's own words; `read` is the version that the writer has read."""

    read = forms.IntegerField(min_value=0, initial=0, required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("What do you call it?"), max_length=60, widget=forms.TextInput(attrs=OFF)
    )
    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    asks_yes = forms.BooleanField(
        label=_("Each of us says yes before we begin"),
        required=False,
        help_text=_("For whatever may go deep."),
    )

    def __init__(self, *args: Any, own: Own, **kwargs: Any) -> None:
        initial = {"name": own.name, "purpose": own.purpose, "asks_yes": own.asks_yes}
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.based_on = own.based_on
        base = catalogue.BY_KEY.get(own.based_on)
        if base and base.is_intimate:
            # What is intimate stays so.
            del self.fields["asks_yes"]
        known = [
            {
                "name": step.name,
                "minutes": step.minutes,
                "prompt": step.prompt,
                "each": step.each,
                "place": place,
            }
            for place, step in enumerate(own.steps, 1)
        ]
        rows = MOST_STEPS if self.is_bound else min(max(len(known) + SPARE, 3), MOST_STEPS)
        self.steps = [
            StepForm(
                self.data if self.is_bound else None,
                prefix=f"s{at}",
                initial=known[at] if at < len(known) else {"place": at + 1},
            )
            for at in range(rows)
            if not self.is_bound or f"s{at}-name" in self.data
        ]

    def clean(self) -> dict[str, Any]:
        """All steps hold, and there is one at least."""
        said: dict[str, Any] = super().clean() or {}
        valid = [step.is_valid() for step in self.steps]  # each, so that each says what is wrong
        if not all(valid):
            raise ValidationError(gettext("One of the steps needs another look."))
        if not any(step.cleaned_data.get("name") for step in self.steps):
            raise ValidationError(gettext("A practice has one step at least."))
        return said

    @property
    def own(self) -> Own:
        """What was written."""
        rows = [step.cleaned_data for step in self.steps if step.cleaned_data.get("name")]
        rows.sort(key=lambda row: row.get("place") or 99)
        said = self.cleaned_data
        return Own(
            name=" ".join(said["name"].split()),
            purpose=said["purpose"].replace("\r\n", "\n"),
            steps=tuple(
                OwnStep(
                    row["name"], row["minutes"], row["prompt"].replace("\r\n", "\n"), row["each"]
                )
                for row in rows
            ),
            based_on=self.based_on,
            asks_yes=said.get("asks_yes", True),
        )
