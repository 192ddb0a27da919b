"""The form for a crew's chat."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.widgets import Checks, Picks
from crews.models import Chat


class ChatForm(forms.Form):
    """Which chat a crew has, and what it is told."""

    kind = forms.ChoiceField(
        label=_("Which chat?"), choices=Chat.Kind, widget=Picks(css="three small-picks")
    )
    url = forms.CharField(
        label=_("Its secret address"),
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={
                "inputmode": "url",
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
            }
        ),
    )
    room = forms.CharField(
        label=_("Number of the chat"),
        required=False,
        max_length=60,
        help_text=_("For Telegram only: of the group that the bot is in."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    of = forms.MultipleChoiceField(
        label=_("What it is told"),
        choices=Chat.Of,
        widget=Checks(),
        error_messages={"required": _("Choose at least one, or take the chat off.")},
    )

    def __init__(self, *args: Any, chat: Chat | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        url, of = self.fields["url"], self.fields["of"]
        url.help_text = gettext(
            "Your chat makes it: an “incoming webhook”; for Telegram the token of a bot. Whoever has it can write there, so nobody sees it again once it is saved."
        )
        of.initial = [one.value for one in Chat.Of]
        if chat:
            self.fields["kind"].initial, of.initial = chat.kind, chat.told_of
            url.help_text = gettext("Empty leaves it as it is: %(address)s") % {
                "address": chat.masked
            }
