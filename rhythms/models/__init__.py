"""Rhythms, commitments, meetings, logs, look-backs."""

from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.evening import Evening
from rhythms.models.evening_link import EveningLink
from rhythms.models.log import Coming, Led, Log, Mood, Presence
from rhythms.models.lookback import Answers, Decision, LookBack, Reflection
from rhythms.models.meeting import Meeting
from rhythms.models.pause import Pause
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, CommitmentYes, Rhythm, StepOut

__all__ = [
    "Answers",
    "Arrival",
    "ArrivalWords",
    "Coming",
    "Commitment",
    "CommitmentYes",
    "Decision",
    "Evening",
    "EveningLink",
    "Led",
    "Log",
    "LookBack",
    "Meeting",
    "Mood",
    "Pause",
    "Plan",
    "Presence",
    "Reflection",
    "Rhythm",
    "StepOut",
]
