"""What granian serves."""

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
Application = Callable[[dict[str, Any], Any], Any]


def below(prefix: str, inner: Application) -> Application:
    """Return an application that takes the prefix of its addresses off the path.

    A proxy may hand the path on whole, or take the prefix off itself; both reach the same page.
    """

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path == prefix or path.startswith(f"{prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(prefix)
        return inner(environ, start_response)

    return application


application: Application = get_wsgi_application()
if settings.PREFIX:
    application = below(settings.PREFIX, application)
