"""Runs Locust under Load Manager.

Start Locust with ``load-manager-locust`` instead of ``locust``, or write ``import load_manager_locust`` in a
locustfile. PROTOCOL.md describes what the plugin and the server send each other.
"""
import sys

# The launcher has to write the pid file before Locust is imported, so it imports this package first and installs the
# plugin itself. Everybody else imports this package from a locustfile.
if "locust" in sys.modules:
    from . import plugin

    plugin.install()
