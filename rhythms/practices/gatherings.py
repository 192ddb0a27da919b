"""Practices with which many people find out what they think and want."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from rhythms.practices.shape import Part, Practice, Role, Step

ONE_TWO_FOUR_ALL: Final = Practice(
    key="1-2-4-all",
    name=_("1-2-4-All"),
    purpose=_(
        "To hear everybody’s thoughts on a question in twelve minutes, the quiet ones’ too, however many you are."
    ),
    people=_("4 people or more"),
    icon="shuffle",
    least=4,
    roles=(
        Role(_("Caller"), _("Puts the question where all can read it, and says when to move on.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Alone"),
                    1,
                    prompt=_("In silence: what do you think? Write down a few words."),
                    note=_("In silence"),
                ),
                Step(
                    _("In pairs"),
                    2,
                    prompt=_("Tell each other what you have. What grows out of the two together?"),
                    note=_("Two and two"),
                ),
                Step(
                    _("In fours"),
                    4,
                    prompt=_(
                        "Two pairs each: what is alike, what isn’t, and what do you want all to hear?"
                    ),
                    note=_("Two pairs together"),
                ),
                Step(
                    _("All"),
                    5,
                    prompt=_("Each four says one thing that stood out for them."),
                    note=_("One thing from each four"),
                ),
            )
        ),
    ),
)

APPRECIATIVE_INTERVIEWS: Final = Practice(
    key="appreciative-interviews",
    name=_("Appreciative interviews"),
    purpose=_(
        "To find out from your own best moments what makes things go well here, rather than from what goes wrong."
    ),
    people=_("4 people or more, in pairs and then in fours"),
    icon="sparkles",
    least=4,
    is_intimate=True,
    roles=(
        Role(_("Teller"), _("Tells of one time when it went well and they were part of it.")),
        Role(_("Interviewer"), _("Is curious, and listens for what made it possible.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Interview"),
                    7,
                    prompt=_(
                        "In pairs: tell of a time when something here went really well and you had a part in it. What happened, and what made it possible?"
                    ),
                    note=_("In pairs; then you swap"),
                ),
            ),
            turns=2,
        ),
        Part(
            (
                Step(
                    _("Retelling"),
                    15,
                    prompt=_(
                        "Two pairs together: each retells, briefly, what their partner lived through, with what their partner would let others hear. Listen for what the stories share."
                    ),
                    note=_("In fours: your partner’s story"),
                ),
                Step(
                    _("Harvest"),
                    10,
                    prompt=_(
                        "In the same four: what made these moments possible? Gather the few things that come back."
                    ),
                    note=_("What made it possible?"),
                ),
                Step(
                    _("All"),
                    10,
                    prompt=_(
                        "All of you: which of these could we have more of, and what would it take?"
                    ),
                    note=_("What could we have more of?"),
                ),
            )
        ),
    ),
)

OPEN_SPACE: Final = Practice(
    key="open-space",
    name=_("Open space"),
    purpose=_(
        "To let those who are there make the programme. Whoever cares about something offers it; whoever is drawn to it comes."
    ),
    people=_("8 people or more; a retreat"),
    icon="tent-tree",
    least=8,
    turns_label=_("How many want to offer something?"),
    roles=(
        Role(
            _("Caller of a session"),
            _(
                "Gives their name, a title, a slot and a place; begins it, and sees that something is written down."
            ),
        ),
        Role(
            _("Everyone"),
            _(
                "Goes where they learn or give something, and moves on, without a word, where they don’t."
            ),
        ),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Pitch"),
                    1,
                    prompt=_(
                        "In less than a minute: your name, the title, which slot and which place. Then put it on the wall."
                    ),
                    note=_("Name, title, slot, place"),
                ),
            ),
            turns=None,
        ),
        Part(
            (
                Step(
                    _("Slot"),
                    40,
                    prompt=_(
                        "Go where you are drawn. Whoever has come are the right people. When it is over, it is over; when you neither learn nor give, walk on."
                    ),
                    note=_("Several sessions side by side"),
                ),
            ),
            turns=6,
        ),
    ),
)
