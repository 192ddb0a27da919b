"""Many at the door at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from congregation.models import Congregation, Invitation, Member, User
from crews.models import Crewless
from hall.arriving import arrive


def race(attempts):
    """Run all at once, each on a connection of its own; return what each came to."""

    def run(attempt):
        try:
            return attempt()
        except ValidationError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))


def guests(number):
    return [User.objects.create_user(f"guest{i}@example.org", proven=True) for i in range(number)]


@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_link_one_comes_in(host, now):
    row, _token = Invitation.invite(name="Kaia", by=host, now=now)

    def attempt(user):
        return lambda: arrive(Invitation.objects.get(pk=row.pk), user, {"name": "Kaia"}, now=now)

    done = race([attempt(user) for user in guests(6)])
    assert sum(isinstance(each, Member) for each in done) == 1
    assert Member.objects.filter(name="Kaia").count() == Crewless.objects.count() == 1
    host.congregation.refresh_from_db()
    assert host.congregation.places_taken == 2


@pytest.mark.django_db(transaction=True)
def test_the_ceiling_holds(host, now):
    rows = [Invitation.invite(name=f"Guest {i}", by=host, now=now)[0] for i in range(6)]
    Invitation.objects.update(confirmed_at=now)
    congregation = host.congregation
    Congregation.objects.update(places_taken=congregation.ceiling - 2)

    def attempt(row, user):
        return lambda: arrive(Invitation.objects.get(pk=row.pk), user, {"name": row.name}, now=now)

    done = race([attempt(row, user) for row, user in zip(rows, guests(6), strict=True)])
    assert sum(isinstance(each, Member) for each in done) == 2
    congregation.refresh_from_db()
    assert congregation.places_taken == congregation.ceiling
    assert Invitation.objects.filter(accepted_at__isnull=False).count() == 2
    assert Invitation.objects.open(now + timedelta(days=1)).count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_links_of_one_person_make_one_member(host, now):
    rows = [Invitation.invite(name="Kaia", by=host, now=now)[0] for _i in range(4)]
    (user,) = guests(1)

    def attempt(row):
        return lambda: arrive(Invitation.objects.get(pk=row.pk), user, {"name": "Kaia"}, now=now)

    done = race([attempt(row) for row in rows])
    assert sum(isinstance(each, Member) for each in done) == 1
    host.congregation.refresh_from_db()
    assert host.congregation.places_taken == 2
