"""A map just large enough to try addresses on."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def blank(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("help/", blank, name="help"),
    path(
        "c/<slug:slug>/",
        include(
            [
                path("", blank, name="home"),
                path("people/", blank, name="people"),
                path("crews/", blank, name="crews"),
                path("crews/<int:pk>/", blank, name="crew"),
                path("calendar/", blank, name="calendar"),
                path("host/", blank, name="host"),
            ]
        ),
    ),
]
