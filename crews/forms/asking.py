"""Forms around what a table, or someone, is asked. They parse and clean; verbs do the rest."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm
from congregation.models import Member
from congregation.widgets import Picks
from crews.models import Crew, Seat


class SomeoneForm(OnceForm):
    """Somebody of the congregation, by name."""

    person = forms.ModelChoiceField(
        label=_("Whom?"),
        queryset=Member.objects.none(),
        empty_label=_("Choose someone"),
        error_messages={"required": _("Choose someone.")},
    )

    def __init__(self, *args: Any, crew: Crew, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        there = Seat.objects.visible_to(member).taken().filter(crew=crew).values("member_id")
        field.queryset = self.among(Member.objects.visible_to(member), there).order_by("name_key")

    def among(self, people: Any, there: Any) -> Any:
        """Return whom of all the choice is: who doesn't sit there, and is here."""
        return people.exclude(pk__in=there)


class OneOfUsForm(SomeoneForm):
    """One of those at the table, oneself left out."""

    def __init__(self, *args: Any, crew: Crew, member: Member, **kwargs: Any) -> None:
        self.member = member
        super().__init__(*args, crew=crew, member=member, **kwargs)

    def among(self, people: Any, there: Any) -> Any:
        return people.filter(pk__in=there).exclude(pk=self.member.pk)


class WordForm(OnceForm):
    """A few words to someone whom one asks."""

    word = forms.CharField(
        label=_("A few words"),
        required=False,
        max_length=500,
        help_text=_("What you imagine, and how often. Only they read it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class MeetForm(OnceForm):
    """Another crew to mix with."""

    crew = forms.ModelChoiceField(
        label=_("Which crew?"),
        queryset=Crew.objects.none(),
        empty_label=_("Choose a crew"),
        error_messages={"required": _("Choose a crew.")},
    )

    def __init__(self, *args: Any, crew: Crew, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["crew"]
        assert isinstance(field, forms.ModelChoiceField)
        others = Crew.objects.visible_to(member).alive().filter(is_partnership=False)
        field.queryset = others.exclude(pk=crew.pk).order_by("name")


class SitForm(OnceForm):
    """Who sits at which of two tables, person by person, and what a new table is called."""

    name = forms.CharField(
        label=_("What is the new table called?"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, seats: list[Seat], crew: Crew, other: Crew | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.seats = seats
        if other is not None:
            del self.fields["name"]
        words = [("1", crew.name), ("2", other.name if other else gettext("The new table"))]
        for seat in seats:
            self.fields[f"at-{seat.member_id}"] = forms.ChoiceField(
                label=seat.member.name,
                choices=words,
                initial="2" if other is not None and seat.crew_id == other.pk else "1",
                widget=Picks(css="two small-picks"),
                error_messages={"required": _("Choose a table.")},
            )

    @property
    def tables(self) -> dict[uuid.UUID, int]:
        """Who would sit at which table, by the person's id."""
        return {
            seat.member_id: int(self.cleaned_data[f"at-{seat.member_id}"]) for seat in self.seats
        }


class IntroduceForm(OnceForm):
    """To whom a host would introduce someone: a crew with an open seat, or someone else."""

    crew = forms.ModelChoiceField(
        label=_("To a crew with an open seat"),
        queryset=Crew.objects.none(),
        required=False,
        empty_label=_("No crew"),
    )
    other = forms.ModelChoiceField(
        label=_("Or to someone"),
        queryset=Member.objects.none(),
        required=False,
        empty_label=_("Nobody"),
    )

    def __init__(self, *args: Any, person: Member, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        crew, other = self.fields["crew"], self.fields["other"]
        assert isinstance(crew, forms.ModelChoiceField)
        assert isinstance(other, forms.ModelChoiceField)
        rooms = Crew.objects.visible_to(member).with_room().filter(is_partnership=False)
        crew.queryset = rooms.order_by("name")
        here = Member.objects.visible_to(member)
        other.queryset = here.exclude(pk=person.pk).order_by("name_key")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("crew")) == bool(data.get("other")):
            self.add_error(None, gettext("Choose a crew, or someone: one of the two."))
        return data
