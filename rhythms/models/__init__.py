"""Rhythms, commitments, meetings, logs, look-backs."""

from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.evening import Evening
from rhythms.models.evening_link import EveningLink
from rhythms.models.log import Coming, Led, Log, Mood, Presence
from rhythms.models.lookback import Answers, Decision, LookBack, Reflection
from rhythms.models.meeting import Meeting
from rhythms.models.own_practice import CrewPractice, SharedPractice
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, CommitmentYes, Rhythm
from rhythms.models.sitting import Sitter, Sitting

__all__ = [
    "Answers",
    "Arrival",
    "ArrivalWords",
    "Coming",
    "Commitment",
    "CommitmentYes",
    "CrewPractice",
    "Decision",
    "Evening",
    "EveningLink",
    "Led",
    "Log",
    "LookBack",
    "Meeting",
    "Mood",
    "Plan",
    "Presence",
    "Reflection",
    "Rhythm",
    "SharedPractice",
    "Sitter",
    "Sitting",
]
