import os
import sys

import locust  # noqa: F401  (before anything that opens sockets: it patches the standard library for gevent)

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import pytest  # noqa: E402

# The plugin must not see settings from the environment of the user who runs the tests.
for name in list(os.environ):
    if name.startswith("LOAD_MANAGER_"):
        del os.environ[name]


@pytest.fixture
def target():
    started = harness.Target()
    yield started
    started.close()


@pytest.fixture
def receiver():
    started = harness.Receiver()
    yield started
    started.close()


@pytest.fixture
def locust(tmp_path, receiver):
    started = harness.Locust(str(tmp_path), receiver.url)
    yield started
    started.close()
