"""Practices in which one speaks after the other round the table."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from rhythms.practices.shape import Part, Practice, Role, Step

CHECK_IN: Final = Practice(
    key="check-in",
    name=_("Check-in"),
    purpose=_(
        "To arrive. Each says in a sentence or two how they are here, so that all know who is at the table tonight."
    ),
    people=_("Any number"),
    icon="sunrise",
    least=1,
    turns_label=_("How many of you check in?"),
    parts=(
        Part(
            (
                Step(
                    _("A word from each"),
                    2,
                    prompt=_(
                        "How do you come to this table today? A sentence or two, or a pass. The rest of us listen and leave it as it is."
                    ),
                    note=_("In turn, without replies"),
                ),
            ),
            turns=None,
        ),
    ),
)

CHECK_OUT: Final = Practice(
    key="check-out",
    name=_("Check-out"),
    purpose=_("To part well. Each says what they take along, so that nobody leaves with it alone."),
    people=_("Any number"),
    icon="moon",
    least=1,
    turns_label=_("How many of you check out?"),
    parts=(
        Part(
            (
                Step(
                    _("A word from each"),
                    2,
                    prompt=_(
                        "What do you take with you, and what would you rather leave here? A sentence, or a pass. Then we let it stand."
                    ),
                    note=_("In turn, without replies"),
                ),
            ),
            turns=None,
        ),
    ),
)

LISTENING_ROUND: Final = Practice(
    key="listening-round",
    name=_("Listening round"),
    purpose=_(
        "To be heard. Each has the same few minutes for something that is true for them right now, while the others do nothing but pay attention."
    ),
    people=_("2 to 8 people"),
    icon="ear",
    most=8,
    is_intimate=True,
    turns_label=_("How many of you speak?"),
    roles=(
        Role(
            _("Speaker"),
            _(
                "Says what is true now. Silence counts as speaking: the minutes are theirs either way."
            ),
        ),
        Role(
            _("Listeners"),
            _("Pay attention. No questions, no advice, no stories of their own."),
        ),
        Role(_("Timekeeper"), _("Watches the clock, so that nobody else has to.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("One speaks"),
                    3,
                    prompt=_(
                        "What is true for you right now? Say as much of it as you like. We are only here to hear it."
                    ),
                    note=_("The others listen"),
                ),
            ),
            turns=None,
        ),
        Part(
            (
                Step(
                    _("Silence"),
                    1,
                    prompt=_("Nobody speaks. Let what you have heard settle."),
                    note=_("Nobody speaks"),
                ),
                Step(
                    _("Were you heard?"),
                    1,
                    prompt=_(
                        "Each answers for themselves: did you say what you wanted to say, and were you heard? A nod is enough, and “not quite” is welcome."
                    ),
                    note=_("A nod from each is enough"),
                ),
            ),
        ),
    ),
)

MONEY_ROUND: Final = Practice(
    key="money-round",
    name=_("Money round"),
    purpose=_(
        "To bring the work that pays and the work that matters a little closer to each other. One person tells of both, and the table looks on with them."
    ),
    people=_("2 to 8 people"),
    icon="coins",
    most=8,
    is_intimate=True,
    usual_turns=1,
    turns_label=_("How many of you tell this time?"),
    roles=(
        Role(_("Teller"), _("Tells of both, in numbers only as far as they wish.")),
        Role(_("The others"), _("Listen first, then ask, then think along.")),
        Role(_("Timekeeper"), _("Watches the clock and says when the last minute begins.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Telling"),
                    6,
                    prompt=_(
                        "First, the work you do for money. Then, the work that means most to you. How far apart are they, and how is that for you?"
                    ),
                    note=_("Paid work, then meaningful work"),
                ),
                Step(
                    _("Questions"),
                    4,
                    prompt=_(
                        "Ask only what you need in order to understand. No proposals yet, and “I’d rather not say” is a whole answer."
                    ),
                    note=_("To understand, no proposals"),
                ),
                Step(
                    _("Exploring"),
                    10,
                    prompt=_(
                        "Together: what could bring the two closer? More of the one, less of the other, another way of being paid, someone to meet?"
                    ),
                    note=_("What could bring them closer?"),
                ),
                Step(
                    _("Gestures"),
                    5,
                    prompt=_(
                        "Is there something small that you would gladly give: a view, an introduction, an hour of what you can do, a word of courage? The teller takes what suits them."
                    ),
                    note=_("Small offers, freely made"),
                ),
            ),
            turns=None,
        ),
    ),
)

PERSONAL_RETROSPECTIVE: Final = Practice(
    key="personal-retrospective",
    name=_("Personal retrospective"),
    purpose=_(
        "To see what you are learning, and what you need for the next bit of the way. Alone with a sheet of paper, or with someone who asks."
    ),
    people=_("1 or 2 people"),
    icon="compass",
    least=1,
    most=2,
    is_intimate=True,
    turns_label=_("How many of you look back?"),
    roles=(
        Role(_("Who looks back"), _("Thinks aloud, or on paper.")),
        Role(_("Who asks"), _("If you are two: reads the question, listens, writes down nothing.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Learning edge"),
                    5,
                    prompt=_(
                        "Where are you stretched at the moment? What are you not yet good at, and doing anyway?"
                    ),
                    note=_("Where are you stretched?"),
                ),
                Step(
                    _("Insight"),
                    5,
                    prompt=_(
                        "What have you understood since last time that you wouldn’t want to forget?"
                    ),
                    note=_("What have you understood?"),
                ),
                Step(
                    _("Next action"),
                    5,
                    prompt=_(
                        "What is one thing that you will do, small enough to be done by a day you can name?"
                    ),
                    note=_("One thing, and by when"),
                ),
                Step(
                    _("Support"),
                    5,
                    prompt=_(
                        "Who or what would help you with it? Whom will you ask, and for what?"
                    ),
                    note=_("Whom will you ask?"),
                ),
            ),
            turns=None,
        ),
    ),
)
