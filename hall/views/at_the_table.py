"""The page behind the picture on the table of an evening, and waiting for a host's yes there."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from congregation import clock
from congregation.http import no_reference, respond, tag_of, unchanged
from congregation.models import Member, User, hashed
from hall.accounts import prove_at_the_table, sit_down
from rhythms.forms.evening import ArrivalForm
from rhythms.models import Arrival, Evening, EveningLink

Fault = EveningLink.Fault
STATUS = {Fault.GONE: 404, Fault.EARLY: 409, Fault.FULL: 409, Fault.CLOSED: 410, Fault.LATE: 410}


@login_not_required
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters("first", "second")
@require_http_methods(["GET", "HEAD", "POST"])
def at_the_table(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whoever sits at the table for their name and two answers."""
    now, key = clock.now(), hashed(token)
    user = request.user if isinstance(request.user, User) else None
    evening = Evening.objects.by_token(token).first()
    if evening is None:
        return no_reference(_closed(request, None, Fault.GONE))
    mine = Arrival.objects.of_account(user).filter(evening=evening).first() if user else None
    if mine:
        return no_reference(HttpResponseRedirect(reverse("arrival", args=[mine.pk])))
    known = Member.objects.of_account(user, now=now) if user else None
    is_member = known is not None and known.filter(congregation=evening.congregation_id).exists()
    fault = evening.link.fault(key, now=now, takes_place=not is_member)
    if fault:
        return no_reference(_closed(request, evening, fault))
    form = ArrivalForm(
        request.POST if request.method == "POST" else None,
        evening=evening,
        asks_name=not is_member,
        asks_email=not user,
    )
    if request.method == "POST" and form.is_valid():
        answers = {name: str(value) for name, value in form.cleaned_data.items()}
        email = answers.pop("email", "")
        if user:
            return no_reference(sit_down(request, evening, key, user, answers))
        try:
            return no_reference(prove_at_the_table(request, evening, key, email, answers))
        except ValidationError as error:
            form.add_error(None, error)
    context = {"evening": evening, "form": form, "is_member": is_member}
    status = 422 if form.errors else 200
    with timezone.override(evening.meeting.zone):
        return no_reference(render(request, "hall/at_the_table.html", context, status=status))


def _closed(request: HttpRequest, evening: Evening | None, fault: Fault) -> HttpResponse:
    """Say why nobody can sit down with this link now."""
    context = {"fault": fault.value, "evening": evening}
    with timezone.override(evening.meeting.zone if evening else None):
        return render(request, "hall/at_the_table_closed.html", context, status=STATUS[fault])


@require_safe
@never_cache
def arrival(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show someone how their arrival stands; once a host has said yes, lead them in."""
    assert isinstance(request.user, User)
    mine = get_object_or_404(Arrival.objects.of_account(request.user), pk=pk)
    if mine.state == Arrival.State.HERE:
        home = reverse("home", kwargs={"slug": mine.congregation.slug})
        after = home if mine.is_new else mine.evening.get_absolute_url()
        return respond(request, "hall/arrival.html", after=after)
    off = mine.evening.is_called_off
    tag = tag_of(mine.pk, mine.state, off)
    context = {"arrival": mine, "is_off": off, "tag": tag}
    return unchanged(request, tag) or respond(
        request, "hall/arrival.html", context, part="standing"
    )
