"""Practices in which a few people think along with one of them."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from rhythms.practices.shape import Part, Practice, Role, Step

CASE_CLINIC: Final = Practice(
    key="case-clinic",
    name=_("Case clinic"),
    purpose=_(
        "For something that one of you is stuck in, and that matters. The others lend their eyes, not their advice, until the end."
    ),
    people=_("3 to 5 people"),
    icon="heart-handshake",
    least=3,
    most=5,
    is_intimate=True,
    roles=(
        Role(_("Case giver"), _("Brings something of their own that is open and alive.")),
        Role(_("Coaches"), _("Listen, and say what it stirs in them.")),
        Role(_("Timekeeper"), _("One of the coaches, who also minds the clock.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Roles"),
                    3,
                    prompt=_("Who brings a case, who keeps the time? The others are coaches."),
                    note=_("Case giver, coaches, timekeeper"),
                ),
                Step(
                    _("Intention"),
                    10,
                    prompt=_(
                        "Case giver: what is going on, what have you tried, what do you hope for, and what would you have to let go of? The others listen and ask only where they can’t follow."
                    ),
                    note=_("The case is told; we listen"),
                ),
                Step(
                    _("Stillness"),
                    2,
                    prompt=_("Nobody speaks. What moves in you after what you have heard?"),
                    note=_("Nobody speaks"),
                ),
                Step(
                    _("Mirroring"),
                    10,
                    prompt=_(
                        "Coaches, each for one breath: a picture, a feeling, a gesture that came to you. No advice yet. Case giver: take it in, then say what touched you."
                    ),
                    note=_("What it stirred in us"),
                ),
                Step(
                    _("Dialogue"),
                    20,
                    prompt=_(
                        "All of you together. What do you see now that wasn’t to be seen before? Follow what has life in it."
                    ),
                    note=_("All of us"),
                ),
                Step(
                    _("Closing"),
                    10,
                    prompt=_(
                        "Coaches: what do you take with you? Then the case giver: what is clearer, and what is the next thing you will do? Then thanks."
                    ),
                    note=_("Case giver last; then thanks"),
                ),
            )
        ),
    ),
)

TROIKA: Final = Practice(
    key="troika",
    name=_("Troika"),
    purpose=_(
        "Quick help among three. Each asks something in turn, turns round, and overhears what the other two would do."
    ),
    people=_("3 people, at as many tables as you like"),
    icon="users",
    least=3,
    roles=(
        Role(_("Asker"), _("Brings a question, then turns away and listens.")),
        Role(_("The two"), _("Think aloud about it, as if the third weren’t there.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Reflect"),
                    1,
                    prompt=_("All three, in silence: what would you like help with today?"),
                    note=_("In silence"),
                ),
                Step(
                    _("Ask"),
                    2,
                    prompt=_("Asker: what is your question, and why is it one?"),
                    note=_("One asks"),
                ),
                Step(
                    _("Clarify"),
                    2,
                    prompt=_(
                        "The two: what do you still need to know? Only questions, no hints in them."
                    ),
                    note=_("Two want to understand"),
                ),
                Step(
                    _("Consult"),
                    5,
                    prompt=_(
                        "Asker: turn your chair round. The two: talk with each other about it. Ideas, doubts, what you would try."
                    ),
                    note=_("Two talk, one has turned away"),
                ),
                Step(
                    _("Most valuable"),
                    1,
                    prompt=_("Asker: turn back. What was worth most to you?"),
                    note=_("What was worth most"),
                ),
            ),
            turns=3,
        ),
    ),
)

PROJECT_KITCHEN: Final = Practice(
    key="project-kitchen",
    name=_("Project kitchen"),
    purpose=_(
        "For projects that are half done. Each is put on the table for twenty minutes, and the others cook with it while its holder keeps quiet."
    ),
    people=_("A few people, with 3 or 4 projects"),
    icon="utensils",
    least=3,
    usual_turns=3,
    turns_label=_("How many projects?"),
    roles=(
        Role(_("Holder"), _("Brings the project, and is silent while it is discussed.")),
        Role(_("Cooks"), _("Ask, discuss, add what they have.")),
        Role(_("Timekeeper"), _("Keeps it at twenty minutes, so that each project gets as much.")),
    ),
    parts=(
        Part(
            (
                Step(
                    _("Context"),
                    4,
                    prompt=_("Holder: what is it, for whom, and where does it stand?"),
                    note=_("What it is and where it stands"),
                ),
                Step(
                    _("Quick questions"),
                    4,
                    prompt=_("Cooks: short questions. Holder: short answers."),
                    note=_("Short ones, short answers"),
                ),
                Step(
                    _("Burning question"),
                    1,
                    prompt=_("Holder: what is the one thing you would have us talk about?"),
                    note=_("One, from the holder"),
                ),
                Step(
                    _("Discussion"),
                    8,
                    prompt=_(
                        "Cooks talk about it with each other. The holder is silent and takes notes."
                    ),
                    note=_("The holder is silent"),
                ),
                Step(
                    _("Harvest"),
                    3,
                    prompt=_("Holder: what do you take with you? Who offered what?"),
                    note=_("What the holder takes along"),
                ),
            ),
            turns=None,
        ),
    ),
)
