"""Installs the plugin into a master: listens to Locust's events and adds the plugin's routes to Locust's web server."""
import logging

import gevent
from locust import events

from ..shared import messages, pidfile
from . import greeting
from .controller import FLUSH_SECONDS, Controller

logger = logging.getLogger("load_manager")

PORT_CHECK_SECONDS = 0.02


def _logging_errors(listener):
    """A listener that never raises: an exception in an event would change Locust's exit code, and ends 2.12.1's master."""

    def safe_listener(**kwargs):
        try:
            listener(**kwargs)
        except Exception:
            logger.exception("Load Manager's plugin failed in %s", listener.__name__)

    return safe_listener


def _listen_to_exceptions(runner, controller):
    """Locust has no event for the exceptions that its workers tell, and its own list does not tell the workers apart."""
    original = runner.log_exception

    def exception(node_id, msg, formatted_tb):
        controller.on_exception(node_id, msg, formatted_tb)

    listener = _logging_errors(exception)

    def log_exception(node_id, msg, formatted_tb):
        listener(node_id=node_id, msg=msg, formatted_tb=formatted_tb)
        return original(node_id, msg, formatted_tb)

    runner.log_exception = log_exception


def _end_run_before_quit(runner, controller):
    original = runner.quit

    def end_run():
        controller.before_quit()

    listener = _logging_errors(end_run)

    def quit_runner(*args, **kwargs):
        listener()
        return original(*args, **kwargs)

    runner.quit = quit_runner


def install(environment, runner, web_ui, settings):
    controller = Controller(environment, runner, web_ui, settings)

    def test_start(**_):
        controller.on_test_start()

    def test_stopping(**_):
        controller.on_test_stopping()

    def test_stop(**_):
        controller.on_test_stop()

    def worker_report(client_id, data, **_):
        controller.on_report(client_id, data)

    def worker_connect(client_id, **_):
        controller.on_worker_connect(client_id)

    def metrics(msg, **_):
        controller.on_metrics(msg.node_id, msg.data)

    def quitting(**_):
        controller.sender.flush(FLUSH_SECONDS)

    environment.load_manager_run_id = None
    for listener in (test_start, test_stopping, test_stop, worker_report, worker_connect, quitting):
        hook = getattr(events, listener.__name__, None)
        if hook is not None:
            hook.add_listener(_logging_errors(listener))
    runner.register_message(messages.METRICS, _logging_errors(metrics))
    _listen_to_exceptions(runner, controller)
    _end_run_before_quit(runner, controller)
    greeting.start(controller)
    if web_ui is not None:
        from . import routes

        routes.install(web_ui.app, controller, settings)
        if settings.run_dir and settings.role:
            gevent.spawn(_write_ports, runner, web_ui, controller, settings)


def _write_ports(runner, web_ui, controller, settings):
    """Adds the ports to the pid file. They are chosen by the system, so they are known only once both servers listen."""
    while True:
        web_port = getattr(getattr(web_ui, "server", None), "server_port", 0)
        master_port = getattr(getattr(runner, "server", None), "port", 0)
        if web_port and master_port:
            break
        gevent.sleep(PORT_CHECK_SECONDS)
    ports = {"webPort": int(web_port), "masterPort": int(master_port)}
    pidfile.write(settings.run_dir, settings.role, dict(controller.identity(), **ports))
