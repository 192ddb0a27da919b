"""Two people who finish the set-up at the same moment found one congregation."""

import pytest
from django.contrib.auth.hashers import make_password

from congregation.models import Congregation, Host, Member, User
from hall.setting_up.beginning import TakenError, begin
from hall.setting_up.ways import way
from tests.congregation.test_arrive_race import race


def described(number):
    zone = {"name": f"Valley {number % 3}", "zone": "UTC"}
    you = {"name": f"Host {number}", "email": f"host{number}@example.org"}
    return {"congregation": zone, "you": {**you, "password": make_password("x" * 12)}}


@pytest.mark.django_db(transaction=True)
def test_of_many_one_is_first(now):
    def attempt(number):
        said = described(number)

        def found():
            try:
                return begin(way("congregation"), said, now=now)
            except TakenError as taken:
                return taken

        return found

    done = race([attempt(number) for number in range(6)])
    hosts = [each for each in done if isinstance(each, Member)]
    assert len(hosts) == 1
    assert sum(isinstance(each, TakenError) for each in done) == 5
    here = Congregation.objects.get()
    assert here.places_taken == 1
    assert Member.objects.get() == hosts[0]
    assert Host.objects.get().member == hosts[0]
    assert User.objects.count() == 1
