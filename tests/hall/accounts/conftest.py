"""Mail of allauth's goes through the outbox here too, and passwords are hashed quickly."""

import pytest


@pytest.fixture(autouse=True)
def _outbox(settings):
    settings.MAILERS = {
        **settings.MAILERS,
        "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    }


@pytest.fixture(autouse=True)
def _quickly(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
