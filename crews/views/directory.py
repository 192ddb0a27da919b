"""Sifting the directories of crews and ideas: what is asked for stands in the address."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict

from crews.forms.directory import DirectoryForm

FROM: Final = 6
"""From so many rows on there is something to filter."""

type Facets[Row] = Mapping[str, Callable[[Row], Collection[str]]]
"""For each filter, which of its values a row has."""


def sift[Row](asked: QueryDict, rows: Collection[Row], facets: Facets[Row]) -> dict[str, Any]:
    """Return the rows that pass, the form with how many each choice would leave, and what takes one off."""
    form = DirectoryForm(asked, facets=facets)
    on = form.asked
    has = {name: [frozenset(values(row)) for row in rows] for name, values in facets.items()}

    def passing(but: str = "") -> list[int]:
        """Return the places of the rows that pass, one filter being left aside."""
        others = [(has[name], set(values)) for name, values in on.items() if name != but]
        return [at for at in range(len(rows)) if all(own[at] & sought for own, sought in others)]

    for name in facets:
        rest = [has[name][at] for at in passing(but=name)]
        form.count(
            name, {value: sum(value in own for own in rest) for own in rest for value in own}
        )
    listed, room = list(rows), passing(but="room")
    return {
        "form": form,
        "found": [listed[at] for at in passing()],
        "pills": [
            {"words": words, "without": _without(asked, name, value)}
            for name, value, words in form.pills
        ],
        "has_room": "room" in on,
        "filters": _without(asked, "room", "1"),
        "number": len(room),
        "number_with_room": sum("1" in has["room"][at] for at in room),
        "is_foldable": len(rows) >= FROM or bool(form.pills),
    }


def _without(asked: QueryDict, name: str, value: str) -> str:
    """Return the filters of an address without one of them."""
    rest = asked.copy()
    rest.setlist(name, [other for other in asked.getlist(name) if other != value])
    for each in list(rest):
        if not any(_filled(rest.getlist(each))):
            rest.pop(each)
    return rest.urlencode()


def _filled(values: Iterable[str]) -> list[str]:
    return [value for value in values if value]
