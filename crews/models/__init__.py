"""People looking, interest, ideas, crews."""

from crews.models.agreement import Agreement, AgreementYes
from crews.models.apart import LeftOut, NotWith
from crews.models.card import Card, CrewKind, FreeTime, Tempo
from crews.models.chat import Chat, ChatPost
from crews.models.common_time import CommonTime
from crews.models.crew import Crew, Crewless, CrewOnlyQuerySet, Seat
from crews.models.ending import ClosingWord, Lesson
from crews.models.idea import Answer, Idea, SharedTimes
from crews.models.interest import Greeting, Hello, Interest, OfferedTime
from crews.models.introduction import Introduction, IntroductionAnswer
from crews.models.partnership import PartnershipAnswer, PartnershipAsk
from crews.models.pin import Pin
from crews.models.proposal import Proposal, ProposalAnswer, Proposed
from crews.models.question import Placing, Question, QuestionAnswer
from crews.models.request import Request, RequestAnswer
from crews.models.season import Season, Seeker
from crews.models.seed import Seed
from crews.models.table import OwnQuerySet, Place, Table, TableAnswer

__all__ = [
    "Agreement",
    "AgreementYes",
    "Answer",
    "Card",
    "Chat",
    "ChatPost",
    "ClosingWord",
    "CommonTime",
    "Crew",
    "CrewKind",
    "CrewOnlyQuerySet",
    "Crewless",
    "FreeTime",
    "Greeting",
    "Hello",
    "Idea",
    "Interest",
    "Introduction",
    "IntroductionAnswer",
    "LeftOut",
    "Lesson",
    "NotWith",
    "OfferedTime",
    "OwnQuerySet",
    "PartnershipAnswer",
    "PartnershipAsk",
    "Pin",
    "Place",
    "Placing",
    "Proposal",
    "ProposalAnswer",
    "Proposed",
    "Question",
    "QuestionAnswer",
    "Request",
    "RequestAnswer",
    "Season",
    "Seat",
    "Seed",
    "Seeker",
    "SharedTimes",
    "Table",
    "TableAnswer",
    "Tempo",
]
