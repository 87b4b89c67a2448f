import os
import sys

import locust  # noqa: F401  (before anything that opens sockets: it patches the standard library for gevent)

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, PACKAGE)

# The environment of who runs the tests must not reach the plugin.
for name in list(os.environ):
    if name.startswith("LOAD_MANAGER_"):
        del os.environ[name]
