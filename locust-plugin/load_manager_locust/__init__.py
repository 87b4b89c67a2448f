"""Runs Locust under Load Manager.

Start Locust with ``load-manager-locust`` instead of ``locust``, or write ``import load_manager_locust`` in a
locustfile. What it speaks with the server is described in PROTOCOL.md.
"""
import sys

__version__ = "0.1.0"
PROTOCOL = 1

# The launcher must write who it is before Locust is imported; everybody else imports this beside Locust.
if "locust" in sys.modules:
    from . import plugin

    plugin.install()
