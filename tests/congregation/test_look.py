"""Tags, filters, fields and controls as they reach a page."""

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from congregation.templatetags import look
from congregation.widgets import Checks, Chips, Choices, PickMany, Picks, Switch

EVENING = dt.datetime(2026, 11, 19, 6, 0, tzinfo=dt.UTC)  # 7 pm in Auckland
AFTERNOON = dt.datetime(2026, 11, 19, 2, 0, tzinfo=dt.UTC)


def show(source, **context):
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [
        ("en", "Pacific/Auckland", "Thu 19 Nov, 7:00 pm"),
        ("en", "Europe/Berlin", "Thu 19 Nov, 7:00 am"),
        ("en", "Pacific/Honolulu", "Wed 18 Nov, 8:00 pm"),
        ("en-us", "Pacific/Auckland", "Thu, Nov 19, 7:00 PM"),
        ("en-gb", "Pacific/Auckland", "Thu 19 Nov, 19:00"),
        ("de", "Europe/Berlin", "Do., 19. Nov., 07:00"),
        ("fr", "Europe/Paris", "jeu. 19 nov., 07:00"),
        ("ja", "Asia/Tokyo", "11月19日(木) 15:00"),
        ("mi", "Pacific/Auckland", "Tāi, 19 Noe 7:00 PM"),
        ("pt-br", "America/Sao_Paulo", "qui., 19 de nov. 03:00"),
        ("xx", "Pacific/Auckland", "Thu 19 Nov, 7:00 pm"),
    ],
)
def test_an_instant_in_the_readers_own_words_and_zone(monkeypatch, language, zone, expected):
    monkeypatch.setattr(look, "get_language", lambda: language)
    with timezone.override(zone):
        assert look.when(EVENING) == expected


def test_the_parts_of_an_instant():
    with timezone.override("Pacific/Auckland"):
        assert show("{{ at|day }} / {{ at|clock }}", at=EVENING) == "Thu 19 Nov / 7:00 pm"
        assert show("{{ at|day }}", at=dt.date(2026, 1, 2)) == "Fri 2 Jan"
        assert show("{{ at|clock }}", at=dt.time(9, 5)) == "9:05 am"
        assert show("{{ at|when }}|{{ at|day }}|{{ at|clock }}", at=None) == "||"


def test_the_year_stands_where_it_matters():
    with timezone.override("Pacific/Auckland"):
        assert look.day(EVENING, AFTERNOON) == "Thu 19 Nov"
        assert look.day(dt.date(2025, 11, 19), AFTERNOON) == "Wed 19 Nov 2025"
        assert look.when(dt.datetime(2027, 1, 9, 1, tzinfo=dt.UTC), AFTERNOON) == (
            "Sat 9 Jan 2027, 2:00 pm"
        )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (EVENING, "tonight"),
        (AFTERNOON, "today"),
        (EVENING + dt.timedelta(days=1), "tomorrow"),
        (EVENING + dt.timedelta(days=3), "in three days"),
        (EVENING + dt.timedelta(days=7), "in a week"),
        (EVENING + dt.timedelta(days=8), "Fri 27 Nov"),
        (EVENING - dt.timedelta(days=1), "yesterday"),
        (EVENING - dt.timedelta(days=2), "Tue 17 Nov"),
        (dt.date(2026, 11, 20), "tomorrow"),
    ],
)
def test_near(value, expected):
    with timezone.override("Pacific/Auckland"):
        assert look.near(value, AFTERNOON) == expected


def test_tomorrow_is_the_readers_tomorrow():
    with timezone.override("Pacific/Honolulu"):  # it is still Wednesday there
        assert look.near(EVENING + dt.timedelta(hours=6), AFTERNOON) == "tomorrow"


@pytest.mark.parametrize(
    ("zone", "city"),
    [
        ("Pacific/Auckland", "Auckland"),
        ("America/New_York", "New York"),
        ("America/Argentina/Buenos_Aires", "Argentina/Buenos Aires"),
        ("", ""),
        ("Nowhere/At_All", "At All"),
    ],
)
def test_zone_city(zone, city):
    assert look.zone_city(zone) == city or (
        city.endswith("Aires") and "Aires" in look.zone_city(zone)
    )


def test_the_city_of_the_reader():
    with timezone.override("Pacific/Auckland"):
        assert show("{% zone_city %}") == "Auckland"


# ---- pictures and small parts


def test_every_icon_that_a_template_names_is_in_the_sprite():
    root = Path(settings.BASE_DIR)
    there = set(re.findall(r'<symbol id="([\w-]+)"', (root / "static/icons.svg").read_text()))
    named = set()
    for page in (root / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([\w-]+)"', page.read_text()))
        named |= set(re.findall(r'{% seal icon="([\w-]+)"', page.read_text()))
    assert named <= there
    assert len(there) > 100


def test_an_icon_is_silent():
    svg = show('{% icon "check" "tick" %}')
    assert svg.startswith('<svg class="icon tick" aria-hidden="true"><use href="')
    assert svg.endswith('icons.svg#check"/></svg>')


def test_pictures_take_members_and_names():
    mei = SimpleNamespace(name="Mei <Ropata>")
    assert "M&lt;" not in show("{% face who 'mid' %}", who=mei)
    assert ">MR<" in show("{% face who 'mid' %}", who=mei)
    assert show("{% face who %}", who=mei) == show("{% face name %}", name="Mei <Ropata>")
    assert show("{{ who|first_name }}", who="<Mei> Ropata") == "&lt;Mei&gt;"
    html = show(
        "{% hall_table people 4 turn=mei away=away %}",
        people=[mei, "Dov Levi"],
        mei=mei,
        away=["Dov Levi"],
    )
    assert html.count("candle") == 1
    assert html.count("off-ring") == 1


def test_a_crews_table_counts_its_meetings():
    html = show("{% crew_table 6 8 me=0 done=4 total=6 says='Four of six.' %}")
    assert ">4<" in html
    assert ">of 6<" in html
    assert 'aria-label="Four of six."' in html


def test_a_week_is_read_out():
    html = show('{% week7 "0101001" %}')
    assert html.count('class="ov"') == 3
    assert "Tuesday, Thursday, Sunday" in html


def test_the_seal_and_the_words_for_the_chat():
    html = show("{% seal %}Only {{ who }} can see this{% endseal %}", who="<you>")
    assert "Only &lt;you&gt; can see this" in html
    assert "#lock" in html
    html = show('{% chat "c1" %}Tonight, {{ when }}{% endchat %}', when="7 & 8")
    assert '<p id="c1">Tonight, 7 &amp; 8</p>' in html
    assert 'data-copy="c1"' in html


def test_an_address_knows_its_congregation(settings):
    settings.ROOT_URLCONF = "tests.congregation.look_urls"
    member = SimpleNamespace(
        congregation=SimpleNamespace(slug="otaki", is_one_crew=False), is_host=False
    )
    request = RequestFactory().get("/c/otaki/crews/")
    request.member = member
    assert show('{% href "crew" pk=7 %}', request=request) == "/c/otaki/crews/7/"
    assert show('{% href "help" %}', request=request) == "/help/"
    assert show('{% href "crew" pk=7 slug="two" %}', request=request) == "/c/two/crews/7/"
    bar = look.rooms(Context({"request": request}))
    assert [room["name"] for room in bar] == ["home", "people", "crews", "calendar"]
    assert [room["name"] for room in bar if room["on"]] == ["crews"]
    member.is_host = True
    bar = look.rooms(Context({"request": request, "tab": "host"}))
    assert [room["name"] for room in bar if room["on"]] == ["host"]
    request.member = None
    assert look.rooms(Context({"request": request})) == []


# ---- forms


class Everything(forms.Form):
    name = forms.CharField(label="Name", help_text="As at the table")
    line = forms.CharField(label="A line", required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")])
    coming = forms.ChoiceField(
        label="Are you coming?",
        help_text="Say so",
        choices=[("y", "Coming"), ("n", "Can’t")],
        widget=Picks(css="two", notes={"n": "You are kept a seat"}),
    )
    here = forms.MultipleChoiceField(
        label="Who was there?",
        choices=[("1", "Mei"), ("2", "Dov")],
        widget=PickMany(quiet=True, faces={1: "Mei Ropata"}),
        required=False,
    )
    carry = forms.BooleanField(label="I could carry it", required=False)
    code = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "placeholder": "Code"})
    )
    once = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_is_bound_to_its_hint_and_its_label():
    html = Everything()["name"].as_field_group()
    assert '<label for="id_name">Name</label>' in html
    assert 'id="id_name_helptext">As at the table</p>' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert 'class="inp"' in html
    assert 'aria-required="true"' in html
    assert " required" not in html.replace("aria-required", "")
    assert "(optional)" not in html


def test_what_may_stay_empty_says_so():
    html = Everything()["line"].as_field_group()
    assert '<span class="quiet">(optional)</span></label>' in html
    assert "aria-required" not in html


def test_an_error_stands_beside_its_field():
    form = Everything({"name": "", "code": "x", "kind": "a"})
    html = form["name"].as_field_group()
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert "This field is required." in html


def test_a_group_says_what_is_wrong_once():
    html = Everything({})["coming"].as_field_group()
    assert '<fieldset aria-describedby="id_coming_helptext id_coming_error">' in html
    assert "aria-invalid" not in html
    assert "aria-required" not in html
    assert "<small>You are kept a seat</small>" in html


def test_the_summary_leads_to_the_fields_and_takes_the_focus():
    form = Everything({"code": "x", "kind": "a"})
    form.is_valid()
    form.add_error(None, "The table is full.")
    html = str(form)
    summary = html[: html.index('<div class="field">')]
    assert "autofocus" in summary
    assert "3 things need another look" in summary
    assert "<li>The table is full.</li>" in summary
    assert '<a href="#id_name">Name</a>' in summary
    assert '<a href="#id_coming_0">Are you coming?</a>' in summary
    assert 'id="id_coming_0"' in html
    assert '<input type="hidden" name="once"' in html
    assert "summary-err" not in str(Everything())


def test_who_was_there_has_faces():
    html = Everything(initial={"here": ["1"]})["here"].as_field_group()
    assert '<legend class="sr">Who was there?' in html
    assert ">MR<" in html
    assert html.count('class="ava') == 1
    assert html.count(" checked") == 1


def test_a_box_stands_before_its_label():
    html = Everything()["carry"].as_field_group()
    assert '<label class="check"><input type="checkbox" name="carry"' in html
    assert "inp" not in re.findall(r'class="([^"]*)"', html)


def test_a_code_is_wide_and_nothing_stands_in_for_a_label():
    html = Everything()["code"].as_field_group()
    assert 'class="inp code"' in html
    assert "placeholder" not in html


@pytest.mark.parametrize("widget", [Picks, PickMany, Switch, Checks, Chips, Choices])
def test_choices_are_native_controls_and_escape_what_they_say(widget):
    many = widget in {PickMany, Checks, Chips}
    field = (forms.MultipleChoiceField if many else forms.ChoiceField)(
        label="What",
        choices=[("1", "<one>"), ("2", "two")],
        widget=widget(notes={"1": "<note>"}, counts={1: 4}),
    )
    form = type("F", (forms.Form,), {"what": field})({"what": ["1"] if many else "1"})
    html = form["what"].as_field_group()
    assert html.count(f'type="{"checkbox" if many else "radio"}"') == 2
    assert html.count(" checked") == 1
    assert "<one>" not in html
    assert "<note>" not in html
    assert ("4<span" in html) == (widget is Checks)


def test_what_is_said_with_choices_stays_with_its_form():
    one, other = Everything(), Everything()
    one.fields["here"].widget.notes["2"] = "said can’t"
    assert "said can’t" in one["here"].as_field_group()
    assert "said can’t" not in other["here"].as_field_group()


def test_pages_speak_the_active_language():
    with translation.override("de"):
        assert "Tue" not in show('{% week7 "0100000" %}')
