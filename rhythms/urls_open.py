"""Addresses of this app outside of any congregation."""

from django.urls import path

from rhythms.views import feeds

urlpatterns = [path("calendar/<str:token>.ics", feeds.feed, name="feed")]
