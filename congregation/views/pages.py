"""Pages of words: who sees what, accessibility, help, and the phone's menu. The first three are open."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from congregation.gate import CongregationRequest
from congregation.models import HelpNumber


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say who sees what, whole."""
    return render(request, "congregation/privacy.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what was done so that everyone can use this, and what is missing."""
    return render(request, "congregation/accessibility.html")


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Say the first steps of a member, a facilitator and a host, and to members where there is help outside."""
    member = getattr(request, "member", None)
    numbers = HelpNumber.objects.visible_to(member) if member else []
    return render(request, "congregation/help.html", {"help_numbers": numbers})


@require_safe
def more(request: CongregationRequest) -> HttpResponse:
    """Show what the bar of a phone has no room for."""
    return render(request, "congregation/more.html", {"tab": "more"})
