import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from crews import week
from crews.forms.pool import TimesForm
from crews.models import Card, FreeTime
from crews.rules import Free
from tests.crews.looking import look

WORK = {"meaning": "Wetlands", "livelihood": "Websites", "offers": "Spades", "asks": "Hands"}
WISH = {
    "kinds": ["support", "house"],
    "tempos": ["weekly"],
    "where": "either",
    "topics": "rivers, Ōtaki;  rivers, otaki ,cello",
}


def free_of(member):
    rows = FreeTime.objects.filter(member=member).order_by("weekday", "begins")
    return list(rows.values_list("weekday", "begins", "ends"))


def test_three_short_parts_lead_into_the_pool(client_of, at, member):
    client = client_of(member)
    url = at(member, "card")
    first = client.get(url + "?look=1")
    assert first.status_code == 200
    assert first.content.decode().count("<textarea") == 4
    response = client.post(url + "?part=work&look=1", WORK)
    assert response.url == url + "?part=wish&look=1"
    assert client.get(response.url).status_code == 200
    response = client.post(response.url, WISH)
    assert response.url == url + "?part=times&look=1"
    assert client.get(response.url).status_code == 200
    response = client.post(response.url, {"boxes": ["1 evening", "3 morning"]})
    assert response.url == at(member, "pool")
    card = Card.objects.get(member=member)
    assert card.is_looking
    assert (card.meaning, card.kinds, card.topics) == (
        "Wetlands",
        ["support", "house"],
        "rivers, Ōtaki, cello",
    )
    assert free_of(member) == [(1, 1080, 1320), (3, 480, 720)]
    assert client.get(at(member, "pool")).status_code == 200


def test_parts_that_touch_become_one_and_come_back_as_boxes(client_of, at, member):
    look(member, free=())
    client, url = client_of(member), at(member, "card") + "?part=times"
    client.post(url, {"boxes": ["2 morning", "2 midday", "2 afternoon"]})
    assert free_of(member) == [(2, 480, 1080)]
    page = client.get(url).content.decode()
    for part in ("morning", "midday", "afternoon"):
        assert f'value="2 {part}" checked' in page
    assert 'value="2 evening" checked' not in page


def test_a_time_of_ones_own_is_added_kept_and_taken_away(client_of, at, member):
    look(member, free=())
    client, url = client_of(member), at(member, "card") + "?part=times"
    own = {"day": "5", "begins": "10:15", "ends": "11:45"}
    response = client.post(url, {**own, "again": "1"})
    assert response.url.endswith("?part=times#own")
    assert free_of(member) == [(5, 615, 705)]
    page = client.get(url).content.decode()
    assert "Saturday, 10:15 am to 11:45 am" in page
    client.post(url, {"kept": ["5 615 705"], "boxes": ["0 evening"]})
    assert free_of(member) == [(0, 1080, 1320), (5, 615, 705)]
    client.post(url, {"boxes": ["0 evening"]})
    assert free_of(member) == [(0, 1080, 1320)]


def test_a_time_until_midnight(client_of, at, member):
    look(member, free=())
    own = {"day": "4", "begins": "21:00", "ends": "00:00", "boxes": ["4 evening"]}
    client_of(member).post(at(member, "card") + "?part=times", own)
    assert free_of(member) == [(4, 1080, 1440)]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"day": "4", "begins": "21:00", "ends": "20:00"}, "ends before it begins"),
        ({"day": "4", "begins": "21:00", "ends": "21:00"}, "ends before it begins"),
        ({"day": "4", "begins": "21:00"}, "needs a day, a beginning and an end"),
        ({"begins": "21:00", "ends": "22:00"}, "needs a day, a beginning and an end"),
    ],
)
def test_what_does_not_hold_is_said_and_what_was_ticked_stays(client_of, at, member, own, words):
    look(member, free=())
    url = at(member, "card") + "?part=times"
    response = client_of(member).post(url, {"boxes": ["2 morning"], **own})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert 'value="2 morning" checked' in page
    assert free_of(member) == []


def test_an_empty_card_is_refused_beside_its_field(client_of, at, member):
    response = client_of(member).post(at(member, "card") + "?part=work", {"offers": "Spades"})
    assert response.status_code == 422
    assert "Write at least a few words here." in response.content.decode()
    assert "Spades" in response.content.decode()
    assert not Card.objects.filter(member=member).exists()


def test_eleven_topics_are_too_many(client_of, at, member):
    wish = {**WISH, "topics": ", ".join(f"topic {n}" for n in range(11))}
    response = client_of(member).post(at(member, "card") + "?part=wish", wish)
    assert response.status_code == 422


def test_a_part_is_changed_from_the_preview(client_of, at, member):
    look(member, livelihood="Websites", offers="Spades")
    client = client_of(member)
    preview = client.get(at(member, "card-preview"))
    assert "Spades" in preview.content.decode()
    response = client.post(at(member, "card") + "?part=work", {**WORK, "offers": "Bread"})
    assert response.url == at(member, "card-preview")
    assert "Bread" in client.get(response.url).content.decode()
    assert Card.objects.get(member=member).is_looking


def test_without_a_card_the_preview_leads_to_writing_it(client_of, at, member):
    response = client_of(member).get(at(member, "card-preview"))
    assert response.url == at(member, "card")


def test_only_oneself_writes_ones_card(member, peer):
    card = look(member)
    for change in (
        lambda: card.write({"meaning": "x"}, by=peer),
        lambda: card.look("happy", by=peer),
        lambda: card.free([], by=peer),
    ):
        with pytest.raises(PermissionDenied):
            change()


def test_another_persons_card_is_not_reached_and_an_outsider_finds_nothing(
    client_of, at, member, outsider
):
    assert client_of(outsider).get(at(member, "card")).status_code == 404
    assert client_of(outsider).get(at(member, "card-preview")).status_code == 404
    assert client_of(member).get(at(member, "card") + "?part=other").status_code == 404


def test_twice_is_once(client_of, at, member):
    client, url = client_of(member), at(member, "card")
    for _time in range(2):
        client.post(url + "?part=work&look=1", WORK)
        client.post(url + "?part=times&look=1", {"boxes": ["1 evening"]})
    assert Card.objects.filter(member=member).count() == 1
    assert free_of(member) == [(1, 1080, 1320)]


def test_what_a_card_says_is_sealed_in_the_database(member):
    look(member, meaning="Wetlands", topics="rivers", livelihood="Websites", offers="a", asks="b")
    with connection.cursor() as cursor:
        cursor.execute("select meaning, topics, livelihood, offers, asks from crews_card")
        for value in cursor.fetchone():
            assert bytes(value)[:1] == b"\x01"
            assert b"Wetlands" not in bytes(value)


def test_who_is_free_is_seen_in_the_pool_and_in_a_hello_alone(member, peer, mate, host, now):
    from tests.crews.looking import greet

    look(member)
    mates = look(mate, state="not_now")
    look(peer)
    seen = FreeTime.objects.visible_to(peer)
    assert {time.member_id for time in seen} == {member.pk, peer.pk}
    assert not FreeTime.objects.visible_to(host).exists()
    assert {t.member_id for t in FreeTime.objects.visible_to(mate)} == {mate.pk}
    greet(mate, peer, now)
    seen = FreeTime.objects.visible_to(peer)
    assert mates.member_id in {time.member_id for time in seen}


def test_boxes_and_what_lies_beside_them():
    times = [Free(0, 480, 750), Free(0, 840, 1080), Free(0, 1080, 1330), Free(6, 0, 480)]
    assert week.ticked(times) == [(0, "morning"), (0, "afternoon"), (0, "evening")]
    assert week.beside(times) == [Free(0, 720, 750), Free(0, 1320, 1330), Free(6, 0, 480)]
    boxes = [week.box(*box) for box in week.ticked(times)]
    assert week.joined([*boxes, *week.beside(times)]) == week.joined(times)


@pytest.mark.parametrize(
    ("times", "parts"),
    [
        ([], []),
        ([Free(0, 1080, 1320), Free(2, 1140, 1320)], ["evening"]),
        ([Free(0, 480, 720), Free(2, 1080, 1320)], ["morning", "evening"]),
        ([Free(day, 0, 1440) for day in range(7)], []),
        ([Free(0, 720, 840)], ["midday"]),
    ],
)
def test_when_someone_is_usually_free(times, parts):
    assert week.usual_parts(times) == parts


def test_a_stale_page_keeps_a_time_that_another_tab_took_away():
    form = TimesForm({"kept": ["5 615 705"]}, free=[])
    assert form.is_valid()
    assert form.times == [Free(5, 615, 705)]
    assert not TimesForm({"kept": ["9 615 705"]}, free=[]).is_valid()
    assert not TimesForm({"kept": ["x"]}, free=[]).is_valid()
