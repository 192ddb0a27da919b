"""Rhythms, commitments, meetings, logs, look-backs."""

from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.change import Change, Helped
from rhythms.models.evening import Evening
from rhythms.models.evening_link import EveningLink
from rhythms.models.feed import Feed
from rhythms.models.log import Coming, Correction, Led, Log, Mood, Presence
from rhythms.models.lookback import Answers, Decision, LookBack
from rhythms.models.meeting import Meeting
from rhythms.models.own_practice import CrewPractice, SharedPractice
from rhythms.models.pause import Pause
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, CommitmentYes, Rhythm, StepOut
from rhythms.models.sitting import Sitter, Sitting
from rhythms.models.slip import Manner, Slip
from rhythms.models.theme import Theme, Weighing
from rhythms.models.turns import NotLeading, Swap, Turns

__all__ = [
    "Answers",
    "Arrival",
    "ArrivalWords",
    "Change",
    "Coming",
    "Commitment",
    "CommitmentYes",
    "Correction",
    "CrewPractice",
    "Decision",
    "Evening",
    "EveningLink",
    "Feed",
    "Helped",
    "Led",
    "Log",
    "LookBack",
    "Manner",
    "Meeting",
    "Mood",
    "NotLeading",
    "Pause",
    "Plan",
    "Presence",
    "Rhythm",
    "SharedPractice",
    "Sitter",
    "Sitting",
    "Slip",
    "StepOut",
    "Swap",
    "Theme",
    "Turns",
    "Weighing",
]
