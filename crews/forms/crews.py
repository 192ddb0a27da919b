"""Forms around a crew: its agreement, its pins, a request to join. Verbs do the rest."""

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.widgets import Picks
from crews.models import Agreement, Pin


class AgreementForm(forms.Form):
    """What a crew agrees, in three conversations and some lines; `read` is the version that the writer has read."""

    read = forms.IntegerField(min_value=0, initial=0, widget=forms.HiddenInput)
    ideal = forms.CharField(
        label=_("What would be ideal?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    spoils = forms.CharField(
        label=_("What would spoil it?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    bounds = forms.CharField(
        label=_("What is out of bounds?"),
        required=False,
        max_length=300,
        help_text=_("Topics, advice, phones: what each of you would rather not have at the table."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    times = forms.CharField(
        label=_("When and where do we meet?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    places = forms.CharField(
        label=_("Whose place, and whose turn to host?"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    least = forms.CharField(
        label=_("How many of us does it take to meet?"),
        required=False,
        max_length=200,
        help_text=_("“At least four of us, or we move it.”"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    commits = forms.CharField(
        label=_("What does each of us commit to, and until when?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    shares = forms.CharField(
        label=_("How is the work shared?"),
        required=False,
        max_length=300,
        help_text=_("Inviting, preparing, tidying, noticing: the work that is easily overlooked."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    keeps = forms.CharField(
        label=_("What stays among us?"),
        required=False,
        max_length=300,
        help_text=_("“What’s said at the table stays at the table.”"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    lines = forms.CharField(
        label=_("What we hold to"),
        required=False,
        max_length=2000,
        help_text=_("Anything else, one line each, such as: We begin with food."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, latest: Agreement | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest = latest

    @staticmethod
    def fair() -> str:
        """Return what a first version says of the work, until its people write it anew."""
        return gettext(
            "We share the work fairly. Nobody has to do it, and whoever does is thanked."
        )

    @property
    def words(self) -> dict[str, str]:
        """What the verb takes, with one kind of line ending."""
        return {
            name: str(self.cleaned_data[name]).replace("\r\n", "\n") for name in Agreement.WORDS
        }

    def conversations(self) -> list[list[tuple[BoundField, str]]]:
        """Return the three conversations and the lines: each field beside what others wrote meanwhile."""
        return [
            [(self[name], self._theirs(name)) for name in names]
            for names in (
                ("ideal", "spoils", "bounds"),
                ("times", "places", "least"),
                ("commits", "shares"),
                ("keeps", "lines"),
            )
        ]

    def _theirs(self, name: str) -> str:
        if not (self.is_bound and self.latest):
            return ""
        words = self.latest.words[name]
        return words if words != str(self[name].value() or "").replace("\r\n", "\n") else ""


class PinForm(OnceForm):
    """A note or a link for the crew's board."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=Pin.Kind,
        initial=Pin.Kind.LINK,
        widget=Picks(css="three small-picks"),
    )
    words = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    url = forms.CharField(
        label=_("Link"),
        required=False,
        max_length=500,
        help_text=_("Of a page, or of your chat’s invitation. A note needs none."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "autocapitalize": "off"}
        ),
    )


class RequestForm(OnceForm):
    """A wish to join a crew."""

    word = forms.CharField(
        label=_("A word to them"),
        required=False,
        max_length=500,
        help_text=_("What draws you, and when you are free. Only this crew reads it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ClosingForm(forms.Form):
    """One person's part of the page that a crew closes with."""

    made = forms.CharField(
        label=_("What did we make?"),
        required=False,
        max_length=1000,
        help_text=_("Things, habits, courage: whatever there is now that wasn’t there before."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    thanks = forms.CharField(
        label=_("Whom do you thank, and what for?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LessonForm(OnceForm):
    """What a crew would give to the others here."""

    words = forms.CharField(
        label=_("What have you learned that others could use?"),
        max_length=1000,
        help_text=_("Without names, and nothing that was said in confidence."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class FarewellForm(forms.Form):
    """A few words with which one leaves, or none."""

    farewell = forms.CharField(
        label=_("A few words to them"),
        required=False,
        max_length=500,
        help_text=_("Only this crew reads them. None is fine too."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
