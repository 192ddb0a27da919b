"""Choices as things to tap. Each is a native radio button or checkbox inside its label."""

from collections.abc import Mapping
from typing import Any

from django.forms.widgets import CheckboxSelectMultiple, ChoiceWidget, RadioSelect


class _Options(ChoiceWidget):
    """What the widgets below share: what is said with each choice, by its value.

    `css` is added to the group: `two`, `three` or `four` columns, `mood`, `small-picks`.
    `quiet` leaves the field's label to screen readers, where a heading says it already.
    `notes` are small words under a choice, `faces` the person or the name it stands for, `icons` a
    picture from the sprite, `counts` a number of people. `reader` is the member who is shown people's pictures.
    A mapping may be set after the form was made: `form.fields["here"].widget.notes = {…}`.
    """

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        css: str = "",
        quiet: bool = False,
        notes: Mapping[Any, Any] | None = None,
        faces: Mapping[Any, Any] | None = None,
        icons: Mapping[Any, str] | None = None,
        counts: Mapping[Any, int] | None = None,
    ) -> None:
        super().__init__(attrs, choices)
        self.css = css
        self.quiet = quiet
        self.notes = dict(notes or {})
        self.faces = dict(faces or {})
        self.reader: Any = None
        self.icons = dict(icons or {})
        self.counts = dict(counts or {})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        for name in ("notes", "faces", "icons", "counts"):
            setattr(twin, name, dict(getattr(self, name)))
        return twin

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["css"] = self.css
        context["reader"] = self.reader
        return context

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"].pop("aria-describedby", None)
        for key, said in (
            ("note", self.notes),
            ("face", self.faces),
            ("icon", self.icons),
            ("count", self.counts),
        ):
            option[key] = _of(said, value)
        return option


def _of(said: Mapping[Any, Any], value: Any) -> Any:
    """What is said of a value: as in HTML, a key, a member of choices and its string are one."""
    plain = str(getattr(value, "value", value))
    return next((words for key, words in said.items() if str(key) == plain), None)


class Picks(_Options, RadioSelect):
    """One of a few, as cards with a tick."""

    template_name = "forms/picks.html"


class PickMany(_Options, CheckboxSelectMultiple):
    """Any of a few, as cards with a tick: who was there."""

    template_name = "forms/picks.html"


class Switch(_Options, RadioSelect):
    """One of two or three short words, side by side in one pill."""

    template_name = "forms/switch.html"


class Checks(_Options, CheckboxSelectMultiple):
    """Boxes in a list, each with a count if there is one: filters."""

    template_name = "forms/checks.html"


class Chips(_Options, CheckboxSelectMultiple):
    """Any of many short words: topics, times."""

    template_name = "forms/chips.html"


class Choices(_Options, RadioSelect):
    """One of a few that need a sentence each, as cards with a dot."""

    template_name = "forms/choices.html"
