"""Addresses outside of any congregation: the links in mails that name a meeting, and feeds for calendars."""

from django.urls import URLPattern, path

from rhythms.views import by_mail, feeds

urlpatterns: list[URLPattern] = [
    path("coming/<str:token>/", by_mail.coming, name="coming-by-mail"),
    path("we-met/<str:token>/", by_mail.we_met, name="we-met-by-mail"),
    path("calendar/<str:token>.ics", feeds.feed, name="feed"),
]
