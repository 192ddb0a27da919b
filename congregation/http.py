"""How a view answers: the one htmx helper, and what is kept of a form that could not be taken."""

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

# For so many seconds the browser that made a link can show it. The server keeps no copy.
SHOWN_FOR = 10 * 60
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
# Fields by which pages tell where they are; nobody has typed them.
# What lets someone in, beside all that has "password" in its name.
SECRET = {"again", "code", "credential", "csrfmiddlewaretoken"}
UNSEEN = {"filters", "go", "here", "next", "part", "promise", "read", "version"}


class Addressed(Protocol):
    """Anything that has a page."""

    def get_absolute_url(self) -> str: ...


def respond(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    part: str = "",
    after: Addressed | str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the changed part for htmx, a redirect after a write without it, else the whole page.

    `part` is the name of a partial inside `template`; `after` is where a write without JavaScript goes.
    The view names the part, never the client. A form that doesn't hold (`status=422`) is shown again.
    """
    response: HttpResponse
    if getattr(request, "htmx", False) and part:
        words = render_to_string(f"{template}#{part}", dict(context or {}), request)
        # What the write has to say comes along, out of band.
        words += render_to_string("base.html#toast", {"out_of_band": True}, request)
        response = HttpResponse(words, status=status)
    elif after is not None and status < 400:
        url = after if isinstance(after, str) else after.get_absolute_url()
        response = HttpResponseRedirect(url)
        if getattr(request, "htmx", False):
            # To go to a place on the very page one is on would load nothing anew.
            here = urlsplit(request.headers.get("HX-Current-URL", "")).path == urlsplit(url).path
            header = {"HX-Refresh": "true"} if here else {"HX-Redirect": url}
            response = HttpResponse(status=204, headers=header)
    else:
        response = render(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def tag_of(*facts: object) -> str:
    """Return a tag that stands for what a part that looks again shows: other facts, another tag."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:20]


def unchanged(request: HttpRequest, tag: str) -> HttpResponse | None:
    """Return 304 to a part that looks again and shows this already (`parts/look_again.html`), else None."""
    if not getattr(request, "htmx", False):
        return None
    answer: HttpResponse | None = get_conditional_response(request, etag=quote_etag(tag))
    return answer


def short(pk: uuid.UUID) -> str:
    """Return an id as 26 characters that survive being read aloud."""
    number, letters = pk.int, []
    for _ in range(26):
        number, rest = divmod(number, 32)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))


def unshort(code: str) -> uuid.UUID:
    """Return the id behind `short`; raise ValueError if it is none."""
    number = 0
    for letter in code.lower():
        number = number * 32 + ALPHABET.index(letter)
    return uuid.UUID(int=number)


class Kept(Addressed, Protocol):
    """A row that has a page."""

    pk: Any


def hand_over(row: Kept, token: str = "") -> HttpResponse:
    """Lead to a row's page; the token of a new link goes along in a cookie of that page alone."""
    url = row.get_absolute_url()
    response = HttpResponseRedirect(url)
    if token:
        response.set_signed_cookie(
            "link",
            token,
            salt=str(row.pk),
            max_age=SHOWN_FOR,
            path=url,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
    return response


def handed_over(request: HttpRequest, pk: uuid.UUID) -> str:
    """Return the token that `hand_over` sent along with a row, or nothing once it is no longer shown."""
    return request.get_signed_cookie("link", "", salt=str(pk), max_age=SHOWN_FOR) or ""


def kept_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was typed into a form that could not be taken, to be sent again; never a secret."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in SECRET and "password" not in name
        for value in values
    ]


def kept(request: HttpRequest) -> dict[str, Any]:
    """Return what `parts/kept.html` needs: the fields, what a person wrote in them, and where to."""
    fields = kept_fields(request)
    return {
        "kept": fields,
        "typed": [
            (name.replace("_", " ").replace("-", " ").capitalize(), value)
            for name, value in fields
            if name not in UNSEEN and len(value) > 1 and not ID.fullmatch(value)
        ],
        "is_form": request.method == "POST",
        "path": request.get_full_path(),
    }


def is_from_us(request: HttpRequest) -> bool:
    """Whether a page of ours sent this, as far as a browser tells."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(origin).netloc in {urlsplit(settings.ORIGIN).netloc, request.get_host()}


def no_reference(response: HttpResponse) -> HttpResponse:
    """Keep the address, which holds the token, out of what browsers say of where they come from.

    Not `no-referrer`: browsers then send their forms with `Origin: null`, which nobody can trust.
    """
    response["Referrer-Policy"] = "strict-origin"
    return response


class OnlyForms:
    """Gives a page to an address that only takes forms, when it is opened by hand."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET":
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page
