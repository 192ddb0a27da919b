"""The demo's own pages: its clock, its mail, and its end. An installation that isn't one has none of them."""

import email
import email.policy
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock, invented
from congregation.http import respond
from hall import demo
from hall.demo import starting
from hall.setting_up import address

log = logging.getLogger("tableful.setup")
STEPS = {"day": 1, "week": 7}


# In the session of whoever began the demo in the set-up: they alone are shown its sign-ins.
BEGUN = "demo_begun"


def only_in_the_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 where this isn't the demo."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not invented.is_here():
            raise Http404
        return view(request, *args, **kwargs)

    return wrapper


@login_not_required
@require_POST
@only_in_the_demo
def move(request: HttpRequest) -> HttpResponse:
    """Move the demo's clock on by a day or a week, day by day, with what is due on each."""
    days = STEPS.get(request.POST.get("by", ""), 0)
    for _day in range(days):
        clock.move(timedelta(days=1))
        demo.live(now=clock.now())
    if days:
        messages.success(request, _("The clock was moved on."))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if safe else reverse("door"))


@login_not_required
@require_safe
@only_in_the_demo
def mail(request: HttpRequest) -> HttpResponse:
    """Show the mail that would have been sent; a demo has no mail server."""
    found = []
    paths = sorted(settings.MAIL_FOLDER.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    for path in reversed(paths[-60:]):
        text = path.read_text(encoding="utf-8", errors="replace").split("-" * 79)[0]
        message = email.message_from_string(text.strip(), policy=email.policy.default)
        body = message.get_body(("plain",))
        found.append(
            {
                "to": str(message["To"]),
                "subject": str(message["Subject"]),
                "text": body.get_content() if body else "",
                "files": [part.get_filename() for part in message.iter_attachments()],
            }
        )
    return respond(request, "hall/demo_mail.html", {"mails": found})


@login_not_required
@only_in_the_demo
def remove(request: HttpRequest) -> HttpResponse:
    """Ask, and then take the demo away: its congregations, its people, its mail, its moved clock."""
    if request.method == "POST":
        demo.remove()
        if address.note():
            # Whoever reads this log begins anew.
            log.info("the demo is gone. To set this up, open %s", address.new())
        return HttpResponseRedirect(reverse("door"))
    return respond(request, "hall/demo_remove.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def begun(request: HttpRequest) -> HttpResponse:
    """Show whoever began the demo how far it is, and then its sign-ins; let them try again if it failed."""
    state = starting.state()
    if not request.session.get(BEGUN) or state.name == "none":
        raise Http404
    if request.method == "POST":
        starting.start()
        return HttpResponseRedirect(request.path)
    return respond(request, "hall/setup/demo_begun.html", {"state": state}, part="state")
