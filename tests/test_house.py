"""The rules of the house, enforced by reading the code itself."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.template.loader import get_template

from congregation.models import Congregation, Mail, Tenanted, User
from congregation.notices import all_kinds
from congregation.sealed import SealedTextField

ROOT = Path(__file__).resolve().parent.parent
APPS = ["congregation", "crews", "rhythms", "hall"]
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]
SOURCES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
VIEWS_AND_FORMS = [
    path
    for path in SOURCES
    if {"views", "forms"} & {*path.parts, path.stem} and "accounts" not in path.stem
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Text that the table of docs/privacy.md gives to the whole congregation, or that is no one's words.
OPEN_TEXT = {
    "congregation.User": {
        "email",
        "email_key",
        "handle",
        "handle_key",
        "zone",
        "language",
        "browser_language",
        "password",
    },
    "congregation.Congregation": {"name", "slug", "word", "region", "purpose", "zone"},
    "congregation.Member": {
        "name",
        "pronouns",
        "place",
        "line",
        "search_key",
        "name_key",
        "portrait_key",
    },
    "congregation.Invitation": {"name", "email", "token_hash"},
    "congregation.HelpNumber": {"name", "way", "when"},
    "congregation.WayBack": {"token_hash"},
    "congregation.Event": {"verb"},
    "congregation.Notice": {"kind", "occasion"},
    "congregation.NoticeChoice": {"kind"},
    "congregation.Letter": {"title", "words"},
    "congregation.Mail": {"kind", "to", "fault"},
    "crews.Crew": {"name", "purpose"},
    "crews.ChatPost": {"kind", "occasion", "fault"},
    "crews.Season": {"name"},
    "crews.Idea": {
        "name",
        "intention",
        "zone",
        "place",
        "format",
        "holds",
        "ritual",
        "spoils",
    },
    "crews.Answer": {"word"},
    "rhythms.Evening": {"name", "first_question", "second_question"},
    "rhythms.EveningLink": {"token_hash"},
    "rhythms.Feed": {"token_hash"},
    "rhythms.Rhythm": {"rule", "zone"},
    "rhythms.Meeting": {"zone"},
    "rhythms.Sitting": {"practice"},
}


def name_of(model):
    return model._meta.label


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def shown(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_free_text_is_sealed_unless_the_congregation_may_read_it(model):
    for field in model._meta.local_fields:
        if isinstance(field, models.CharField | models.TextField) and not field.choices:
            if isinstance(field, SealedTextField):
                continue
            assert field.name in OPEN_TEXT.get(name_of(model), set()), f"{field} is not sealed"
        assert not isinstance(field, models.FileField), f"{field} is a file and files are sealed"


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_rows_are_tenanted_and_have_one_door(model):
    if model in {User, Congregation, Mail}:
        return
    assert issubclass(model, Tenanted)
    assert hasattr(model.objects.all(), "visible_to")
    assert model.__doc__
    assert not model.__doc__.startswith(model.__name__ + "(")
    assert model._meta.pk.get_internal_type() == "UUIDField"


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_the_admin_shows_nothing_of_a_crew_a_pair_or_a_person(model):
    allowed = {"congregation.User", "congregation.Congregation", "congregation.Mail"}
    assert name_of(model) in allowed or not admin.site.is_registered(model)


@pytest.mark.parametrize("path", VIEWS_AND_FORMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_views_and_forms_reach_rows_by_visible_to_alone(path):
    """`X.objects` is followed by the door; related managers grant nothing."""
    doors = {"visible_to", "by_token", "at_the_gate", "of_account", "none"}
    # Ways on from a related manager that would fetch rows; on a queryset that came through the door they are fine.
    fetches = {"all", "filter", "get", "first", "last", "exclude", "count", "exists", "order_by"}
    managers = {
        relation.get_accessor_name()
        for model in MODELS
        for relation in model._meta.related_objects
        if relation.get_accessor_name() and (relation.one_to_many or relation.many_to_many)
    }
    wrong = []
    tree = parsed(path)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        after = parents.get(node)
        step = after.attr if isinstance(after, ast.Attribute) else ""
        if node.attr in {"objects", "_default_manager"} and step not in doors:
            wrong.append(f"{shown(path, node)} .{node.attr}.{step}")
        if node.attr in managers and step in fetches:
            wrong.append(f"{shown(path, node)} .{node.attr}.{step}")
    assert not wrong


CLOCK_READERS = {"views", "tasks", "commands", "tasks.py", "views.py"}
# The edges where another library calls us without a moment, and the frame of every page.
CLOCK_EDGES = {
    "congregation/clock.py",
    "congregation/gate.py",
    "congregation/outbox.py",
    "hall/context.py",
    "hall/accounts.py",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_views_tasks_and_commands_read_the_clock(path):
    where = str(path.relative_to(ROOT))
    if CLOCK_READERS & set(path.parts) or where in CLOCK_EDGES:
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and node.attr == "now":
            assert getattr(node.value, "id", "") not in {"clock", "datetime", "timezone"}, shown(
                path, node
            )


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_verbs_say_who_and_when_as_keywords(model):
    for name, method in vars(model).items():
        function = getattr(method, "__func__", method)
        if not inspect.isfunction(function):
            continue
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name in {"by", "now"}:
                assert parameter.kind == parameter.KEYWORD_ONLY, f"{name_of(model)}.{name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_models_never_import_tasks_and_nothing_uses_signals(path):
    for node in ast.walk(parsed(path)):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            assert "django.db.models.signals" not in name, shown(path, node)
            assert not (".tasks" in name and "models" in path.parts), shown(path, node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_named_for_what_they_do(path):
    assert path.stem not in {
        "services",
        "selectors",
        "utils",
        "helpers",
        "signals",
        "core",
        "common",
    }


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_keep_the_content_security_policy_and_work_without_javascript(path):
    text = path.read_text(encoding="utf-8")
    mail = "mail" in path.parts
    if not mail:
        assert " style=" not in text
        assert "<style" not in text
    assert not re.search(r"\son[a-z]+=|hx-on|javascript:|js:|hx-vals='js", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script, script
    for form in re.findall(r"<form\b.*?</form>", text, re.S):
        opening = form[: form.index(">") + 1]
        assert "action=" in opening, opening
        if 'method="post"' in opening:
            assert "{% csrf_token %}" in form, opening
    for element in re.findall(r"<[a-z]+\b[^<>]*\shx-(?:get|post|put|delete)[^<>]*>", text):
        assert element.startswith(("<a", "<form", "<button", "<select", "<input")), element
        if element.startswith("<a"):
            assert "href=" in element, element
        if element.startswith("<form"):
            assert "action=" in element, element


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_every_kind_of_notice_has_its_words(kind):
    for part in ["line", "text", "body"]:
        get_template(f"{kind.template}#{part}")
    assert str(kind.subject)
    assert str(kind.label)
    model = apps.get_model(kind.model)
    assert hasattr(model.objects.all(), "visible_to")


def test_no_word_of_the_house_is_hidden_from_translation():
    """Headings and buttons go through gettext."""
    bare = []
    for path in TEMPLATES:
        text = re.sub(
            r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}",
            "",
            path.read_text(encoding="utf-8"),
            flags=re.S,
        )
        text = re.sub(
            r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|{%.*?%}|{{.*?}}|<!--.*?-->|&[a-z]+;",
            "",
            text,
            flags=re.S,
        )
        text = (
            re.sub(r"<(svg|style|script|title)\b.*?</\1>", "", text, flags=re.S)
            if "mail" in path.parts
            else text
        )
        bare += [
            f"{path.relative_to(ROOT)}: {words.strip()[:60]}"
            for words in re.findall(r">([^<>]*)<", text)
            if re.search(r"[A-Za-z]{3,}", words)
        ]
    assert not bare


# The sub-path that an installation may lie at is added by `reverse` and by the tags alone.
ABSOLUTE_LINK = re.compile(
    r"""(?:href|action|src|content|poster|hx-[a-z]+)=["']/[^/]"""
    r"""|(?:href|action|src)=["']/["']|%}/{%\s*(?:endif|else)"""
)


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_name_no_address_from_the_root(path):
    """`{% href %}`, `{% url %}` and `{% static %}` know what lies before the path."""
    assert not ABSOLUTE_LINK.search(path.read_text(encoding="utf-8"))


def _begins(node):
    """Return what a string certainly begins with, an f-string's first value being unknown."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0] if node.values else node
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_names_no_address_from_the_root(path):
    """Addresses come from `reverse`; whole ones from `congregation.outbox.address`; cookies have a path."""
    wrong = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if re.fullmatch(r"(Http|Perm\w*)?[Rr]edirect\w*|HttpResponseRedirect|address", name):
                wrong += [shown(path, node) for arg in node.args if _begins(arg).startswith("/")]
            if re.fullmatch(r"(set|delete)_(signed_)?cookie", name):
                named = {keyword.arg for keyword in node.keywords}
                wrong += [] if "path" in named else [f"{shown(path, node)} a cookie without path"]
        elif isinstance(node, ast.JoinedStr):
            first, *rest = node.values
            after = rest[0] if rest else None
            if ast.unparse(first).endswith(("settings.URL}'", "settings.ORIGIN}'")):
                literal = isinstance(after, ast.Constant)
                if literal or "settings.URL" in ast.unparse(first):
                    wrong.append(f"{shown(path, node)} settings.URL before a path")
    assert not wrong


def test_the_script_names_no_address_from_the_root():
    text = (ROOT / "static/js/app.js").read_text(encoding="utf-8")
    assert not re.search(r"""["'`]/[a-z]""", text)


def test_the_style_sheets_name_no_address_from_the_root():
    for path in sorted((ROOT / "static/css").glob("*.css")):
        assert not re.search(r"""url\(\s*["']?/""", path.read_text(encoding="utf-8")), path
