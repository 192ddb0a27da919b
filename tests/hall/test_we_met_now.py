"""The shortcut of the app on a phone: to the meeting of one's crews that ended last."""

from django.urls import reverse

from congregation.models import Notice
from tests.rhythms.conftest import commitment, crew, make_commitment, past, seated_crew

__all__ = ["commitment", "crew", "make_commitment", "past", "seated_crew"]


def test_it_leads_there(past, member, client_of, at):
    answer = client_of(member).get(reverse("we-met-now"))
    assert (answer.status_code, answer.url) == (302, at(member, "we-met", pk=past.pk))
    assert not Notice.objects.exists()


def test_nothing_to_note(past, member, peer, client_of, now):
    past.log(here=[member], by=member, now=now)
    for person in (member, peer):
        answer = client_of(person).get(reverse("we-met-now"))
        assert answer.url == reverse("door") or str(past.pk) not in answer.url


def test_strangers_sign_in(past, client):
    assert "login" in client.get(reverse("we-met-now")).url
