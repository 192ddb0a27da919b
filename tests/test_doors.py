"""Every address, opened by every persona: who may read it, who finds nothing, who is asked to sign in."""

import pytest
from django.db import transaction
from django.urls import get_resolver, reverse

# Who gets what when opening an address with GET. What is only posted answers 405 where others read.
ANYONE = {"stranger": 200, "outsider": 200, "peer": 200, "member": 200, "host": 200}
NOT_THERE = {**dict.fromkeys(ANYONE, 404), "stranger": 302}
MEMBERS = {"stranger": 302, "outsider": 404, "peer": 200, "member": 200, "host": 200}
HOSTS = {**MEMBERS, "peer": 403, "member": 403}
HOSTS_ONLY = {"stranger": 302, "outsider": 404, "peer": 404, "member": 404, "host": 200}
# One's own account, whatever congregation one is in.
ACCOUNTS = {**ANYONE, "stranger": 302}
LED_ON = dict.fromkeys(ANYONE, 302)
THE_CREW = {"stranger": 302, "outsider": 404, "peer": 404, "member": 200, "host": 404}
THE_PAIR = THE_CREW
ONESELF = THE_CREW
# The peer floated an idea, invited someone, and asks to join.
THE_PEER = {"stranger": 302, "outsider": 404, "peer": 200, "member": 404, "host": 404}
PEER_OR_HOST = {**THE_PEER, "host": 200}


class Posted(dict):
    """The same people, for what is only posted."""


def post(who):
    return Posted(who)


ADDRESSES = {
    # open
    "healthz": (ANYONE, None),
    "readyz": (ANYONE, None),
    "door": ({"stranger": 200, "outsider": 302, "peer": 302, "member": 302, "host": 302}, None),
    "theme": (post(ANYONE), None),
    "unsubscribe": (ANYONE, "unsubscribe"),
    # whoever holds such a link says one thing for one person
    "coming-by-mail": (ANYONE, "coming_by_mail"),
    "we-met-by-mail": (ANYONE, "we_met_by_mail"),
    # of one's account, what is ours; allauth's own pages are walked by tests/hall/accounts
    "account": (ACCOUNTS, None),
    "account_logout": (ACCOUNTS, None),
    "account_reauthenticate_code": (ACCOUNTS, None),
    "account_set_password": (LED_ON, None),
    "mfa_index": (LED_ON, None),
    "mfa_login_webauthn": (LED_ON, None),
    "mfa_reauthenticate_webauthn": (LED_ON, None),
    "mfa_remove_webauthn": (LED_ON, "passkey"),
    "usersessions_list": (ACCOUNTS, None),
    # whoever is in already is led home
    "welcome": ({**ANYONE, "peer": 302, "member": 302, "host": 302}, "token"),
    # what was said at the door travels with the form: opened by hand there is nothing yet
    "welcome-key": (dict.fromkeys(ANYONE, 302), "token"),
    "sign-in-name": ({**dict.fromkeys(ANYONE, 404), "stranger": 302}, None),
    "way-in": (ANYONE, "way_in"),
    "way-back-stop": (post({**dict.fromkeys(ANYONE, 404), "stranger": 302}), "way_back"),
    "go": ({"stranger": 302, "outsider": 404, "peer": 404, "member": 302, "host": 302}, "go"),
    "privacy": (ANYONE, None),
    "accessibility": (ANYONE, None),
    "help": (ANYONE, None),
    # the demo's pages are nowhere but in the demo
    "demo-move": (post(dict.fromkeys(ANYONE, 404)), None),
    "demo-mail": (dict.fromkeys(ANYONE, 404), None),
    "demo-begun": (dict.fromkeys(ANYONE, 404), None),
    "demo-remove": (dict.fromkeys(ANYONE, 404), None),
    # nothing is set up where a congregation is
    "setup": (dict.fromkeys(ANYONE, 404), "token"),
    "setup-begin": (dict.fromkeys(ANYONE, 404), "token"),
    "setup-part": (dict.fromkeys(ANYONE, 404), "setup_part"),
    "setup-demo": (dict.fromkeys(ANYONE, 404), "token"),
    "setup-mail": (dict.fromkeys(ANYONE, 404), "token"),
    "setup-finish": (dict.fromkeys(ANYONE, 404), "token"),
    "manifest": (ANYONE, None),
    "worker": (ANYONE, None),
    "offline": (ANYONE, None),
    # to all but operators there is no such page
    "operator": (NOT_THERE, None),
    "operator-mail-test": (post(NOT_THERE), None),
    "operator-mail-again": (post(NOT_THERE), None),
    "operator-mail-leave": (post(NOT_THERE), None),
    # this one has run out
    "operator-enter": (dict.fromkeys(ANYONE, 410), "token"),
    # the hosts' letter: what went to everyone is everyone's, what is being written the hosts'
    "letters": (MEMBERS, None),
    "letter": (MEMBERS, "letter"),
    "letter-write": (HOSTS, None),
    "letter-send": (post(HOSTS), "letter"),
    "letter-every": (post(HOSTS), None),
    "host-mail": (HOSTS, None),
    "host-mail-later": (post(HOSTS), None),
    # everyone of the congregation
    "home": (MEMBERS, None),
    "people": (MEMBERS, None),
    "member": (MEMBERS, "person"),
    "me": (MEMBERS, None),
    "contact": (post(MEMBERS), None),
    "me-crews": (post(MEMBERS), None),
    "my-picture": (MEMBERS, None),
    "picture-take-away": (post(MEMBERS), None),
    "picture": (MEMBERS, "picture"),
    "me-zone": (post(MEMBERS), None),
    "preferences": (MEMBERS, None),
    "as-member": (MEMBERS, None),
    "as-crew": (THE_CREW, "crew"),
    "as-stranger": (MEMBERS, None),
    "me-away": (post(MEMBERS), None),
    "me-back": (post(MEMBERS), None),
    "leave": (MEMBERS, None),
    "hosts": (HOSTS, None),
    "hosts-lay-down": (post(HOSTS), None),
    # whoever is signed in is asked once more who they are
    "account-close": (dict.fromkeys(ANYONE, 302), None),
    "account-reopen": (dict.fromkeys(ANYONE, 404), "token"),
    "me-mail": (MEMBERS, None),
    "notices": (MEMBERS, None),
    "notices-seen": (post(MEMBERS), None),
    "notice": (post(ONESELF), "notice"),
    "more": (MEMBERS, None),
    "host": (HOSTS, None),
    # nothing to grow where a congregation is whole
    "grow": ({**HOSTS, "host": 302}, None),
    "founded": (HOSTS, None),
    "calendar": (MEMBERS, None),
    # the congregation's own rhythms: everyone's to see, the hosts' to set up
    "ours": (MEMBERS, None),
    "ours-new": (HOSTS, None),
    "ours-one": (MEMBERS, "ours"),
    "ours-change": (HOSTS, "ours"),
    "ours-end": (post(HOSTS), "ours"),
    # the member's own; whoever has the address reads the calendar there, signed in or not
    "own-calendar": (MEMBERS, None),
    "own-feed": (ONESELF, "feed"),
    "feed-renew": (post(ONESELF), "feed"),
    "feed-shows": (post(ONESELF), "feed"),
    "feed-end": (post(ONESELF), "feed"),
    "feed": (ANYONE, "feed_token"),
    "practices": (MEMBERS, None),
    "practice": (MEMBERS, "practice"),
    "help-numbers": (HOSTS, None),
    "crews": (MEMBERS, None),
    "crew": (MEMBERS, "crew"),
    "ideas": (MEMBERS, None),
    "idea-new": (MEMBERS, None),
    "idea": (MEMBERS, "idea"),
    "idea-answer": (post(MEMBERS), "idea"),
    "idea-ask": (post({**MEMBERS, "member": 403, "host": 403}), "idea"),
    "idea-close": ({**MEMBERS, "member": 403, "host": 403}, "idea"),
    # a season: everyone; its host page, and what only those say who are asked to a table
    "season": (MEMBERS, None),
    "season-new": (HOSTS, None),
    "season-join": (MEMBERS, "season"),
    "season-leave": (post(MEMBERS), "season"),
    "season-host": (HOSTS, "season"),
    "season-hurry": (post(HOSTS), "season"),
    "season-end": (HOSTS, "season"),
    "proposal-answer": (post(ONESELF), "proposal"),
    # invitations
    "invitations": (MEMBERS, None),
    "invite": (MEMBERS, None),
    "invitation": (PEER_OR_HOST, "invitation"),
    "invitation-approve": (post({**PEER_OR_HOST, "peer": 403}), "invitation"),
    "invitation-withdraw": (post(PEER_OR_HOST), "invitation"),
    "invitation-link": (post(PEER_OR_HOST), "invitation"),
    # ways back: the host has opened one for the mate, and has nothing more to say to it but that it is off
    "way-back-new": (HOSTS, "mate"),
    "ways-back": (HOSTS, None),
    "way-back": (HOSTS_ONLY, "way_back"),
    "way-back-yes": (post({**HOSTS_ONLY, "host": 403}), "way_back"),
    "way-back-link": (post(HOSTS_ONLY), "way_back"),
    "way-back-close": (post(HOSTS_ONLY), "way_back"),
    # the pool and the pair
    "pool": (MEMBERS, None),
    "looking": (post(MEMBERS), None),
    "card": (MEMBERS, None),
    "card-preview": (MEMBERS, None),
    "interest": (post(MEMBERS), "mate"),
    # one's own list, of which nobody else knows
    "left-out": (MEMBERS, None),
    "left-out-mates": (post(MEMBERS), None),
    "leave-out": (post(MEMBERS), "mate"),
    "not-with": (post(MEMBERS), "mate"),
    "hello": (THE_PAIR, "hello"),
    "hello-say": (post(THE_PAIR), "hello"),
    "hello-pick": (post(THE_PAIR), "hello"),
    "hello-close": (post(THE_PAIR), "hello"),
    # the crew alone
    "agreement": (THE_CREW, "crew"),
    "agreement-write": (THE_CREW, "crew"),
    "agreement-yes": (post(THE_CREW), "crew"),
    "pin-new": (THE_CREW, "crew"),
    "pin-remove": (post(THE_CREW), "pin"),
    "pin-back": (post(THE_CREW), "pin"),
    "crew-leave": (THE_CREW, "crew"),
    "seat-retake": (post(THE_CREW), "crew"),
    "seat-pause": (post(THE_CREW), "crew"),
    "crew-rest": (post(THE_CREW), "crew"),
    "crew-wake": (post(THE_CREW), "crew"),
    "crew-end": (THE_CREW, "crew"),
    "crew-part": (THE_CREW, "crew"),
    "crew-invite": (THE_CREW, "crew"),
    "crew-meet": (THE_CREW, "crew"),
    "crew-sit": (THE_CREW, "crew"),
    "crew-chat": (THE_CREW, "crew"),
    # nothing is connected yet
    "crew-chat-test": (post({**THE_CREW, "member": 404}), "crew"),
    "crew-chat-remove": (post({**THE_CREW, "member": 404}), "crew"),
    "crew-time": (THE_CREW, "crew"),
    "closing-word": (post(THE_CREW), "crew"),
    "lesson-new": (THE_CREW, "crew"),
    # nobody was parted with
    "parted": ({**MEMBERS, "peer": 404, "member": 404, "host": 404}, "seat"),
    # whether to part with the facilitator: the others are asked
    "question-answer": (post(THE_CREW), "question"),
    "lessons": (MEMBERS, None),
    "lesson-take-back": (post({**MEMBERS, "peer": 403, "host": 403}), "lesson"),
    # who shares a crew or a hello with them, and else nobody
    "partnership-new": (THE_CREW, "mate"),
    # the member has asked the facilitator
    "partnership-ask": (THE_PAIR, "partnership"),
    "partnership-answer": (post({**THE_PAIR, "member": 403}), "partnership"),
    "partnership-withdraw": (post(THE_PAIR), "partnership"),
    "introduction-new": (HOSTS, "mate"),
    "introduction-wish": (post(MEMBERS), None),
    # a host offered it to the member; what is said is not theirs to open
    "introduction": ({**THE_CREW, "host": 403}, "introduction"),
    "introduction-answer": (post({**THE_CREW, "host": 403}), "introduction"),
    "seed-plant": (post(MEMBERS), "idea"),
    "seed-visit": (post(THE_CREW), "seed"),
    "seed-visited": (post({**THE_CREW, "member": 403}), "seed"),
    # the peer floated it, and the member would join
    "idea-time": ({**MEMBERS, "host": 403}, "idea"),
    "idea-meet-at": (post({**MEMBERS, "member": 403, "host": 403}), "idea"),
    "request-new": (MEMBERS, "other_crew"),
    "request-answer": (post({**THE_CREW, "peer": 403}), "request"),
    "request-withdraw": (post({**THE_PEER, "member": 403}), "request"),
    "table-answer": (post(THE_CREW), "table"),
    # a host reads that it is held and how many came, no more
    # an evening, to which the host and a mate came; the mate's answers are the mate's and the hosts'
    "evening-new": (HOSTS, None),
    "evening": (MEMBERS, "evening"),
    "evening-edit": (HOSTS, "evening"),
    "evening-poster": (HOSTS, "evening"),
    "evening-link": (post(HOSTS), "evening"),
    "evening-let-in": (post(HOSTS), "evening"),
    "evening-call-off": (post(HOSTS), "evening"),
    "arrival-decline": (post({**HOSTS, "peer": 404, "member": 403}), "arrival"),
    # of one's own one asks nothing, and whoever wasn't there neither
    "evening-again": (post({**HOSTS, "peer": 404, "member": 403, "host": 403}), "arrival"),
    "arrival-carry": (post({**THE_CREW, "host": 404}), "arrival"),
    # the waiting room is its person's alone; whoever is in is led on
    "arrival": ({**THE_CREW, "member": 302}, "arrival"),
    # a stranger and whoever is somewhere else is asked their name; members say that they are there
    "at-the-table": ({**ANYONE, "member": 302}, "table_token"),
    "meeting": ({**THE_CREW, "host": 200}, "meeting"),
    "coming": (post(THE_CREW), "meeting"),
    "meeting-ics": (THE_CREW, "meeting"),
    "meeting-to-calendar": (THE_CREW, "meeting"),
    "meeting-edit": (THE_CREW, "meeting"),
    "meeting-call-off": (post(THE_CREW), "meeting"),
    "meeting-put-back": (post(THE_CREW), "meeting"),
    "practice-adapt": (THE_CREW, "crew"),
    "our-practice": (THE_CREW, "our_practice"),
    "our-practice-edit": (THE_CREW, "our_practice"),
    "our-practice-aside": (post(THE_CREW), "our_practice"),
    "our-practice-share": (post(THE_CREW), "our_practice"),
    "shared-practice": (MEMBERS, "shared_practice"),
    "shared-practice-take": (post(MEMBERS), "shared_practice"),
    "shared-practice-back": (post({**MEMBERS, "peer": 403, "host": 403}), "shared_practice"),
    "agenda": (post(THE_CREW), "meeting"),
    "sitting-new": (THE_CREW, "meeting"),
    "sitting": (THE_CREW, "sitting"),
    "sitting-yes": (post(THE_CREW), "sitting"),
    "sitting-move": (post(THE_CREW), "sitting"),
    "sitting-stop": (post(THE_CREW), "sitting"),
    "we-met": (THE_CREW, "past"),
    "not-held": (post(THE_CREW), "past"),
    "turn-hand-on": (post({**THE_CREW, "member": 403}), "meeting"),
    "turn-take": (post(THE_CREW), "meeting"),
    "turn-swap": (post(THE_CREW), "meeting"),
    "swap-answer": (post(ONESELF), "swap_asked"),
    "swap-back": (post(ONESELF), "swap_offered"),
    "turns": (post(THE_CREW), "crew"),
    "mood": (post(THE_CREW), "past"),
    "commitment-new": ({**THE_CREW, "peer": 403, "host": 403}, "crew"),
    "commitment": (THE_CREW, "commitment"),
    "commitment-change": (THE_CREW, "commitment"),
    "commitment-pause": (post(THE_CREW), "commitment"),
    "commitment-step-out": (post(THE_CREW), "commitment"),
    "commitment-step-in": (post(THE_CREW), "commitment"),
    "pause-lift": (post(THE_CREW), "pause"),
    "commitment-yes": (post(THE_CREW), "commitment"),
    "commitment-withdraw": (post(THE_CREW), "commitment"),
    "lookback": (THE_CREW, "lookback"),
    "lookback-save": (post(THE_CREW), "lookback"),
    "lookback-write": (post(THE_CREW), "lookback"),
    "lookback-change": (post(THE_CREW), "lookback"),
    "lookback-next": (post(THE_CREW), "lookback"),
    # what is opened is grouped; nothing is weighed yet
    "lookback-group": (THE_CREW, "found"),
    "lookback-begin": (post(THE_CREW), "found"),
    "lookback-weigh": ({**THE_CREW, "member": 302}, "found"),
    "change-drop": (post(THE_CREW), "change"),
    "theme-lesson": (THE_CREW, "theme"),
    # what one puts by is nobody else's
    "slips": (THE_CREW, "crew"),
    "slip": (ONESELF, "slip"),
    "slip-take-back": (post(ONESELF), "slip"),
    "manner": (THE_CREW, "crew"),
    "lookbacks": (THE_CREW, "crew"),
    # not before it has opened
    "lookback-print": ({**THE_CREW, "member": 302}, "lookback"),
}


def addresses(patterns, within=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, within + str(pattern.pattern))
        elif not within.startswith(("accounts/", "admin/")):
            yield pattern.name


NAMES = sorted(set(addresses(get_resolver().url_patterns)))


def test_every_address_stands_in_the_table():
    assert set(NAMES) == set(ADDRESSES)


# What has to be in a form for it to be taken as one.
FORMS = {
    "looking": {"state": "not_now"},
    "leave-out": {"for": "months"},
    "request-answer": {"is_yes": "yes"},
    "agreement-yes": {"version": 1},
    "question-answer": {"is_yes": "yes"},
    "partnership-answer": {"is_yes": "yes"},
    "introduction-answer": {"is_yes": "yes"},
    "idea-meet-at": {"starts": "2027-01-10T14:00"},
}
OPEN = {
    "coming-by-mail", "we-met-by-mail", "feed",
    "healthz", "readyz", "at-the-table", "arrival", "door", "theme", "unsubscribe", "welcome", "welcome-key",
    "sign-in-name", "way-in", "way-back-stop", "go", "privacy",
    "accessibility", "help", "demo-move", "demo-mail", "demo-begun", "demo-remove",
    "setup", "setup-begin", "setup-part", "setup-mail", "setup-finish", "setup-demo",
    "account", "account_logout", "account_reauthenticate_code", "account_set_password",
    "mfa_index", "mfa_login_webauthn", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn",
    "usersessions_list", "account-close", "account-reopen", "operator-enter",
    "manifest", "worker", "offline",
}  # fmt: skip
# Of the server and not of a congregation; to others not even their forms are there.
OF_THE_SERVER = {
    "operator", "operator-mail-test", "operator-mail-again", "operator-mail-leave",
}  # fmt: skip


@pytest.fixture
def try_door(world, client, client_of, congregation, host, member, peer, outsider):
    """Open an address as every persona; return what each found."""

    def try_door(name, method, personas=("stranger", "outsider", "peer", "member", "host")):
        _, key = ADDRESSES[name]
        kwargs = dict(world[key]) if key else {}
        if name not in OPEN | OF_THE_SERVER:
            kwargs["slug"] = congregation.slug
        url = reverse(name, kwargs=kwargs)
        people = {"outsider": outsider, "peer": peer, "member": member, "host": host}
        browsers = {
            name: client_of(people[name]) if name in people else client for name in personas
        }
        return {
            who: getattr(browser, method)(url, FORMS.get(name)).status_code
            for who, browser in browsers.items()
        }

    return try_door


@pytest.mark.parametrize("name", NAMES)
def test_who_may_open_it(name, try_door):
    expected, _ = ADDRESSES[name]
    if isinstance(expected, Posted):
        inside = {
            who: 405
            if name in OPEN or not (who in {"stranger", "outsider"} or name in OF_THE_SERVER)
            else status
            for who, status in expected.items()
        }
        assert try_door(name, "get") == inside
    else:
        assert try_door(name, "get") == expected


@pytest.mark.parametrize(
    "name", [name for name in NAMES if isinstance(ADDRESSES.get(name, [0])[0], Posted)]
)
def test_who_may_post_to_it(name, try_door):
    for persona, expected in ADDRESSES[name][0].items():
        # Each finds everything as it was.
        with transaction.atomic():
            found = try_door(name, "post", [persona])[persona]
            transaction.set_rollback(True)
        if expected == 200:
            # What an empty form is answered with is each page's own affair; that it is let in is ours.
            assert found in {200, 204, 302, 422}, persona
        else:
            assert found == expected, persona
