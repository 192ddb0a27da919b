"""Where sign-in counts its tries."""

from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import OperationalError


class TriesCache(DatabaseCache):
    """Django's cache in the database, but a busy database is no answer: "was there already" is one."""

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        """Put something where nothing is; return whether it was put. Raises OperationalError if busy."""
        for _try in range(2):
            # What was there may have gone in the same moment.
            if super().add(key, *args, **kwargs):
                return True
            if self.has_key(key, version=kwargs.get("version")):
                return False
        raise OperationalError("The tries cannot be counted.")
