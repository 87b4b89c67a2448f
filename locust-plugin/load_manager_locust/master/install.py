"""Hooks the plugin into a master."""
import logging

import gevent
from locust import events

from ..shared import pidfile
from .control import Control

logger = logging.getLogger("load_manager")

FLUSH_SECONDS = 2.0


def _safely(function):
    """Locust must not notice anything that goes wrong in here."""

    def listener(**kwargs):
        try:
            function(**kwargs)
        except Exception:
            logger.exception("Load Manager's plugin failed in %s", function.__name__)

    return listener


def install(environment, runner, web_ui, settings):
    control = Control(environment, runner, web_ui, settings)

    def test_start(**_):
        control.on_test_start()

    def test_stopping(**_):
        control.on_test_stopping()

    def test_stop(**_):
        control.on_test_stop()

    def worker_report(client_id, data, **_):
        control.on_report(client_id, data)

    def worker_connect(client_id, **_):
        control.on_worker_connect(client_id)

    def quitting(**_):
        control.sender.flush(FLUSH_SECONDS)

    environment.load_manager_run_id = None
    for listener in (test_start, test_stopping, test_stop, worker_report, worker_connect, quitting):
        hook = getattr(events, listener.__name__, None)
        if hook is not None:
            hook.add_listener(_safely(listener))
    if web_ui is not None:
        from . import routes

        routes.install(web_ui.app, control, settings)
        if settings.run_dir and settings.role:
            gevent.spawn(_tell_ports, runner, web_ui, control, settings)


def _tell_ports(runner, web_ui, control, settings):
    """The ports are known once both servers listen."""
    while True:
        web_port = getattr(getattr(web_ui, "server", None), "server_port", 0)
        master_port = getattr(getattr(runner, "server", None), "port", 0)
        if web_port and master_port:
            break
        gevent.sleep(0.02)
    ports = {"webPort": int(web_port), "masterPort": int(master_port), "boot": control.boot.hex()}
    pidfile.write(settings.run_dir, settings.role, dict(control.versions, **ports))
