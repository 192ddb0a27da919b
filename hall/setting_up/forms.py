"""What each part of the set-up asks: at most four fields."""

import uuid
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation import handles
from congregation.forms import plain_name, zones
from congregation.models import User
from congregation.widgets import Choices
from hall.arriving import Promise
from hall.setting_up.beginning import MINUTES, Said, promise
from rhythms.forms.evening import moment


class PartForm(forms.Form):
    """One part of the set-up, at a moment. `said` is what the other parts were told, by their names."""

    def __init__(self, *args: Any, said: Said, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said, self.now = said, now

    def keep(self) -> dict[str, str]:
        """Return what is kept of it, in the session."""
        return {name: str(value or "") for name, value in self.cleaned_data.items()}


class WayForm(PartForm):
    """How to begin."""

    way = forms.ChoiceField(label=_("How do you want to begin?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from hall.setting_up.ways import WAYS

        super().__init__(*args, **kwargs)
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        open_ones = [one for one in WAYS if not one.why_not]
        css = "three" if len(open_ones) == 3 else "pair"
        widget = Ways(css=css, quiet=True, notes={one.name: one.note for one in WAYS})
        widget.pictures = {one.name: one.picture for one in WAYS}
        field.widget = widget
        field.choices = [(one.name, one.label) for one in open_ones]
        field.initial = WAYS[0].name


class Ways(Choices):
    """The ways to begin, each with its picture."""

    template_name = "hall/setup/ways.html"
    pictures: Mapping[str, str]

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["picture"] = self.pictures[str(value)]
        return option


class TableForm(PartForm):
    """What people who meet are called, and by which clock they do."""

    field_order = ("name", "region", "word", "purpose", "seats", "zone")

    zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("The clock by which you meet."),
        choices=lambda: [("", _("Choose one")), *zones()],
        widget=forms.Select(attrs={"autocomplete": "off", "data-zone": ""}),
    )

    def clean_name(self) -> str:
        """A name has a letter in it."""
        return plain_name(self.cleaned_data["name"], gettext("What is it called?"))


class CongregationForm(TableForm):
    """What the congregation is called, where it is, by which clock it lives."""

    name = forms.CharField(
        label=_("Its name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    region = forms.CharField(
        label=_("Where it is"),
        max_length=80,
        required=False,
        help_text=_("A valley, a town, a part of one"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    word = forms.CharField(
        label=_("What you call yourselves"),
        max_length=40,
        required=False,
        help_text=_("Congregation, community, network, or a word of your own"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_word(self) -> str:
        """Without a word of their own it is the usual one."""
        return " ".join(str(self.cleaned_data["word"]).split()) or "congregation"


class CrewForm(TableForm):
    """What the one crew is called and for, how many fit round its table, by which clock it meets."""

    name = forms.CharField(
        label=_("The crew’s name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.CharField(
        label=_("What it is for"),
        max_length=300,
        required=False,
        help_text=_("One purpose, in a sentence"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seats = forms.TypedChoiceField(
        label=_("Seats at the table"),
        help_text=_("Yours is one of them."),
        choices=[(number, number) for number in range(3, 9)],
        coerce=int,
        initial=6,
    )


class EveningForm(PartForm):
    """When and where people first sit down together."""

    date = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"),
        initial=time(18, 30),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    place = forms.CharField(
        label=_("Place"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean(self) -> dict[str, Any]:
        """An evening lies ahead, by the clock of the congregation."""
        said = super().clean() or {}
        zone = self.said.get("congregation", {}).get("zone")
        if self.now and zone and said.get("date") and said.get("time"):
            ends = moment(said["date"], said["time"], zone) + timedelta(minutes=MINUTES)
            if ends <= self.now:
                self.add_error("date", gettext("That moment has passed; choose one to come."))
        return said


def password_field(**said: Any) -> forms.CharField:
    """Return a field for a password that is being chosen."""
    return forms.CharField(
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        **said,
    )


class HostForm(PartForm):
    """Who the first host is, and how they sign in. Of the password only its hash is kept.

    Who would rather give no address says so with a button, `without`. They are known by a name that is made up, and
    choose what they come in with on the last page, where that name stands.
    """

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("For sign-in codes, and for the test mail that comes next. No member sees it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = password_field(label=_("Password"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = self.said.get("you", {})
        self.kept, self.is_nameless = before.get("password", ""), "without" in self.data
        if self.is_nameless:
            # Whoever would rather give none may have begun to type one.
            self.fields["email"] = forms.CharField(required=False, label=_("E-mail"))
            del self.fields["password"]
            return
        self.fields["password"].help_text = (
            _("You chose one already. Leave this empty to keep it.")
            if self.kept
            else _(
                "Ten letters or more. Leave it empty if you’d rather have a code mailed each time you sign in."
            )
        )

    def clean_name(self) -> str:
        """A name has a letter in it."""
        return plain_name(self.cleaned_data["name"], gettext("What should we call you?"))

    def clean_password(self) -> str:
        """Return the hash of what was typed, or what was kept before."""
        person = User(email=str(self.data.get("email", "")))
        return hashed_password(self.cleaned_data["password"], person, self.kept)

    def keep(self) -> dict[str, str]:
        """Return what is kept; for who gave no address, what they will be known by as well."""
        if not self.is_nameless:
            return super().keep()
        made = promise(self.said) or Promise(uuid.uuid4(), handles.make())
        return {**super().keep(), "email": "", "pk": str(made.pk), "handle": made.handle}


class PasswordForm(PartForm):
    """A password after all, where mail doesn't work."""

    password = password_field(
        label=_("A password to come in with"),
        help_text=_("Ten letters or more; a few words in a row are good."),
    )

    def clean_password(self) -> str:
        """Return the hash of what was typed."""
        person = User(email=self.said.get("you", {}).get("email", ""))
        return hashed_password(self.cleaned_data["password"], person)


def hashed_password(typed: str, person: User, kept: str = "") -> str:
    """Return the hash of a password that will do; what was kept where none was typed."""
    if not typed:
        return kept
    validate_password(typed, person)
    return make_password(typed)
