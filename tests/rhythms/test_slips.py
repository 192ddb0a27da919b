"""What one puts by for a look-back: one's own alone, until it lies in one's answer and opens to all."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from congregation.models import Event, Notice
from crews.models import Seat
from rhythms import renewing
from rhythms.models import LookBack, Manner, Slip
from rhythms.models.slip import MOST_PUT_BY
from tests.rhythms.looking_back import OVER, WEEK, everyone, open_lookback, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def slip(crew, member, now):
    return Slip.put(crew, part="celebrate", words="Elif’s soup.", by=member, now=now)


def put(client_of, at, who, crew, **data):
    data = {"part": "celebrate", "words": "Elif’s soup."} | data
    return client_of(who).post(at(who, "slips", pk=crew.pk), data)


def test_it_is_put_by_from_the_crews_room_and_its_meetings(crew, past, member, client_of, at):
    page = at(member, "slips", pk=crew.pk)
    for name, pk in (("crew", crew.pk), ("meeting", past.pk)):
        assert page in client_of(member).get(at(member, name, pk=pk)).text
    answer = put(client_of, at, member, crew)
    assert answer.url == page
    assert "Elif’s soup." in client_of(member).get(page).text


def test_a_peer_sees_nothing_of_it(slip, crew, member, mate, host, peer, client_of, at):
    assert "Elif’s soup." not in client_of(mate).get(at(mate, "slips", pk=crew.pk)).text
    for person in (mate, host, peer):
        assert not Slip.objects.visible_to(person).exists()
        assert client_of(person).get(at(person, "slip", pk=slip.pk)).status_code == 404
        answer = client_of(person).post(at(person, "slip-take-back", pk=slip.pk))
        assert answer.status_code == 404
    assert Slip.objects.visible_to(member).exists()


def test_lacking_a_place_at_the_table(crew, member, client_of, at, now):
    Seat.objects.get(crew=crew, member=member).keep((now + WEEK).date(), now=now)
    assert put(client_of, at, member, crew).status_code == 403
    assert "until you are back" in client_of(member).get(at(member, "slips", pk=crew.pk)).text


def test_strangers_find_nothing(crew, slip, peer, outsider, client_of, at):
    for person in (peer, outsider):
        for name, pk in (("slips", crew.pk), ("slip", slip.pk), ("slip-take-back", slip.pk)):
            assert client_of(person).post(at(person, name, pk=pk)).status_code == 404


def test_a_get_throws_nothing_away(slip, member, client_of, at):
    assert client_of(member).get(at(member, "slip-take-back", pk=slip.pk)).status_code == 405


def test_twice_is_once(crew, member, client_of, at):
    once = str(uuid4())
    for _again in range(2):
        assert put(client_of, at, member, crew, once=once).status_code == 302
    assert Slip.objects.count() == 1


def test_nothing_is_recorded_or_told(crew, slip, member, now):
    slip.rewrite(part="less", words="We ran late.", by=member)
    slip.take_back(by=member)
    slip.take_back(by=member)
    assert not Event.objects.filter(verb__startswith="slip").exists()
    assert not Notice.objects.exists()


def test_its_writer_says_it_anew_or_throws_it_away(slip, crew, member, client_of, at):
    client, url = client_of(member), at(member, "slip", pk=slip.pk)
    assert "Elif’s soup." in client.get(url).text
    assert client.post(url, {"part": "change", "words": "End at nine."}).status_code == 302
    slip.refresh_from_db()
    assert (slip.part, slip.words) == ("change", "End at nine.")
    assert client.post(url, {"part": "change", "words": " "}).status_code == 422
    assert client.post(at(member, "slip-take-back", pk=slip.pk)).status_code == 302
    assert not Slip.objects.exists()


def test_so_many_and_so_long(crew, member, now):
    for n in range(MOST_PUT_BY):
        Slip.put(crew, part="worked", words=f"{n} " + "x" * 237, by=member, now=now)
    with pytest.raises(ValidationError, match="as much as can wait"):
        Slip.put(crew, part="worked", words="One more", by=member, now=now)
    with pytest.raises(ValidationError, match="a slip is small"):
        Slip.objects.first().rewrite(part="worked", words="x" * 241, by=member)


def test_it_lies_in_ones_own_answer_when_it_opens(seated_crew, people, client_of, at):
    member, mate, facilitator = people
    crew = seated_crew("Tuesday Pod", people)
    moments = (OVER - WEEK + timedelta(minutes=n) for n in range(3))
    for part, words in (("celebrate", "Soup."), ("celebrate", "Twins."), ("keep", "Food first.")):
        Slip.put(crew, part=part, words=words, by=member, now=next(moments))
    Slip.put(crew, part="change", words="End at nine.", by=mate, now=OVER - WEEK)
    lookback = open_lookback(crew, people)
    assert lookback.answers_of(member).said == {
        "celebrate": "Soup.\nTwins.",
        "worked": "Food first.",  # what one keeps is asked as what worked
    }
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    assert "Soup.\nTwins." in page
    assert "End at nine." not in page
    assert not Slip.objects.put_by().exists()
    # Until it is laid on the table it stays its writer's.
    everyone(lookback, [member, mate], ["go", "go"])
    renewing.reveal_due(now=lookback.closes_at)
    said = Slip.objects.visible_to(facilitator).filter(lookback=lookback)
    assert {slip.words for slip in said} == {"By Ana", "By Dov"}


def test_it_fits_into_one_answer_however_much_waits(seated_crew, people, member, client_of, at):
    crew = seated_crew("Tuesday Pod", people)
    for n in range(MOST_PUT_BY):
        Slip.put(crew, part="worked", words=f"{n:02}" + "x" * 238, by=member, now=OVER - WEEK)
    lookback = open_lookback(crew, people)
    said = lookback.answers_of(member).said["worked"]
    data = {"celebrate": "", "worked": said, "less": "", "change": "", "way": "go"}
    url = at(member, "lookback-write", pk=lookback.pk)
    assert client_of(member).post(url, data).status_code == 302


def test_who_rests_keeps_theirs_and_who_left_goes_unread(seated_crew, people, now):
    member, mate, facilitator = people
    crew = seated_crew("Tuesday Pod", people)
    for person in people:
        Slip.put(crew, part="celebrate", words=person.first_name, by=person, now=now)
    Seat.objects.get(crew=crew, member=mate).keep((OVER + WEEK).date(), now=now)
    crew.leave(by=facilitator, now=now)
    lookback = open_lookback(crew, people)
    assert [slip.member for slip in Slip.objects.put_by()] == [mate]
    assert [slip.member for slip in Slip.objects.filter(lookback=lookback)] == [member]


def test_what_opened_is_put_by_no_more(seated_crew, people, member, client_of, at):
    crew = seated_crew("Tuesday Pod", people)
    open_lookback(crew, people)
    page = client_of(member).get(at(member, "slips", pk=crew.pk)).text
    assert "waits for the next one" in page
    Slip.put(crew, part="celebrate", words="Later.", by=member, now=OVER)
    assert Slip.objects.put_by().count() == 1


# ---- how a crew looks back


def choose(crew, by, now, asks_by="worked", with_names=False):
    return Manner.choose(crew, asks_by=asks_by, with_names=with_names, by=by, now=now)


def test_a_way_of_asking_is_chosen_and_the_others_are_told(crew, member, mate, client_of, at):
    url = at(member, "manner", pk=crew.pk)
    page = client_of(member).get(url).text
    assert "Liked, learned, lacked, longed for" in page
    answer = client_of(member).post(url, {"asks_by": "longed", "names": "off"})
    assert answer.status_code == 302
    assert Manner.objects.get(crew=crew).asks_by == "longed"
    told = Notice.objects.filter(kind="rhythms.manner")
    assert {notice.recipient.name for notice in told} == {"Dov Levi", "Joel King"}
    assert Event.objects.get(verb="manner.choose").actor == member
    assert "checked" in client_of(mate).get(at(mate, "manner", pk=crew.pk)).text


def test_choosing_the_same_twice_is_once(crew, member, now):
    for _again in range(2):
        choose(crew, member, now, asks_by="wish")
    assert Event.objects.filter(verb="manner.choose").count() == 1


def test_who_may_choose(crew, member, peer, host, outsider, client_of, at, now):
    for person in (peer, host, outsider):
        url = at(person, "manner", pk=crew.pk)
        assert client_of(person).post(url, {"asks_by": "wish", "names": "off"}).status_code == 404
    Seat.objects.get(crew=crew, member=member).keep((now + WEEK).date(), now=now)
    assert client_of(member).get(at(member, "manner", pk=crew.pk)).status_code == 403


@pytest.mark.parametrize(
    ("asks_by", "question"),
    [
        ("worked", "What didn’t?"),
        ("like", "What do you dislike?"),
        ("start", "What could we stop?"),
        ("wish", "What if…?"),
        ("longed", "What did you long for?"),
    ],
)
def test_every_way_begins_with_what_is_celebrated(
    seated_crew, people, member, client_of, at, asks_by, question
):
    crew = seated_crew("Tuesday Pod", people)
    choose(crew, member, OVER - WEEK, asks_by=asks_by)
    lookback = open_lookback(crew, people)
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    assert page.index("What do we celebrate?") < page.index(question)
    data = {prompt.key: f"Of {prompt.key}" for prompt in lookback.parts} | {"way": "go"}
    for person in people:
        url = at(person, "lookback-write", pk=lookback.pk)
        assert client_of(person).post(url, data).status_code == 302
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    for prompt in lookback.parts:
        assert str(prompt.heading).replace("'", "&#x27;") in page
        assert page.count(f"Of {prompt.key}") >= 3


def test_what_is_open_stays_as_it_opened(seated_crew, people, member):
    crew = seated_crew("Tuesday Pod", people)
    lookback = open_lookback(crew, people)
    choose(crew, member, OVER, asks_by="wish", with_names=True)
    lookback.refresh_from_db()
    assert (lookback.asks_by, lookback.with_names) == ("worked", False)


# ---- names


@pytest.fixture
def named(seated_crew, people, member):
    crew = seated_crew("Tuesday Pod", people)
    choose(crew, member, OVER - WEEK, with_names=True)
    return open_lookback(crew, people)


def test_names_stay_where_all_knew_it_before(named, people, member, client_of, at):
    page = client_of(member).get(at(member, "lookback", pk=named.pk)).text
    assert "With names, as your crew chose." in page
    everyone(named, people, ["go"] * 3)
    said = Slip.objects.visible_to(member).filter(lookback=named)
    assert {(slip.member.first_name, slip.words) for slip in said} == {
        (person.first_name, f"By {person.first_name}") for person in people
    }
    assert "With names, as we agreed." in client_of(member).get(named.get_absolute_url()).text


def test_one_wish_in_private_takes_all_names_off(named, people, member, mate, client_of, at):
    renewing.write(named, says("go", celebrate="Twins."), by=people[2], now=OVER)
    data = {"celebrate": "Soup.", "way": "go", "without_names": "on"}
    assert client_of(mate).post(at(mate, "lookback-write", pk=named.pk), data).status_code == 302
    renewing.write(named, says("go"), by=member, now=OVER)
    assert not Slip.objects.filter(lookback=named, member__isnull=False).exists()
    named.refresh_from_db()
    assert not named.with_names
    assert not named.decisions.filter(without_names=True).exists()  # whose wish it was is forgotten
    page = client_of(member).get(named.get_absolute_url()).text
    assert "Without names." in page


def test_too_late_a_choice_holds_for_the_next_one(seated_crew, people, member):
    crew = seated_crew("Tuesday Pod", people)
    choose(crew, member, OVER - WEEK / 7 * 2, with_names=True)
    assert not open_lookback(crew, people).with_names


def test_that_they_come_off_again_is_told_without_saying_who_wished_it(crew, member, mate, now):
    choose(crew, member, now, with_names=True)
    Notice.objects.all().delete()
    choose(crew, mate, now + WEEK)
    assert Event.objects.filter(verb="manner.choose").latest("at").actor is None
    told = Notice.objects.filter(kind="rhythms.manner")
    assert mate in {notice.recipient for notice in told}
    assert not Manner.objects.get(crew=crew).names_hold(now=now + 2 * WEEK)


def test_how_it_went_never_has_a_name(named, people):
    assert not named.helped.filter(member__isnull=False).exists()


def test_two_are_told_that_names_cannot_come_off(seated_crew, member, mate, client_of, at):
    crew = seated_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    lookback = open_lookback(crew, [member, mate])
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk)).text
    assert "There are two of you, though" in page
    everyone(lookback, [member, mate], ["go", "go"])
    page = client_of(member).get(lookback.get_absolute_url()).text
    assert "each knows whose words are whose" in page


def test_as_many_queries_however_much_is_put_by(
    crew, member, client_of, at, now, django_assert_max_num_queries
):
    client, url = client_of(member), at(member, "slips", pk=crew.pk)
    client.get(url)
    counts = []
    for n in range(2):
        for m in range(5):
            Slip.put(crew, part="worked", words=f"{n} {m}", by=member, now=now)
        with django_assert_max_num_queries(40) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert LookBack.objects.count() == 0
