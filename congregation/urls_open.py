"""Addresses outside of any congregation: the door, and pages of words for who is signed out."""

from django.urls import path

from congregation.views import door, notices, pages

urlpatterns = [
    path("theme", door.theme, name="theme"),
    path("unsubscribe/<str:token>/", notices.unsubscribe, name="unsubscribe"),
    path("privacy/", pages.privacy, name="privacy"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("help/", pages.help_page, name="help"),
]
