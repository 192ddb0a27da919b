#!/usr/bin/env python
"""Runs one of Tableful's commands; `bin/manage` makes everything ready first."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config.data import Refused

    try:
        settings.INSTALLED_APPS  # noqa: B018  what is set wrongly is said here, in one sentence
    except (Refused, ImproperlyConfigured) as sentence:
        sys.exit(str(sentence))
    execute_from_command_line(sys.argv)
