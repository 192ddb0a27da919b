"""Forms of pages that span apps."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.forms import OnceForm, ProfileForm, is_zone, plain_name
from congregation.models import Host, Letter, Member, User
from congregation.widgets import Checks, Choices
from crews.models import Crew


class WelcomeForm(ProfileForm):
    """What an invited person says at the door, in four fields at most."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("We send a code to it, so that you alone come in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-zone": ""})
    )

    def __init__(self, *args: Any, asks_email: bool, without: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who would rather give none may have begun to type one.
        if without:
            self.fields["email"] = forms.CharField(required=False, label=_("E-mail"))
        # Their line can wait until they are in.
        del self.fields["line" if asks_email else "email"]
        self.order_fields(["name", "email", "pronouns", "place", "line"])

    def clean_zone(self) -> str:
        """The zone is the browser's word: what isn't one is left out."""
        zone = str(self.cleaned_data.get("zone") or "")
        return zone if is_zone(zone) else ""


class NewPasswordForm(forms.Form):
    """A password for who has none, or has lost it."""

    password = forms.CharField(
        label=_("A password"),
        strip=False,
        help_text=_("Ten letters or more; a few words in a row are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """A password that others wouldn't guess."""
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Both are the same, for nobody sees what they type."""
        said = super().clean() or {}
        if "password" in said and "again" in said and said["password"] != said["again"]:
            self.add_error("again", ValidationError(gettext("The two aren’t the same.")))
        return said


class WayBackForm(OnceForm):
    """How a host lets someone in again."""

    how = forms.ChoiceField(
        label=_("How do you know that it’s them?"),
        choices=[
            ("in_person", _("They sit beside me")),
            ("two", _("We have talked, and a second host says yes too")),
        ],
        widget=Choices(
            notes={
                "in_person": _(
                    "You get a code for their phone. It works for a quarter of an hour."
                ),
                "two": _("The other host gets the link and hands it over. It works for a day."),
            }
        ),
        error_messages={"required": _("Say how you know that it’s them.")},
    )
    sees = forms.BooleanField(required=False, label=_("I see them in front of me, and I know them"))

    def __init__(self, *args: Any, alone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if alone:
            how = self.fields["how"]
            assert isinstance(how, forms.ChoiceField)
            how.choices = [("in_person", _("They sit beside me"))]
            how.initial = "in_person"

    def clean(self) -> dict[str, Any]:
        """In person means that one sees them."""
        said = super().clean() or {}
        if said.get("how") == "in_person" and not said.get("sees"):
            self.add_error(
                "sees", ValidationError(gettext("Tick this if it is so; else ask a second host."))
            )
        return said


class HostForm(forms.Form):
    """Whom to ask to host as well."""

    person = forms.ModelChoiceField(
        label=_("Who should host as well?"),
        queryset=Member.objects.none(),
        empty_label=_("Choose someone"),
        error_messages={"invalid_choice": _("Choose someone who is here.")},
    )

    def __init__(self, *args: Any, member: Member, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        assert isinstance(person, forms.ModelChoiceField)
        everyone = Member.objects.visible_to(member)
        hosting = Host.objects.visible_to(member).in_term(now).values("member_id")
        person.queryset = everyone.exclude(pk__in=hosting).order_by("name_key", "pk")


class LeaveForm(forms.Form):
    """A few words to each crew that one leaves, or none."""

    def __init__(self, *args: Any, crews: Iterable[Crew], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for crew in crews:
            self.fields[f"word-{crew.pk}"] = forms.CharField(
                label=gettext("A few words to %(crew)s") % {"crew": crew.name},
                required=False,
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def farewells(self) -> dict[uuid.UUID, str]:
        """The words, by the crew's id."""
        said = self.cleaned_data.items()
        return {uuid.UUID(name.removeprefix("word-")): words for name, words in said if words}


class GrowForm(forms.Form):
    """What a congregation is called that was one crew until now."""

    name = forms.CharField(
        label=_("What the congregation is called"),
        max_length=80,
        help_text=_("The crew keeps its own name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """A name has a letter in it."""
        return plain_name(self.cleaned_data["name"], gettext("What is it called?"))


class TestMailForm(forms.Form):
    """Where a test mail goes."""

    to = forms.EmailField(
        label=_("Send a test mail to"),
        max_length=254,
        help_text=_("An address whose mailbox you can look into now."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class LetterForm(forms.Form):
    """What hosts write to everyone, and what is added to it; `version` is the draft that the writer has read."""

    version = forms.IntegerField(min_value=0, initial=0, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("What it is called"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    words = forms.CharField(
        label=_("Your words"),
        max_length=10_000,
        help_text=_("An empty line begins a new paragraph; addresses become links."),
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    of = forms.MultipleChoiceField(
        label=_("What is new, added by itself"),
        required=False,
        choices=Letter.Of,
        initial=list(Letter.Of.values),
        help_text=_("As it is when the letter goes; what there is nothing of is left out."),
        widget=Checks(),
    )

    def __init__(self, *args: Any, draft: Letter | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        if draft:
            for name in ("version", "title", "words", "of"):
                self.fields[name].initial = getattr(draft, name)

    def clean_words(self) -> str:
        """One kind of line ending."""
        return str(self.cleaned_data["words"]).replace("\r\n", "\n").strip()

    @property
    def theirs(self) -> str:
        """What another host has saved since, where it is another thing than what was sent."""
        if not (
            self.is_bound and self.draft and str(self.draft.version) != self["version"].value()
        ):
            return ""
        return f"{self.draft.title}\n\n{self.draft.words}"


class LetterEveryForm(forms.Form):
    """After how long without a letter hosts are reminded."""

    every = forms.TypedChoiceField(
        label=_("When no letter went for"),
        coerce=int,
        choices=[
            (1, _("a month")),
            (2, _("two months")),
            (3, _("three months")),
            (6, _("half a year")),
            (0, _("no reminder")),
        ],
    )
