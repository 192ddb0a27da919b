"""Tableful as an app on a phone: its manifest, its service worker, and the page for when one is offline.

None of these asks who is there, so that nothing of anyone's can be kept on a device by them. They are in the
language that a browser chose, which a cookie may tell: so only that browser keeps them, while the cookies last.
"""

import hashlib
import json
from functools import cache
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

HOUR: Final = 60 * 60
LINEN: Final = "#f5f1ef"
ICONS: Final = [
    ("app-192.png", "192x192", "any"),
    ("app-512.png", "512x512", "any"),
    ("app-maskable-512.png", "512x512", "maskable"),
]
# What the offline page is made of.
KEPT: Final = [
    "css/tokens.css",
    "css/app.css",
    "fonts/figtree.woff2",
    "fonts/bricolage.woff2",
    "js/offline.js",
    "mark.svg",
]


@login_not_required
@require_safe
@cache_control(private=True, max_age=HOUR)
def manifest(request: HttpRequest) -> HttpResponse:
    """Say how this looks and where it begins when it is put among a phone's apps."""
    door = reverse("door")
    said = {
        "id": door,
        "name": settings.PRODUCT,
        "short_name": settings.PRODUCT,
        "description": _("Crews small enough to fit round a dinner table."),
        "lang": get_language(),
        "start_url": door,
        "scope": door,
        "display": "standalone",
        "background_color": LINEN,
        "theme_color": LINEN,
        "shortcuts": [{"name": _("We met"), "url": reverse("we-met-now")}],
        "icons": [
            {"src": static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    return JsonResponse(said, content_type="application/manifest+json")


@login_not_required
@require_safe
@cache_control(private=True, max_age=HOUR)
def worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker, which keeps files with hashed names and the offline page, and nothing else."""
    text = _worker(get_language(), get_script_prefix())
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


@cache
def _worker(language: str | None, prefix: str) -> str:
    """Return the worker's text; another release has another name, by which what it kept before goes."""
    page = render_to_string("hall/offline.html")
    files = [static(name) for name in KEPT]
    whole = [getattr(staticfiles_storage, "manifest_hash", ""), page, *files]
    facts = {
        "release": hashlib.sha256("\n".join(whole).encode()).hexdigest()[:16],
        "offline": reverse("offline"),
        "files": files,
        "beneath": settings.STATIC_URL,
    }
    return render_to_string("hall/worker.js", {"facts": json.dumps(facts)})


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Say that one is offline: the one page that a device may keep."""
    return render(request, "hall/offline.html")
