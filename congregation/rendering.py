"""How forms are drawn: `{{ form }}` and `{{ field.as_field_group }}` in the look of the house.

Labels say "(optional)" rather than marking what is required; hints and errors are bound to their
field by `aria-describedby`; the browser's own bubbles stay away, since they speak the browser's
language and come before the form has been read as a whole.
"""

from typing import Any

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import CheckboxInput, ChoiceWidget, Input, Select, Textarea, Widget


class Field(BoundField):
    """A field with its data, as the templates in `templates/forms/` draw it."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: Widget | None = None
    ) -> dict[str, Any]:
        """Add the class and the words for screen readers that every control of its kind has."""
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if not _typed_into(widget):
            attrs.pop("required", None)
            if self.use_fieldset:  # then the whole group says what is wrong
                attrs.pop("aria-invalid", None)
            return attrs
        kind = "inp code" if widget.attrs.get("autocomplete") == "one-time-code" else "inp"
        attrs["class"] = " ".join(filter(None, [kind, widget.attrs.get("class", "")]))
        attrs["placeholder"] = False  # a label stays when one types, and says it better
        if attrs.pop("required", False):
            attrs["aria-required"] = "true"
        return attrs

    @property
    def is_check(self) -> bool:
        """A single box to tick, whose label stands after it."""
        return isinstance(self.field.widget, CheckboxInput)

    @property
    def hides_label(self) -> bool:
        """The label is for those who hear the page; others see what it is about."""
        return bool(getattr(self.field.widget, "quiet", False))

    @property
    def is_optional(self) -> bool:
        """Whether it may stay empty; among choices, one that stands for the usual is an answer too."""
        usual = isinstance(self.field.widget, ChoiceWidget) and any(
            value == "" for value, _label in getattr(self.field, "choices", ())
        )
        return not (self.field.required or usual)

    @property
    def target(self) -> str:
        """The id of what a link from the summary of errors leads to."""
        return self.id_for_label or f"{self.auto_id}_0"


def _typed_into(widget: Widget) -> bool:
    if isinstance(widget, CheckboxInput) or widget.is_hidden:
        return False
    if isinstance(widget, ChoiceWidget):
        return isinstance(widget, Select)
    return isinstance(widget, Input | Textarea)


class Renderer(TemplatesSetting):
    """Draws every form of the product; set as FORM_RENDERER."""

    form_template_name = "forms/form.html"
    formset_template_name = "django/forms/formsets/div.html"
    field_template_name = "forms/field.html"
    bound_field_class = Field
