"""Mail of allauth's goes through the outbox here too; what is handed over lies in `django.core.mail.outbox`."""

import pytest


@pytest.fixture(autouse=True)
def _outbox(settings):
    settings.MAILERS = {
        **settings.MAILERS,
        "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    }
