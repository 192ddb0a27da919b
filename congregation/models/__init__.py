"""The congregation and its people."""

from congregation.models.account import User
from congregation.models.base import Row, Tenanted, TenantedQuerySet
from congregation.models.choice import Digest, NoticeChoice, Often
from congregation.models.congregation import Congregation
from congregation.models.contact import Contact
from congregation.models.event import Event
from congregation.models.help_number import HelpNumber
from congregation.models.invitation import Invitation, tell_growth
from congregation.models.letter import Letter
from congregation.models.outbox import Mail, Notice
from congregation.models.people import Host, Member
from congregation.models.portrait import Portrait
from congregation.models.way_back import WayBack
from congregation.tokens import hashed

__all__ = [
    "Congregation",
    "Contact",
    "Digest",
    "Event",
    "HelpNumber",
    "Host",
    "Invitation",
    "Letter",
    "Mail",
    "Member",
    "Notice",
    "NoticeChoice",
    "Often",
    "Portrait",
    "Row",
    "Tenanted",
    "TenantedQuerySet",
    "User",
    "WayBack",
    "hashed",
    "tell_growth",
]
