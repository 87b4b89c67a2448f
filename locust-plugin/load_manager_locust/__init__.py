"""Runs Locust under Load Manager.

Start Locust with ``load-manager-locust`` instead of ``locust``, or write ``import load_manager_locust`` in a
locustfile. PROTOCOL.md describes what the plugin and the server send each other.
"""
import sys

__version__ = "0.1.0"
# The number at the top of PROTOCOL.md; a server refuses a number that it does not know.
PROTOCOL = 2

# The launcher has to write the pid file before Locust is imported, so it imports this package first and installs the
# plugin itself. Everybody else imports this package from a locustfile.
if "locust" in sys.modules:
    from . import plugin

    plugin.install()
