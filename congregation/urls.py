"""Addresses in a congregation: me, invitations, notices, and pages of words."""

from django.urls import path

from congregation.views import help_numbers, invitations, mail, me, notices, pages, portrait

urlpatterns = [
    path("me/", me.me, name="me"),
    path("me/contact/", me.contact, name="contact"),
    path("me/crews/", me.crews, name="me-crews"),
    path("me/preferences/", me.preferences, name="preferences"),
    path("me/picture/", portrait.my_picture, name="my-picture"),
    path("me/picture/take-away/", portrait.take_away, name="picture-take-away"),
    path("people/<uuid:pk>/picture/<slug:key>/", portrait.picture, name="picture"),
    path("me/zone/", me.zone, name="me-zone"),
    path("me/mail/", mail.mail, name="me-mail"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/new/", invitations.invite, name="invite"),
    path("invitations/<uuid:pk>/", invitations.invitation, name="invitation"),
    path(
        "invitations/<uuid:pk>/approve/", invitations.invitation_approve, name="invitation-approve"
    ),
    path(
        "invitations/<uuid:pk>/withdraw/",
        invitations.invitation_withdraw,
        name="invitation-withdraw",
    ),
    path("invitations/<uuid:pk>/link/", invitations.invitation_link, name="invitation-link"),
    path("notices/", notices.notices, name="notices"),
    path("notices/seen/", notices.see_all, name="notices-seen"),
    path("notices/<uuid:pk>/", notices.notice, name="notice"),
    path("more/", pages.more, name="more"),
    path("privacy/", pages.privacy, name="privacy"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("help/", pages.help_page, name="help"),
    path("help/numbers/", help_numbers.help_numbers, name="help-numbers"),
]
