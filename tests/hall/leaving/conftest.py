"""The crew that meets on Wednesdays, and ideas, for those who leave."""

from tests.crews.conftest import float_idea, make_crew
from tests.rhythms.conftest import ahead, commitment, crew, make_commitment, past, seated_crew

__all__ = [
    "ahead",
    "commitment",
    "crew",
    "float_idea",
    "make_commitment",
    "make_crew",
    "past",
    "seated_crew",
]
