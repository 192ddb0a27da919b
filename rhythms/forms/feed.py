"""What of one's meetings is to be read at an address, and how much of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Member
from congregation.widgets import Choices
from crews.models import Seat
from rhythms.models import Feed


class ShowsForm(forms.Form):
    """How much is to be read at an address."""

    shows = forms.ChoiceField(
        label=_("What it shows"),
        choices=Feed.Shows,
        initial=Feed.Shows.NAMES,
        widget=Choices(css="slim"),
    )


class FeedForm(ShowsForm):
    """Of which of one's meetings an address tells: all, those of one crew, or everyone's."""

    of = forms.ChoiceField(label=_("Which meetings"), widget=Choices(css="slim"))
    field_order = ("of", "shows")

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats = (
            Seat.objects.visible_to(member)
            .taken()
            .filter(member=member)
            .exclude(crew__state="ended")
            .select_related("crew")
            .order_by("crew__name", "pk")
        )
        self.own_seats = {str(seat.pk): seat for seat in seats}
        field = self.fields["of"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (Feed.Of.MINE.value, Feed.Of.MINE.label),
            *((pk, seat.crew.name) for pk, seat in self.own_seats.items()),
            (Feed.Of.ALL.value, Feed.Of.ALL.label),
        ]
        assert isinstance(field.widget, Choices)
        for made in Feed.objects.visible_to(member).alive():
            which = str(made.seat_id) if made.seat_id else made.of
            field.widget.notes[which] = gettext("It has an address; a new one ends that.")

    @property
    def seat(self) -> Seat | None:
        """The seat of the crew that was chosen, if one was."""
        return self.own_seats.get(self.cleaned_data["of"])

    @property
    def which(self) -> str:
        """Which kind of feed was chosen."""
        return Feed.Of.CREW if self.seat else str(self.cleaned_data["of"])
