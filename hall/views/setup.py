"""The set-up: `/setup/TOKEN/…`, from an empty server to a congregation. Reading a page changes nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal.httpkit import add_query_params
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.diagnosing import send_test
from congregation.gate import CongregationRequest
from congregation.http import no_reference, respond
from congregation.models import Member, User
from hall import nameless
from hall.arriving import Promise
from hall.demo import starting
from hall.forms import NewPasswordForm, TestMailForm
from hall.setting_up import address
from hall.setting_up.beginning import TakenError, already, begin, promise
from hall.setting_up.forms import PasswordForm, WayForm
from hall.setting_up.kept import Kept
from hall.setting_up.ways import WAYS, way
from hall.views.demo import BEGUN
from rhythms.models import Evening

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def with_the_token(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 without a token that opens the set-up, and once something is founded."""

    @wraps(view)
    @sensitive_variables("token")
    def wrapper(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not address.opens(token):
            raise Http404
        return no_reference(view(request, token, *args, **kwargs))

    return sensitive_post_parameters("password", "again", "credential")(
        never_cache(login_not_required(wrapper))
    )


@with_the_token
@require_safe
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to where one is."""
    return _go(token, Kept(request.session).next)


@with_the_token
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """Ask how to begin."""
    kept = Kept(request.session)
    initial = {"way": kept.way.name} if kept.way else {}
    form = WayForm(request.POST or None, said=kept.said, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = way(form.cleaned_data["way"])
        assert chosen
        kept.choose(chosen.name)
        if chosen.page:
            return HttpResponseRedirect(reverse(chosen.page, args=[token]))
        return _go(token, kept.next if kept.next == "mail" else chosen.parts[0].name)
    closed = [one for one in WAYS if one.why_not]
    return _show(request, token, "begin", "hall/setup/begin.html", form=form, closed=closed)


@with_the_token
@require_http_methods(["GET", "HEAD", "POST"])
def part(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """Ask for one part, and go on to the next."""
    kept = Kept(request.session)
    here = next((one for one in kept.parts if one.name == name), None)
    if here is None or not _may_be_at(kept, name):
        return _go(token, kept.next)
    posted = request.POST if request.method == "POST" else None
    form = here.form(posted, said=kept.said, now=clock.now(), initial=kept.said.get(name))
    if posted is not None and form.is_valid():
        kept.keep(name, form.keep())
        return _go(token, _after(kept, name))
    return _show(request, token, name, here.template, form=form, part=here)


@with_the_token
@require_http_methods(["GET", "HEAD", "POST"])
def demo(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the demo is; let it be filled, and lead to where one sees how far it is."""
    if request.method == "POST":
        request.session[BEGUN] = True
        starting.start()
        return HttpResponseRedirect(reverse("demo-begun"))
    return _show(request, token, "demo", "hall/setup/demo.html")


@with_the_token
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, token: str) -> HttpResponse:
    """Send a test mail; show what came of it, and the way to finish."""
    kept = Kept(request.session)
    if kept.next != "mail":
        return _go(token, kept.next)
    if request.method != "POST":
        return _mail_page(request, token, kept)
    form = TestMailForm(request.POST)
    if not form.is_valid():
        return _mail_page(request, token, kept, test=form)
    kept.keep_mail(send_test(form.cleaned_data["to"]).plain())
    return _go(token, "mail")


@with_the_token
@require_POST
def finish(request: HttpRequest, token: str) -> HttpResponse:
    """Found what was described, sign its host in, and show them what comes next."""
    kept = Kept(request.session)
    if kept.next != "mail" or kept.way is None:
        return _go(token, kept.next)
    said = {name: dict(told) for name, told in kept.said.items()}
    made, passkey = promise(said), None
    if made and "passkey" in request.POST:
        # Asked for first: until then this browser's session has nothing to remember.
        return _passkey_page(request, token, made)
    if made and "credential" in request.POST:
        passkey = nameless.passkey_of(request, _person(made))
        if passkey is None:
            messages.error(request, _("That passkey didn’t come through. Please try again."))
            return _passkey_page(request, token, made, status=422)
    elif made:
        chosen = NewPasswordForm(request.POST, user=_person(made))
        if not chosen.is_valid():
            return _mail_page(request, token, kept, form=chosen)
        said["you"]["password"] = make_password(chosen.cleaned_data["password"])
    elif _needs_password(kept):
        form = PasswordForm(request.POST, said=said)
        if not form.is_valid():
            return _mail_page(request, token, kept, form=form)
        said["you"]["password"] = form.cleaned_data["password"]
    try:
        host = begin(kept.way, said, passkey=passkey, now=clock.now())
    except TakenError:
        # Finish was pressed twice: twice is once.
        if same := already(said):
            return _come_in(request, same, kept)
        return HttpResponseRedirect(reverse("door"))
    return _come_in(request, host, kept)


def _come_in(request: HttpRequest, host: Member, kept: Kept) -> HttpResponse:
    """Sign the first host in, and lead to what comes next: by the name that is theirs, if they gave no address."""
    after = reverse(kept.way.after if kept.way else "home", args=[host.congregation.slug])
    kept.forget()
    assert host.user
    if host.user.handle:
        nameless.sign_in(request, host.user)
        return HttpResponseRedirect(add_query_params(reverse("sign-in-name"), {"next": after}))
    login(request, host.user, backend=BACKEND)
    return HttpResponseRedirect(after)


def _person(made: Promise) -> User:
    """The account that is to be."""
    return User(pk=made.pk, handle=made.handle)


def _passkey_page(
    request: HttpRequest, token: str, made: Promise, *, status: int = 200
) -> HttpResponse:
    """Ask the device of someone without an address for a passkey, with which all of it comes to be."""
    context = {"js_data": nameless.passkey_options(_person(made)), "handle": made.handle}
    answer = _show(request, token, "mail", "hall/setup/passkey.html", **context)
    answer.status_code = status
    return answer


def _needs_password(kept: Kept) -> bool:
    """Whether one would not come in again: neither with a password nor with a code by mail."""
    works = bool(kept.mail and kept.mail.get("is_sent"))
    return not kept.said.get("you", {}).get("password") and not works


def _mail_page(
    request: HttpRequest,
    token: str,
    kept: Kept,
    form: PasswordForm | NewPasswordForm | None = None,
    test: TestMailForm | None = None,
) -> HttpResponse:
    made = promise(kept.said)
    if form is None and made:
        form = NewPasswordForm(user=_person(made))
    elif form is None and _needs_password(kept):
        form = PasswordForm(said=kept.said)
    return _show(
        request,
        token,
        "mail",
        "hall/setup/mail.html",
        form=form,
        made=made,
        test=test or TestMailForm(initial={"to": kept.said.get("you", {}).get("email", "")}),
        result=kept.mail,
        has_server=bool(settings.EMAIL_URL),
        folder=settings.MAIL_FOLDER,
    )


def _may_be_at(kept: Kept, name: str) -> bool:
    """Whether all parts before this one were told."""
    for one in kept.parts:
        if one.name == name:
            return True
        if one.name not in kept.said:
            return False
    return False


def _after(kept: Kept, name: str) -> str:
    """Return the name of the page that follows a part."""
    names = [*(one.name for one in kept.parts), "mail"]
    return names[names.index(name) + 1]


def _go(token: str, name: str) -> HttpResponse:
    """Lead to a part of the set-up."""
    if name in {"begin", "mail"}:
        return HttpResponseRedirect(reverse(f"setup-{name}", args=[token]))
    return HttpResponseRedirect(reverse("setup-part", args=[token, name]))


def _show(
    request: HttpRequest, token: str, now_at: str, template: str, **context: Any
) -> HttpResponse:
    """Show a page of the set-up, with the path of its parts beside it."""
    kept = Kept(request.session)
    is_wrong = any(form and form.errors for form in (context.get("form"), context.get("test")))
    steps = _steps(kept, token, now_at)
    done = sum(step["is_done"] for step in steps)
    context |= {"token": token, "steps": steps, "done": done, "seats": round(6 * done / len(steps))}
    return render(request, template, context, status=422 if is_wrong else 200)


def _steps(kept: Kept, token: str, now_at: str) -> list[dict[str, Any]]:
    """Return the path of the parts: which are done, where one is, and what was said in a few words."""
    way = kept.way
    rows = [("begin", _("How you begin"), way is not None, str(way.label) if way else "")]
    parts = kept.parts if way else WAYS[0].parts
    if way and way.page:
        rows.append((way.name, _("The demo"), False, ""))
    for one in parts:
        told = kept.said.get(one.name)
        rows.append((one.name, str(one.label), told is not None, one.told(told) if told else ""))
    if parts:
        rows.append(("mail", _("Mail"), False, ""))
    return [
        {
            "name": name,
            "label": label,
            "told": told,
            "is_done": is_done and name != now_at,
            "is_now": name == now_at,
            "url": _go(token, name).headers["Location"] if is_done and name != now_at else "",
        }
        for name, label, is_done, told in rows
    ]


@require_safe
def founded(request: CongregationRequest) -> HttpResponse:
    """Show a host what founders do first."""
    member = request.member
    if not member.is_host:
        raise PermissionDenied
    ahead = Evening.objects.visible_to(member).ahead(clock.now())
    context = {"tab": "host", "evening": ahead.select_related("congregation", "meeting").first()}
    return respond(request, "hall/setup/founded.html", context)
