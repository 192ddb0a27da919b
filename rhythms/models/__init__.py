"""Rhythms, commitments, meetings, logs, look-backs."""

from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.evening import Evening
from rhythms.models.evening_link import EveningLink
from rhythms.models.log import Coming, Correction, Led, Log, Mood, Presence
from rhythms.models.lookback import Answers, Decision, LookBack, Reflection
from rhythms.models.meeting import Meeting
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, CommitmentYes, Rhythm
from rhythms.models.turns import NotLeading, Swap, Turns

__all__ = [
    "Answers",
    "Arrival",
    "ArrivalWords",
    "Coming",
    "Commitment",
    "CommitmentYes",
    "Correction",
    "Decision",
    "Evening",
    "EveningLink",
    "Led",
    "Log",
    "LookBack",
    "Meeting",
    "Mood",
    "NotLeading",
    "Plan",
    "Presence",
    "Reflection",
    "Rhythm",
    "Swap",
    "Turns",
]
