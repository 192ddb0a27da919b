"""Addresses in a congregation of pages that span apps."""

from django.urls import path

from hall.views import (
    crew,
    grow,
    home,
    host,
    hosts,
    leaving,
    mail,
    people,
    resting,
    seen,
    setup,
    table,
    ways_back,
)

urlpatterns = [
    path("crews/<uuid:pk>/", crew.crew, name="crew"),
    path("crews/<uuid:pk>/rest/", resting.crew_rest, name="crew-rest"),
    path("crews/<uuid:pk>/wake/", resting.crew_wake, name="crew-wake"),
    path("", home.home, name="home"),
    path("founded/", setup.founded, name="founded"),
    path("host/", host.host, name="host"),
    path("hosts/", hosts.hosts, name="hosts"),
    path("hosts/lay-down/", hosts.lay_down, name="hosts-lay-down"),
    path("me/as/member/", seen.as_member, name="as-member"),
    path("me/as/crew/<uuid:pk>/", seen.as_crew, name="as-crew"),
    path("me/as/stranger/", seen.as_stranger, name="as-stranger"),
    path("me/away/", leaving.away, name="me-away"),
    path("me/back/", leaving.back, name="me-back"),
    path("me/leave/", leaving.leave, name="leave"),
    path("host/mail/", mail.mail, name="host-mail"),
    path("host/mail/later/", mail.later, name="host-mail-later"),
    path("grow/", grow.grow, name="grow"),
    path("people/", people.people, name="people"),
    path("people/<uuid:pk>/", people.member, name="member"),
    path("people/<uuid:pk>/way-back/", ways_back.begin, name="way-back-new"),
    path("ways-back/", ways_back.ways_back, name="ways-back"),
    path("ways-back/<uuid:pk>/", ways_back.way_back, name="way-back"),
    path("ways-back/<uuid:pk>/yes/", ways_back.say_yes, name="way-back-yes"),
    path("ways-back/<uuid:pk>/link/", ways_back.new_link, name="way-back-link"),
    path("ways-back/<uuid:pk>/close/", ways_back.close, name="way-back-close"),
    path("tables/<uuid:pk>/answer/", table.table_answer, name="table-answer"),
]
