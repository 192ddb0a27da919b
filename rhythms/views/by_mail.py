"""What a link in a mail opens without signing in: whether one comes, and *We met*. A GET changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from congregation import clock
from congregation.http import no_reference
from congregation.models import Member
from rhythms import links
from rhythms.forms.meeting import AnswerForm, HereForm
from rhythms.models import Coming, Meeting


@contextmanager
def _read_by(member: Member) -> Iterator[None]:
    """In the words and on the clock of whose link it is."""
    with timezone.override(member.zone), translation.override(member.language):
        yield


def _dead(request: HttpRequest) -> HttpResponse:
    """Say that a link opens nothing; the same whatever the reason."""
    return no_reference(render(request, "rhythms/by_mail_dead.html", status=404))


@login_not_required
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def coming(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether one comes, with the answer of the mail chosen already; keep it once it is sent."""
    now = clock.now()
    found = links.opened("coming", token, now=now)
    if found is None:
        return _dead(request)
    member, this = found
    is_done = False
    with _read_by(member):
        chosen = request.GET.get("answer", "")
        first = chosen if chosen in Coming.Answer.values else Coming.Answer.COMING
        form = AnswerForm(
            request.POST if request.method == "POST" else None, initial={"answer": first}
        )
        if request.method == "POST" and form.is_valid():
            try:
                this.come(answer=form.cleaned_data["answer"], by=member, now=now)
                is_done = True
            except ValidationError:
                return _dead(request)
        context = {
            "form": form,
            "meeting": this,
            "name": this.name_for(member),
            "said": Coming.Answer(form.cleaned_data["answer"]).label if is_done else "",
            "reader": member,
            "now": now,
        }
        status = 422 if form.errors else 200
        return no_reference(render(request, "rhythms/coming_by_mail.html", context, status=status))


@login_not_required
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def we_met(request: HttpRequest, token: str) -> HttpResponse:
    """Ask who was away, and note that a crew met, or didn't; what was noted is corrected elsewhere."""
    now = clock.now()
    found = links.opened("we-met", token, now=now)
    if found is None:
        return _dead(request)
    member, this = found
    is_early, people = this.starts_at > now, this.people()
    with _read_by(member):
        form = HereForm(
            request.POST if request.method == "POST" else None,
            people=people,
            initial={"here": [str(person.pk) for person in people if person.pk not in this.cant()]},
        )
        if request.method == "POST" and not is_early and form.is_valid():
            try:
                if "not_held" in request.POST:
                    this.not_held(by=member, now=now, is_first=True)
                else:
                    this.log(here=form.cleaned_data["here"], by=member, now=now, is_first=True)
            except ValidationError as error:
                form.add_error(None, error)
        context = {
            "form": form,
            "meeting": this,
            "name": this.name_for(member),
            "reader": member,
            "is_early": is_early,
            "is_noted": this.state != Meeting.State.PLANNED,
            "now": now,
        }
        status = 409 if is_early else 422 if form.errors else 200
        return no_reference(render(request, "rhythms/we_met_by_mail.html", context, status=status))
