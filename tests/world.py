"""One of each: a row for every kind of address, as the personas of `tests.conftest` have it."""

import datetime as dt

import pytest

from congregation.models import Invitation, Letter, Notice, Portrait, WayBack, hashed
from congregation.outbox import unsubscribe_token
from crews.models import (
    Agreement,
    Answer,
    Card,
    Crew,
    Hello,
    Idea,
    Introduction,
    Lesson,
    PartnershipAsk,
    Pin,
    Place,
    Proposal,
    Proposed,
    Question,
    Request,
    Season,
    Seat,
    Seed,
    Seeker,
    Table,
)
from rhythms import links
from rhythms.models import (
    Arrival,
    ArrivalWords,
    Change,
    Commitment,
    CrewPractice,
    Evening,
    Feed,
    LookBack,
    Meeting,
    Pause,
    Plan,
    Rhythm,
    Sitting,
    Slip,
    Swap,
    Theme,
)
from rhythms.practices import catalogue
from rhythms.practices.own import of

TOKEN = "t" * 43
WAY = "w" * 43


@pytest.fixture
def world(congregation, host, member, mate, facilitator, peer, outsider, now):
    """One of everything, around a crew of member, mate and facilitator."""
    day, hour = dt.timedelta(days=1), dt.timedelta(hours=1)
    own = {"congregation": congregation}
    crew = Crew.objects.create(
        **own, name="Seed Library", state="active", founded_at=now, seats_taken=3
    )
    other = Crew.objects.create(
        **own, name="Film Night", state="active", founded_at=now, seats_taken=1
    )
    seats = [
        Seat.objects.create(**own, crew=crew, member=person, number=number, taken_at=now)
        for number, person in enumerate([member, mate, facilitator], 1)
    ]
    Seat.objects.create(
        **own, crew=other, member=outsider_of(congregation, now), number=1, taken_at=now
    )
    rhythm = Rhythm.objects.create(
        **own,
        crew=crew,
        rule="FREQ=WEEKLY",
        starts_on=now.date(),
        starts_at=dt.time(19),
        zone=congregation.zone,
    )
    commitment = Commitment.objects.create(
        **own,
        crew=crew,
        rhythm=rhythm,
        times=6,
        state="looking_back",
        proposed_at=now,
        proposed_by=member,
        begins_on=now.date(),
        ends_on=now.date() + 42 * day,
    )

    def meet(number, starts):
        meeting = Meeting.objects.create(
            **own,
            crew=crew,
            rhythm=rhythm,
            commitment=commitment,
            number=number,
            starts_at=starts,
            ends_at=starts + hour,
            zone=congregation.zone,
        )
        Plan.objects.create(**own, meeting=meeting, facilitator=facilitator)
        return meeting

    first, second = sorted([member, mate], key=lambda person: person.pk)
    idea = Idea.objects.create(
        **own,
        caller=peer,
        name="Mending Circle",
        intention="Bring something broken.",
        begins_on=now.date() + 30 * day,
        begins_at=dt.time(14),
        zone=congregation.zone,
        floated_at=now,
        open_until=now + 20 * day,
    )
    Answer.objects.create(**own, idea=idea, member=member, choice="join", answered_at=now)
    table = Table.objects.create(**own, idea=idea, asked_at=now, closes_at=now + 7 * day)
    for person in (member, mate, facilitator):
        Place.objects.create(**own, table=table, member=person)
    for person in (host, member, mate, peer):
        Card.objects.create(**own, member=person, state="looking", meaning="Seeds.")
    invitation = Invitation.objects.create(
        **own,
        inviter=peer,
        name="Kaia",
        token_hash=hashed(TOKEN),
        made_at=now,
        expires_at=now + 30 * day,
        approved_at=now,
        approved_by=host,
    )
    way = WayBack.objects.create(
        **own,
        member=mate,
        opened_by=host,
        opened_at=now,
        is_in_person=True,
        token_hash=hashed(WAY),
        expires_at=now + hour,
    )
    hello = Hello.objects.create(**own, first=first, second=second, made_at=now)
    Portrait.show(member, b"a picture", by=member, now=now)
    notice = Notice.objects.create(
        **own, recipient=member, kind="crews.hello", about=hello.pk, made_at=now
    )
    from congregation.http import short

    meeting, past = meet(2, now + day), meet(1, now - day)

    def swap(one, asker, other, asked):
        return Swap.objects.create(
            **own, plan=one.plan, other=other.plan, asker=asker, asked=asked, asked_at=now
        )

    ours = CrewPractice.write(crew, of(catalogue.TROIKA), by=member, now=now)
    tonight = meet(3, now + hour)
    sitting = Sitting.open(tonight, catalogue.TROIKA, here=[mate, facilitator], by=member, now=now)
    evening = Evening.call(
        name="Soup",
        starts_at=now + hour,
        minutes=180,
        place="Hall",
        first_question="Why?",
        second_question="What?",
        places=30,
        by=host,
        now=now,
    )
    arrival = Arrival.objects.create(
        **own, evening=evening, member=member, state="here", is_new=False, at=now
    )
    ArrivalWords.objects.create(**own, arrival=arrival, first="Seeds.", second="")
    season = Season.objects.create(
        **own,
        name="Summer crews",
        state="proposed",
        opened_at=now - 20 * day,
        says_until=now - day,
        closes_at=now + 20 * day,
        answers_until=now + 7 * day,
        rounds=1,
    )
    proposal = Proposal.objects.create(
        **own,
        season=season,
        round=1,
        number=1,
        begins=60,
        ends=180,
        where="place",
        tempo="weekly",
        asked_at=now,
        answers_until=now + 7 * day,
    )
    for person in (member, mate, facilitator):
        Seeker.objects.create(**own, season=season, member=person, joined_at=now)
        Proposed.objects.create(**own, proposal=proposal, season=season, round=1, member=person)
    call = Rhythm.objects.create(
        **own,
        name="Peer-support call",
        tempo="monthly",
        rule="FREQ=MONTHLY;BYDAY=4TH",
        starts_on=now.date() + 7 * day,
        starts_at=dt.time(20),
        zone=congregation.zone,
        minutes=60,
    )
    feed, feed_token = Feed.make(of="mine", shows="names", by=member, now=now)
    letter = Letter.objects.create(
        **own, title="Summer", words="Come and swim.", written_at=now, sent_at=now, sent_by=host
    )
    # In the middle of the cycle they have looked back once.
    found = LookBack.objects.create(
        **own,
        crew=crew,
        commitment=commitment,
        kind="middle",
        round=1,
        opened_at=now - 30 * day,
        closes_at=now - 23 * day,
        revealed_at=now - 23 * day,
    )
    theme = Theme.objects.create(**own, lookback=found, part="change", name="Time")
    for number in (1, 2):
        Slip.objects.create(
            **own,
            crew=crew,
            lookback=found,
            part="change",
            number=number,
            words="It is late.",
            theme=theme if number == 1 else None,
        )
    return {
        "ours": {"pk": call.pk},
        "feed": {"pk": feed.pk},
        "feed_token": {"token": feed_token},
        "letter": {"pk": letter.pk},
        "practice": {"key": "case-clinic"},
        "our_practice": {"pk": ours.pk},
        "shared_practice": {"pk": ours.share(by=member, now=now).pk},
        "sitting": {"pk": sitting.pk},
        "evening": {"pk": evening.pk},
        "arrival": {"pk": arrival.pk},
        "table_token": {"token": evening.link.token},
        "person": {"pk": member.pk},
        "picture": {"pk": member.pk, "key": member.portrait_key},
        "mate": {"pk": mate.pk},
        "crew": {"pk": crew.pk},
        "other_crew": {"pk": other.pk},
        "seat": {"pk": seats[0].pk},
        "meeting": {"pk": meeting.pk},
        "past": {"pk": past.pk},
        "commitment": {"pk": commitment.pk},
        "pause": {
            "pk": Pause.objects.create(
                **own, rhythm=rhythm, first_on=now.date(), last_on=now.date(), made_at=now
            ).pk
        },
        "lookback": {
            "pk": LookBack.objects.create(
                **own, crew=crew, commitment=commitment, opened_at=now, closes_at=now + 7 * day
            ).pk
        },
        "found": {"pk": found.pk},
        "theme": {"pk": theme.pk},
        "change": {
            "pk": Change.objects.create(
                **own,
                lookback=found,
                number=1,
                words="Stop at nine.",
                carrier=mate,
                chosen_at=now,
            ).pk
        },
        "slip": {
            "pk": Slip.objects.create(
                **own, crew=crew, member=member, part="celebrate", words="Soup.", put_at=now
            ).pk
        },
        "agreement": {
            "pk": Agreement.objects.create(**own, crew=crew, made_at=now, made_by=member).pk
        },
        "pin": {
            "pk": Pin.objects.create(**own, crew=crew, kind="note", made_at=now, made_by=member).pk
        },
        "request": {"pk": Request.objects.create(**own, crew=crew, member=peer, asked_at=now).pk},
        "question": {
            "pk": Question.objects.create(
                **own, kind="part", crew=crew, about=facilitator, asked_at=now
            ).pk
        },
        "lesson": {
            "pk": Lesson.objects.create(
                **own, crew=crew, words="Begin with food.", written_at=now, shared_at=now
            ).pk
        },
        "season": {"pk": season.pk},
        "proposal": {"pk": proposal.pk},
        "partnership": {"pk": PartnershipAsk.ask(facilitator, by=member, now=now).pk},
        "introduction": {"pk": Introduction.offer(member, crew=other, by=host, now=now).pk},
        "seed": {
            "pk": Seed.objects.create(**own, crew=crew, number=1, idea=idea, planted_at=now).pk
        },
        "idea": {"pk": idea.pk},
        "table": {"pk": table.pk},
        "hello": {"pk": hello.pk},
        "notice": {"pk": notice.pk},
        "invitation": {"pk": invitation.pk},
        "token": {"token": TOKEN},
        "way_back": {"pk": way.pk},
        "way_in": {"token": WAY},
        "passkey": {"pk": 1},
        "setup_part": {"token": TOKEN, "name": "you"},
        "unsubscribe": {"token": unsubscribe_token(member, "rhythms.meeting_soon")},
        "coming_by_mail": {"token": links.token("coming", meeting, member)},
        "we_met_by_mail": {"token": links.token("we-met", past, member)},
        "swap_asked": {"pk": swap(past, facilitator, meeting, member).pk},
        "swap_offered": {"pk": swap(meeting, member, past, facilitator).pk},
        "go": {"kind": "m", "code": short(meeting.pk)},
    }


def outsider_of(congregation, now):
    """Someone else of the congregation, so that the other crew is no one's of the personas."""
    from congregation.models import Member

    return Member.objects.create(congregation=congregation, name="Someone Else", joined_at=now)
