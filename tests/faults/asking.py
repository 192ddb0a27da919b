"""A server process that asks itself; see `test_broker`. Prints what it was answered, as JSON."""

import json
import os
import re
import sys
import time

import pytest  # noqa: F401  the settings know a test by it: static files need not be collected

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main():
    import django

    django.setup()
    from django.test import Client

    from congregation.models import Mail

    email = sys.argv[1]
    browser = Client(headers={"host": "localhost"})
    told = {"healthz": browser.get("/healthz").status_code}
    began = time.monotonic()
    ready = browser.get("/readyz")
    told |= {"readyz": ready.status_code, "seconds": time.monotonic() - began, **ready.json()}
    browser.post("/accounts/login/code/", {"email": email})
    (mail,) = Mail.objects.filter(kind="account", to=email)
    code = re.search(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n", json.loads(mail.content)["text"])[1]
    answer = browser.post("/accounts/login/code/confirm/", {"code": code}, follow=True)
    told |= {"signed in": answer.status_code, "at": answer.request["PATH_INFO"]}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
