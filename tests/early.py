"""Loaded before Django: gives every test process a data folder of its own, and tests their process."""

import os
import tempfile
from pathlib import Path

base = os.environ.setdefault("TABLEFUL_TEST_BASE", tempfile.mkdtemp(prefix="tableful-tests-"))
data = Path(base) / os.environ.get("PYTEST_XDIST_WORKER", "main")
data.mkdir(exist_ok=True)
os.environ["TABLEFUL_DATA"] = str(data)
# The loop that drives Chromium stands still while a test asks the database from the same thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# The modules in these folders start a server of their own, so each module's tests run in one process.
SERVED = ("tests/browser/", "tests/house/")


def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByServer(LoadScopeScheduling):
        """Hands out tests one by one, and those that share a server together."""

        def _split_scope(self, nodeid):
            return nodeid.split("::")[0] if nodeid.startswith(SERVED) else nodeid

    return ByServer(config, log)
