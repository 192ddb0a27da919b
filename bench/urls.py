"""The addresses of an installation, and two that do as little as a page can."""

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from config.urls import handler400, handler500  # noqa: F401
from config.urls import urlpatterns as ours
from congregation import clock
from congregation.models import Event


def frame(request):
    """Show the frame that every page has, with nothing in it."""
    return render(request, "base.html")


def one_row(request):
    """Write one row and lead on."""
    Event.record("bench", request.member, by=request.member, now=clock.now())
    return HttpResponseRedirect("/")


urlpatterns = [
    path("c/<slug:slug>/bench/frame/", frame),
    path("c/<slug:slug>/bench/row/", one_row),
    *ours,
]
