"""Reads the forms of a page as a browser does, and sends one as it stands."""

from html.parser import HTMLParser


class Form:
    """A form: where it goes, and what would be sent if it were sent now."""

    def __init__(self, action, method):
        self.action, self.method, self.fields = action, method, {}

    def add(self, name, value):
        if name:
            self.fields.setdefault(name, []).append(value or "")

    def filled(self, **fields):
        """What is sent with these fields changed."""
        return self.fields | fields


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.form, self.area, self.choice = [], None, None, None

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form":
            self.form = Form(said.get("action"), said.get("method", "get"))
            self.forms.append(self.form)
        elif not self.form:
            return
        elif tag == "input":
            kind = said.get("type", "text")
            if kind not in {"checkbox", "radio", "submit"} or "checked" in said:
                self.form.add(said.get("name"), said.get("value", ""))
        elif tag == "textarea":
            self.area = [said.get("name"), ""]
        elif tag == "select":
            self.choice = said.get("name")
        elif tag == "option" and "selected" in said:
            self.form.add(self.choice, said.get("value"))

    def handle_data(self, data):
        if self.area:
            self.area[1] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.form and self.area:
            # The first line break of a textarea is no part of it.
            self.form.add(self.area[0], self.area[1].removeprefix("\n"))
            self.area = None
        elif tag == "form":
            self.form = None


def forms_of(page):
    """The forms of a page."""
    reader = _Reader()
    reader.feed(page.text)
    return reader.forms


def form_of(page, action):
    """The form of a page that goes to an address."""
    (form,) = [form for form in forms_of(page) if form.action == action]
    return form
