"""Tags of mails that name a meeting: the links of one reader, which need no sign-in."""

from typing import Any

from django import template

from rhythms import links

register = template.Library()


@register.simple_tag
def coming_link(meeting: Any, member: Any, answer: str = "") -> str:
    """`{% coming_link about.meeting member "late" %}`: where this reader says whether they come."""
    return links.link("coming", meeting, member, answer)


@register.simple_tag
def we_met_link(meeting: Any, member: Any) -> str:
    """`{% we_met_link about.meeting member %}`: where this reader notes that their crew met."""
    return links.link("we-met", meeting, member)
