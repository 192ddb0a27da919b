"""Rhythms, commitments, meetings, logs, look-backs."""

from rhythms.models.arrival import Arrival, ArrivalWords
from rhythms.models.change import Change, Helped
from rhythms.models.evening import Evening
from rhythms.models.evening_link import EveningLink
from rhythms.models.log import Coming, Led, Log, Mood, Presence
from rhythms.models.lookback import Answers, Decision, LookBack
from rhythms.models.meeting import Meeting
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, CommitmentYes, Rhythm
from rhythms.models.slip import Manner, Slip
from rhythms.models.theme import Theme, Weighing

__all__ = [
    "Answers",
    "Arrival",
    "ArrivalWords",
    "Change",
    "Coming",
    "Commitment",
    "CommitmentYes",
    "Decision",
    "Evening",
    "EveningLink",
    "Helped",
    "Led",
    "Log",
    "LookBack",
    "Manner",
    "Meeting",
    "Mood",
    "Plan",
    "Presence",
    "Rhythm",
    "Slip",
    "Theme",
    "Weighing",
]
