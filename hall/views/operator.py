"""The operator's page: how the server is, and what to do about mail. To everyone else it does not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.diagnosing import send_test
from congregation.http import respond
from congregation.models import Mail
from hall import operating
from hall.forms import TestMailForm

# Where the session of an operator has what came of a test mail.
TESTED: Final = "test-mail"


def for_operators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 to everyone but operators, and lead those to a second factor who have none yet."""

    @wraps(view)
    @never_cache
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_staff:
            raise Http404
        if not operating.has_second_factor(user):
            return respond(request, "hall/operator_factor.html", status=403)
        return view(request, *args, **kwargs)

    return wrapper


@for_operators
@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    """Show how the server is: what is at work, mail by kind and state, versions, room."""
    return _page(request)


def _page(request: HttpRequest, form: TestMailForm | None = None) -> HttpResponse:
    user: Any = request.user
    now = clock.now()
    context = {
        "now": now,
        "heaps": operating.outbox(),
        "versions": operating.versions(),
        "room": operating.room(),
        "work": operating.at_work(now=now),
        "has_post": bool(settings.EMAIL_URL),
        "url": settings.URL,
        "form": form or TestMailForm(initial={"to": user.email}),
        "result": request.session.get(TESTED),
    }
    return respond(request, "hall/operator.html", context, status=422 if form else 200)


@for_operators
@require_POST
def mail_test(request: HttpRequest) -> HttpResponse:
    """Send a test mail now, and say how far it came; who asked keeps the answer until they sign out."""
    form = TestMailForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    request.session[TESTED] = send_test(form.cleaned_data["to"]).plain()
    return respond(request, "hall/operator.html", after=f"{reverse('operator')}#test")


@for_operators
@require_POST
def mail_again(request: HttpRequest) -> HttpResponse:
    """Send the uncertain mails of one kind once more, on the operator's word."""
    number = Mail.send_again(request.POST.get("kind", ""), now=clock.now())
    if number:
        said = ngettext("%(n)s mail goes out again.", "%(n)s mails go out again.", number) % {
            "n": number
        }
        messages.success(request, said)
    return respond(request, "hall/operator.html", after=reverse("operator"))


@for_operators
@require_POST
def mail_leave(request: HttpRequest) -> HttpResponse:
    """Leave the uncertain mails of one kind as they are."""
    if Mail.leave(request.POST.get("kind", "")):
        messages.success(request, _("Left as they are."))
    return respond(request, "hall/operator.html", after=reverse("operator"))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Sign an operator in by the address that `bin/manage operator` printed; a second factor is asked for."""
    user = operating.let_in_by(token)
    if user is None:
        return respond(request, "hall/operator_enter.html", {"gone": True}, status=410)
    if request.method == "POST":
        response: HttpResponse = perform_login(request, user, redirect_url=reverse("operator"))
        return response
    return respond(request, "hall/operator_enter.html", {"token": token})
