"""Forms of this app. They parse and clean; verbs do the rest."""

import uuid
import zoneinfo
from datetime import datetime, time
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.likeness import MOST_BYTES, UnusableError, likeness
from congregation.models import Contact, Member, Often, User
from congregation.notices import Kind, groups
from congregation.templatetags.look import clock, day_names, when
from congregation.widgets import Choices


class OnceForm(forms.Form):
    """A form that makes something, at most once however often it is sent.

    The hidden `once` is made with the page and becomes the key of what is made: give `form.pk` to the verb.
    """

    once = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    @property
    def pk(self) -> uuid.UUID:
        """The key of what this form makes; a fresh one where the page brought none."""
        return self.cleaned_data.get("once") or uuid.uuid4()


class InviteForm(OnceForm):
    """Whom a member would like at the table."""

    name = forms.CharField(
        label=_("Their name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("Their e-mail"),
        required=False,
        help_text=_(
            "We write to them, and the link works for this address alone. Without it, you hand the link over."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    word = forms.CharField(
        label=_("A word about them"),
        required=False,
        max_length=500,
        help_text=_("They read it when they open the link, and the hosts do."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def plain_name(name: object, asks: str) -> str:
    """Return a name without what stands around its words; refuse one without a letter."""
    words = " ".join(str(name).split())
    if not any(letter.isalnum() for letter in words):
        raise ValidationError(asks)
    return words


class ProfileForm(forms.Form):
    """What everyone here may know of a person."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    pronouns = forms.CharField(
        label=_("Pronouns"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    place = forms.CharField(
        label=_("Where you live"),
        max_length=80,
        required=False,
        help_text=_("A town or suburb is enough"),
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    line = forms.CharField(
        label=_("One line about you"),
        max_length=160,
        required=False,
        help_text=_("What would you say at the table?"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """A name has a letter in it; what stands around words is dropped."""
        return plain_name(self.cleaned_data["name"], gettext("What should we call you?"))


class PortraitForm(forms.Form):
    """A picture of oneself; what is cleaned of it is the small square one that others get."""

    picture = forms.FileField(
        label=_("A picture"),
        error_messages={
            "required": _("Choose a picture first."),
            "empty": _("There is nothing in that file. Choose another picture."),
            "invalid": _("That didn’t arrive as a picture. Choose it once more."),
        },
    )

    whys = {
        UnusableError.EMPTY: _("There is nothing in that file. Choose another picture."),
        UnusableError.HEAVY: _("That picture is larger than 8 MB. Choose a smaller one."),
        UnusableError.KIND: _(
            "That isn’t a kind of picture we can show. Choose one that is JPEG, PNG or WebP."
        ),
        UnusableError.LARGE: _("That picture has too many pixels for us. Choose a smaller one."),
        UnusableError.SMALL: _(
            "That picture is very small. It needs at least 64 pixels in width and in height."
        ),
        UnusableError.MOVING: _("That picture moves. Choose one that keeps still."),
        UnusableError.BROKEN: _(
            "That picture can’t be read; it may not have arrived whole. Try again, or choose another."
        ),
    }

    def clean_picture(self) -> bytes:
        """Return the small square picture; what can't be used is said why. Its name is of no interest."""
        file = self.cleaned_data["picture"]
        try:
            if file.size > MOST_BYTES:
                raise UnusableError(UnusableError.HEAVY)
            return likeness(file.read())
        except UnusableError as error:
            raise ValidationError(self.whys[error.why]) from None


class ContactForm(forms.Form):
    """One way to reach a person, and who is shown it."""

    value = forms.CharField(max_length=120, required=False)
    shown_to = forms.ChoiceField(
        label=_("Who sees it"), choices=Contact.Circle, widget=Choices(css="slim", quiet=True)
    )

    labels = {
        Contact.Kind.PHONE: _("Phone number"),
        Contact.Kind.SIGNAL: _("Signal name or number"),
        Contact.Kind.EMAIL: _("E-mail for people here"),
        Contact.Kind.OTHER: _("Another way, in your words"),
    }

    def __init__(self, *args: Any, kind: Contact.Kind, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", str(kind.value))
        super().__init__(*args, **kwargs)
        self.kind, self.label = kind, kind.label
        self.fields["value"].label = self.labels[kind]
        self.fields["value"].widget.attrs["autocomplete"] = "off"

    def clean_value(self) -> str:
        """A number has digits, an address an @: what can't be used is said at once."""
        value = " ".join(str(self.cleaned_data["value"]).split())
        if value and self.kind == Contact.Kind.PHONE and sum(map(str.isdigit, value)) < 4:
            raise ValidationError(gettext("A phone number has a few more digits."))
        if value and self.kind == Contact.Kind.EMAIL:
            forms.EmailField().clean(value)
        return value


REGIONS = {
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
}


def zone_words(zone: str) -> str:
    """Return the city in the name of a zone: "Los Angeles" of "America/Los_Angeles"."""
    return zone.partition("/")[2].replace("_", " ").replace("/", ", ") or zone


def is_zone(zone: str) -> bool:
    """Whether this is the name of a time zone that people live in."""
    return any(zone == name for _region, names in zones() for name, _words in names)


@cache
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the time zones that a person lives in, by region, with their cities as words."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(zoneinfo.available_timezones()):
        region, slash, _city = zone.partition("/")
        if slash and region in REGIONS:
            regions.setdefault(region, []).append((zone, zone_words(zone)))
    return [("UTC", [("UTC", "UTC")]), *regions.items()]


class ZoneForm(forms.Form):
    """The zone that a person reads times in; empty means the congregation's."""

    zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_(
            "Times are shown as your clock has them; each meeting also names its own zone."
        ),
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["zone"]
        assert isinstance(field, forms.ChoiceField)
        mine = member.user.zone if member.user else ""
        home = gettext("As the congregation: %(city)s") % {
            "city": zone_words(member.congregation.zone)
        }
        choices: list[Any] = [("", home), *zones()]
        if mine and not is_zone(mine):
            # An old spelling of a zone stays what it was until it is changed.
            choices.insert(1, (mine, zone_words(mine)))
        field.choices = choices
        field.initial = mine
        if not mine:
            field.widget.attrs["data-zone"] = ""


class PreferencesForm(ZoneForm):
    """How a person reads: language, zone, light, letters and motion, on every device of theirs."""

    language = forms.ChoiceField(label=_("Language"), required=False, widget=Choices(css="slim"))
    theme = forms.ChoiceField(label=_("Light"), choices=User.Theme, widget=Choices(css="slim"))
    font = forms.ChoiceField(label=_("Letters"), choices=User.Font, widget=Choices(css="slim"))
    motion = forms.ChoiceField(label=_("Motion"), choices=User.Motion, widget=Choices(css="slim"))
    invites = forms.ChoiceField(
        label=_("Calendar invitations in mail"),
        choices=User.Invites,
        required=False,
        help_text=_(
            "Mail of your meetings brings them as invitations that your calendar takes in. If it asks for them "
            "by an address of its own, you may want none. An answer that you give in your calendar reaches nobody."
        ),
        widget=Choices(css="slim"),
    )

    field_order = ("language", "zone", "theme", "font", "motion", "invites")

    def __init__(self, *args: Any, member: Member, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, member=member, **kwargs)
        user = member.user
        said = user.known_language if user else ""
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", gettext("As my browser says")), *settings.LANGUAGES]
        language.initial = said
        assert isinstance(language.widget, Choices)
        # The moment this is read at, as each language writes it.
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                language.widget.notes[code] = when(now)
        usual = {
            "theme": User.Theme.DEVICE,
            "font": User.Font.USUAL,
            "motion": User.Motion.DEVICE,
            "invites": User.Invites.NAMES,
        }
        for name, value in usual.items():
            self.fields[name].initial = getattr(user, name, "") or value
        font, motion = self.fields["font"].widget, self.fields["motion"].widget
        assert isinstance(font, Choices)
        assert isinstance(motion, Choices)
        font.notes["legible"] = "Atkinson Hyperlegible: Il1 O0"
        motion.notes["less"] = gettext("Nothing on a page moves by itself")

    def clean_invites(self) -> str:
        """A page that doesn't ask leaves it as it was."""
        return str(self.cleaned_data["invites"] or self.fields["invites"].initial)


def _hours(first: int, last: int) -> list[tuple[str, str]]:
    """Return the hours of a day from one to another, across midnight, as the reader writes them."""
    span = range(first, last + 1 if last >= first else last + 25)
    return [(f"{hour % 24:02}:00", clock(time(hour % 24))) for hour in span]


class MailForm(forms.Form):
    """How often a person is mailed of what, and when not: few groups first, each of their kinds below."""

    quiet_from = forms.ChoiceField(label=_("Quiet from"), required=False)
    quiet_until = forms.ChoiceField(label=_("until"))
    digest_at = forms.ChoiceField(label=_("What is gathered comes at"))
    digest_on = forms.ChoiceField(label=_("and once a week on"))

    def __init__(
        self, *args: Any, member: Member, kinds: list[Kind], said: dict[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.kinds = member, kinds
        self.shown = [group for group in groups() if any(kind.group == group for kind in kinds)]
        for group in self.shown:
            self.fields[group.name] = forms.ChoiceField(
                label=str(group.label),
                help_text=str(group.words),
                choices=Often,
                initial=said.get(group.name, group.usual),
            )
        for kind in kinds:
            self.fields[kind.name] = forms.ChoiceField(
                label=str(kind.label),
                required=False,
                choices=[("", gettext("As above")), *Often.choices],
                initial=said.get(kind.name, ""),
            )
        user = member.user or User()
        self._offer(
            "quiet_from", user.quiet_from, [("", gettext("no quiet hours")), *_hours(18, 2)]
        )
        self._offer("quiet_until", user.quiet_until or time(7), _hours(5, 11))
        self._offer("digest_at", user.digest_at, _hours(5, 22))
        names = day_names()
        self._offer("digest_on", user.digest_on, [(str(day), names[day]) for day in range(7)])

    def _offer(self, name: str, value: Any, choices: list[tuple[str, str]]) -> None:
        """Offer choices, and whatever was chosen elsewhere, and have it chosen."""
        chosen = (
            f"{value:%H:%M}" if isinstance(value, time) else "" if value is None else str(value)
        )
        if chosen not in dict(choices):
            choices = [*choices, (chosen, clock(value))]
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices, field.initial = choices, chosen

    @property
    def groups(self) -> list[tuple[forms.BoundField, list[forms.BoundField]]]:
        """Each group's field with those of its kinds."""
        return [
            (self[group.name], [self[kind.name] for kind in self.kinds if kind.group == group])
            for group in self.shown
        ]

    @property
    def wishes(self) -> dict[str, str | None]:
        """What was chosen, by kind or group; None where it is as usual, or as the group says."""
        said = self.cleaned_data
        usual = {group.name: group.usual for group in self.shown}
        return {
            **{kind.name: said[kind.name] or None for kind in self.kinds},
            **{name: None if said[name] == often else said[name] for name, often in usual.items()},
        }

    @property
    def hours(self) -> dict[str, Any]:
        """When no mail comes that can wait, and when digests do."""
        said = self.cleaned_data
        begins = said["quiet_from"]
        return {
            "quiet_from": time.fromisoformat(begins) if begins else None,
            "quiet_until": time.fromisoformat(said["quiet_until"]) if begins else None,
            "digest_at": time.fromisoformat(said["digest_at"]),
            "digest_on": int(said["digest_on"]),
        }


class CrewsForm(forms.Form):
    """Whether everyone here sees which crews a person is in."""

    shows_crews = forms.BooleanField(
        label=_("Show everyone here which crews I am in"),
        required=False,
        help_text=_("The people of a crew always see each other. Partnerships are never shown."),
    )


class HelpNumberForm(forms.Form):
    """One place to turn to when something is too much; left empty it is none."""

    name = forms.CharField(
        label=_("What for"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    way = forms.CharField(
        label=_("Number or address"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    when = forms.CharField(
        label=_("When"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Take a line whole or not at all."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("way") and not said.get("name"):
            self.add_error("name", gettext("What is it for? “To talk”, say."))
        if (said.get("name") or said.get("when")) and not said.get("way"):
            self.add_error("way", gettext("Which number or address?"))
        return said
