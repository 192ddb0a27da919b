"""What was found is grouped by anyone, and weighed by each, face down, until it shows to all at once."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation.models import Event, Member, Notice
from crews.models import Lesson, Question, Seat
from rhythms import renewing, weighing
from rhythms.found import found
from rhythms.models import Change, LookBack, Slip, Theme, Weighing
from tests.rhythms.looking_back import OVER, WEEK, open_lookback, says

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


def opened(crew, people):
    """Return a look-back that is open: each said something good and something to change."""
    this = open_lookback(crew, people)
    for n, person in enumerate(people):
        answers = says("go", celebrate="Soup.", worked="Food first", change=f"End at nine {n}")
        renewing.write(this, answers, by=person, now=OVER)
    this.refresh_from_db()
    return this


@pytest.fixture
def lookback(crew, people):
    return opened(crew, people)


def slips(lookback, part="change"):
    return list(Slip.objects.filter(lookback=lookback, part=part).in_order())


def keys(rows):
    return [row.pk for row in rows]


def lay(client, url, rows, **data):
    said = {"part": rows[0].part, "into": "new", "name": "", "slips": [str(row.pk) for row in rows]}
    return client.post(url, said | data)


@pytest.fixture
def grouped(lookback, member):
    """What worked is one theme; two of three changes are another."""
    weighing.group(lookback, keys(slips(lookback, "worked")), name="Food", by=member, now=OVER)
    weighing.group(lookback, keys(slips(lookback)[:2]), name="Time", by=member, now=OVER)
    return lookback


@pytest.fixture
def begun(grouped, member):
    weighing.begin(grouped, by=member, now=OVER)
    return grouped


# ---- grouping


def test_slips_are_laid_together_under_a_name(lookback, member, mate, client_of, at):
    url = at(member, "lookback-group", pk=lookback.pk)
    page = client_of(member).get(url).text
    assert url in client_of(member).get(lookback.get_absolute_url()).text
    assert "Soup." not in page  # what is celebrated is not grouped
    answer = lay(client_of(member), url, slips(lookback)[:2], name="Time")
    assert answer.url == f"{url}#part-change"
    theme = Theme.objects.get()
    assert (theme.name, theme.part, theme.slips.count()) == ("Time", "change", 2)
    event = Event.objects.get(verb="lookback.group")
    assert (event.actor, event.circle) == (member, lookback.crew_id)
    # A peer sees it, adds to it, gives it another name, and takes out of it.
    client, url = client_of(mate), at(mate, "lookback-group", pk=lookback.pk)
    assert "Time" in client.get(url).text
    lay(client, url, slips(lookback)[2:], into=str(theme.pk), name="How late it is")
    theme.refresh_from_db()
    assert (theme.name, theme.slips.count()) == ("How late it is", 3)
    lay(client, url, slips(lookback)[:1], into="out")
    assert theme.slips.count() == 2
    lay(client, url, slips(lookback)[1:], into="out")
    assert not Theme.objects.exists()  # nothing lies in it any more


def test_it_needs_slips_and_a_name(lookback, member, client_of, at):
    client, url = client_of(member), at(member, "lookback-group", pk=lookback.pk)
    rows = slips(lookback)[:2]
    answer = lay(client, url, rows)
    assert answer.status_code == 422
    assert "what they have in common" in answer.text
    answer = client.post(url, {"part": "change", "into": "new", "name": "Time"})
    assert answer.status_code == 422
    assert "Choose what belongs together." in answer.text
    assert 'value="Time"' in answer.text
    assert not Theme.objects.exists()


def test_only_answers_to_one_question_lie_together(lookback, member):
    both = [slips(lookback)[0].pk, slips(lookback, "worked")[0].pk]
    with pytest.raises(ValidationError, match="the same question"):
        weighing.group(lookback, both, name="All", by=member, now=OVER)
    cheer = keys(slips(lookback, "celebrate"))
    with pytest.raises(ValidationError, match="Choose what belongs"):
        weighing.group(lookback, cheer, name="Soup", by=member, now=OVER)


def test_grouping_twice_is_once(lookback, member):
    rows, key = keys(slips(lookback)[:2]), LookBack().pk
    for _again in range(2):
        weighing.group(lookback, rows, name="Time", by=member, now=OVER, pk=key)
    assert Theme.objects.get().pk == key
    assert Event.objects.filter(verb="lookback.group").count() == 1


def test_lacking_a_place_at_the_table(grouped, member, client_of, at, now):
    Seat.objects.get(crew=grouped.crew, member=member).keep((OVER + WEEK).date(), now=now)
    client = client_of(member)
    assert client.get(at(member, "lookback-group", pk=grouped.pk)).status_code == 403
    assert client.post(at(member, "lookback-begin", pk=grouped.pk)).status_code == 403
    with pytest.raises(PermissionDenied):
        weighing.take_out(grouped, keys(slips(grouped)), by=member, now=OVER)


def test_strangers_find_nothing(begun, peer, host, outsider, client_of, at):
    theme = Theme.objects.first()
    for person in (peer, host, outsider):
        for name in ("lookback-group", "lookback-weigh"):
            assert client_of(person).get(at(person, name, pk=begun.pk)).status_code == 404
        for name in ("lookback-group", "lookback-begin", "lookback-weigh"):
            assert client_of(person).post(at(person, name, pk=begun.pk)).status_code == 404
        assert client_of(person).get(at(person, "theme-lesson", pk=theme.pk)).status_code == 404
        assert not Theme.objects.visible_to(person).exists()


def test_a_get_begins_nothing(grouped, member, client_of, at):
    assert client_of(member).get(at(member, "lookback-begin", pk=grouped.pk)).status_code == 405


def test_before_it_is_open_there_is_nothing_to_group(seated_crew, people, client_of, at):
    closed = open_lookback(seated_crew("Another", people), people)
    client = client_of(people[0])
    for name in ("lookback-group", "lookback-weigh"):
        assert client.get(at(people[0], name, pk=closed.pk)).status_code == 302
    assert client.post(at(people[0], "lookback-begin", pk=closed.pk)).status_code == 302
    closed.refresh_from_db()
    assert closed.weighing_at is None


# ---- weighing


def dots(*pairs):
    return {theme.pk: number for theme, number in pairs}


def theme_of(lookback, name):
    return next(theme for theme in Theme.objects.filter(lookback=lookback) if theme.name == name)


def test_someone_begins_it_and_the_groups_stay(grouped, member, mate, client_of, at):
    client = client_of(member)
    answer = client.post(at(member, "lookback-begin", pk=grouped.pk))
    assert answer.url == at(member, "lookback-weigh", pk=grouped.pk)
    grouped.refresh_from_db()
    assert grouped.weighs_until - grouped.weighing_at == timedelta(days=3)
    # What stands alone is weighed as well.
    assert Theme.objects.filter(lookback=grouped).count() == 3
    told = Notice.objects.filter(kind="rhythms.lookback_weighing")
    assert {notice.recipient.name for notice in told} == {"Dov Levi", "Joel King"}
    with pytest.raises(ValidationError, match="weighing already"):
        weighing.group(grouped, keys(slips(grouped)), name="All", by=mate, now=OVER)
    client.post(at(member, "lookback-begin", pk=grouped.pk))
    assert Event.objects.filter(verb="lookback.weigh").count() == 1


def test_dots_lie_face_down_until_the_last_ones(begun, people, client_of, at):
    food, time = theme_of(begun, "Food"), theme_of(begun, "Time")
    for n, person in enumerate(people):
        client, url = client_of(person), at(person, "lookback-weigh", pk=begun.pk)
        page = client.get(url).text
        assert "What weighs most?" in page
        said = {f"dots-{time.pk}": "2", f"dots-{food.pk}": "1" if n else "0"}
        answer = client.post(url, said)
        assert answer.url == (url if n < 2 else begun.get_absolute_url())
        if n < 2:
            assert "Your dots lie face down" in client.get(url).text
            assert "checked" in client.get(f"{url}?change=1").text
            assert not Theme.objects.filter(weight__isnull=False).exists()
    time.refresh_from_db()
    food.refresh_from_db()
    assert (time.weight, food.weight) == (6, 2)
    assert not Weighing.objects.exists()  # whose dots they were is forgotten
    page = client_of(people[0]).get(begun.get_absolute_url()).text
    assert page.index("Time") < page.index("End at nine")
    assert "6 dots" in page
    told = Notice.objects.filter(kind="rhythms.lookback_weighed")
    assert {notice.recipient for notice in told} == set(people)


def test_the_weightiest_comes_first(begun, people, member):
    single = next(theme for theme in Theme.objects.filter(lookback=begun) if not theme.name)
    for person in people:
        weighing.weigh(begun, dots((single, 3)), by=person, now=OVER)
    part = next(one for one in found(begun, member).parts if one.prompt.key == "change")
    assert [heap.weight for heap in part.heaps] == [9, 0]


def test_three_dots_and_no_more(begun, member, client_of, at):
    food, time = theme_of(begun, "Food"), theme_of(begun, "Time")
    client, url = client_of(member), at(member, "lookback-weigh", pk=begun.pk)
    answer = client.post(url, {f"dots-{food.pk}": "2", f"dots-{time.pk}": "2"})
    assert answer.status_code == 422
    assert "three dots in all" in answer.text
    with pytest.raises(ValidationError, match="three dots"):
        weighing.weigh(begun, dots((food, 2), (time, 2)), by=member, now=OVER)
    assert not Weighing.objects.exists()


def test_one_changes_ones_mind_and_twice_is_once(begun, member):
    food, time = theme_of(begun, "Food"), theme_of(begun, "Time")
    before = Event.objects.count(), Notice.objects.count()
    weighing.weigh(begun, dots((food, 3)), by=member, now=OVER)
    for _again in range(2):
        weighing.weigh(begun, dots((time, 1), (food, 1)), by=member, now=OVER)
    assert Weighing.objects.get().dots == {time.pk: 1, food.pk: 1}
    assert (Event.objects.count(), Notice.objects.count()) == before


def test_none_is_an_answer_too(begun, people):
    for person in people:
        weighing.weigh(begun, {}, by=person, now=OVER)
    begun.refresh_from_db()
    assert begun.weighed_at == OVER
    assert set(Theme.objects.values_list("weight", flat=True)) == {0}


def test_the_deadline_shows_them_once_three_have_weighed(begun, people, crew, member, client_of):
    food = theme_of(begun, "Food")
    for person in people[:2]:
        weighing.weigh(begun, dots((food, 3)), by=person, now=OVER)
    assert weighing.show_due(now=OVER + 3 * DAY - timedelta(seconds=1)) == 0
    assert weighing.show_due(now=OVER + 3 * DAY) == 1
    assert weighing.show_due(now=OVER + 3 * DAY) == 0
    # Of two, each could tell the other's.
    assert not Theme.objects.filter(weight__isnull=False).exists()
    assert not Weighing.objects.exists()
    page = client_of(member).get(begun.get_absolute_url()).text
    assert "Fewer than three laid their dots" in page


def test_two_are_told_before_that_each_can_tell(seated_crew, member, mate, client_of, at):
    crew = seated_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    this = opened(crew, [member, mate])
    weighing.begin(this, by=member, now=OVER)
    page = client_of(member).get(at(member, "lookback-weigh", pk=this.pk)).text
    assert "each can tell the other’s dots" in page
    theme = Theme.objects.filter(lookback=this).first()
    for person in (member, mate):
        weighing.weigh(this, dots((theme, 1)), by=person, now=OVER)
    theme.refresh_from_db()
    assert theme.weight == 2


def test_those_away_may_weigh_and_are_not_waited_for(begun, people):
    Member.objects.filter(pk=people[2].pk).update(state="away")
    for person in people[:2]:
        weighing.weigh(begun, {}, by=person, now=OVER)
    assert begun.weighed_at is not None


def test_who_came_later_does_not_weigh(begun, make_member, client_of, at):
    newcomer = make_member("Nils Berg")
    Seat.objects.create(
        congregation=begun.congregation,
        crew=begun.crew,
        member=newcomer,
        number=4,
        taken_at=OVER + DAY,
    )
    url = at(newcomer, "lookback-weigh", pk=begun.pk)
    assert client_of(newcomer).get(url).status_code == 403
    assert "They are weighing" not in client_of(newcomer).get(url).text


def test_what_comes_late_is_kindly_let_be(begun, people):
    for person in people:
        weighing.weigh(begun, {}, by=person, now=OVER)
    assert weighing.weigh(begun, {}, by=people[0], now=OVER) is True
    assert not Weighing.objects.exists()


def test_nobody_sees_whose_dots_are_where(begun, people, host):
    weighing.weigh(begun, {}, by=people[0], now=OVER)
    assert Weighing.objects.visible_to(people[0]).count() == 1
    for person in (*people[1:], host):
        assert not Weighing.objects.visible_to(person).exists()


# ---- what is told, in good time


def test_only_who_has_not_weighed_is_reminded(begun, people):
    weighing.weigh(begun, {}, by=people[0], now=OVER)
    assert weighing.remind_due(now=OVER + DAY) == 0
    assert weighing.remind_due(now=OVER + 2 * DAY) == 2
    assert weighing.remind_due(now=OVER + 2 * DAY) == 0
    told = Notice.objects.filter(kind="rhythms.lookback_weigh_closing")
    assert {notice.recipient for notice in told} == set(people[1:])


def test_a_table_without_a_change_is_asked_once(lookback, people, member):
    assert weighing.remind_due(now=OVER + 2 * DAY) == 0
    assert weighing.remind_due(now=OVER + 3 * DAY) == 3
    assert weighing.remind_due(now=OVER + 4 * DAY) == 0


def test_one_that_has_chosen_is_not_asked(lookback, member, mate):
    Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    assert weighing.remind_due(now=OVER + 3 * DAY) == 0


def test_who_carries_a_change_is_told_before_the_cycle_ends(lookback, crew, people, member, mate):
    Change.choose(lookback, "Stop at nine", mate, by=member, now=OVER)
    after = crew.commitments.get(state="proposed")
    for person in people:
        after.say_yes(by=person, now=OVER)
    after.refresh_from_db()
    week = after.meetings.order_by("-starts_at").first().starts_at - WEEK
    assert weighing.remind_due(now=week - 2 * DAY) == 0
    assert weighing.remind_due(now=week) == 1
    assert weighing.remind_due(now=week + DAY) == 0
    notice = Notice.objects.get(kind="rhythms.change_carried")
    assert notice.recipient == mate


# ---- a lesson of it


def test_a_lesson_is_proposed_out_of_a_group(begun, people, member, client_of, at):
    food = theme_of(begun, "Food")
    for person in people:
        weighing.weigh(begun, dots((food, 2)), by=person, now=OVER)
    client, url = client_of(member), at(member, "theme-lesson", pk=food.pk)
    assert url in client.get(begun.get_absolute_url()).text
    assert "Food" in client.get(url).text
    assert client.post(url, {"words": "Begin with food."}).status_code == 302
    question = Question.objects.get(kind="lesson")
    assert question.crew == begun.crew
    assert Lesson.objects.get().words == "Begin with food."
    assert Lesson.objects.get().shared_at is None


def test_a_partnership_shares_no_lesson(seated_crew, member, mate, client_of, at):
    crew = seated_crew("Two", [member, mate], is_partnership=True, seats_max=2)
    this = opened(crew, [member, mate])
    theme = weighing.group(this, keys(slips(this, "worked")), name="Food", by=member, now=OVER)
    assert client_of(member).get(at(member, "theme-lesson", pk=theme.pk)).status_code == 403


# ---- as many queries however much was said


def test_as_many_queries_however_much_was_said(seated_crew, make_member, client_of, at):
    counts = []
    for size in (3, 7):
        people = [make_member(f"P{size}x{n} Q") for n in range(size)]
        this = opened(seated_crew(f"Crew {size}", people), people)
        first = people[0]
        client, names = client_of(first), ("lookback", "lookback-group")
        sizes = []
        for step in range(3):
            for name in names:
                url = at(first, name, pk=this.pk)
                client.get(url)
                with CaptureQueriesContext(connection) as queries:
                    client.get(url)
                sizes.append(len(queries))
            if step == 0:
                rows = slips(this, "worked")
                weighing.group(this, keys(rows), name="Food", by=first, now=OVER)
            elif step == 1:
                weighing.begin(this, by=first, now=OVER)
                names = ("lookback", "lookback-weigh")
        counts.append(sizes)
    assert counts[0] == counts[1]
