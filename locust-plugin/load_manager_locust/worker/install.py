"""Installs the plugin into a worker: listens to Locust's events and adds a report of its own to Locust's reports."""
import logging

import gevent
from locust import events, runners

from ..shared import messages
from ..shared.clock import Clock
from . import cut_off_requests, liveness, user_crashes
from .deadline import WorkerDeadline
from .recorder import Recorder
from .run_messages import RunMessages

logger = logging.getLogger("load_manager")


def install(environment, runner, settings):
    clock = Clock()
    recorder = Recorder(settings.max_endpoints, clock)
    runners.WORKER_REPORT_INTERVAL = recorder.seconds_to_next_report()
    cut_off_requests.install(recorder)
    crashes = user_crashes.install(events)
    deadline = WorkerDeadline(runner)
    run_messages = RunMessages()

    def on_request(request_type, name, response_time, response_length, exception=None, **_):
        try:
            recorder.request(request_type, name, response_time, response_length, exception)
        except Exception:
            logger.exception("a request could not be counted")

    def on_report(client_id, data, **_):
        try:
            if recorder.run_key is None:
                # A worker may wait for its first run for days, in which somebody may set the wall clock.
                clock.set()
            report = recorder.report()
            report.update(usersDied=crashes.take_count(), scriptError=crashes.newest, clockJump=clock.jumped())
            data[messages.REPORT_FIELD] = report
            # Locust reads the interval after each report, before it sleeps.
            runners.WORKER_REPORT_INTERVAL = recorder.seconds_to_next_report()
        except Exception:
            logger.exception("the metrics could not be added to Locust's report")

    def on_run(environment, msg, **_):
        """The master sends this before it starts load, so that scripts know the run in ``test_start`` and ``on_start``."""
        run_id, run_key, seconds_left = run_messages.read(msg.data)
        if run_key != recorder.run_key:
            clock.set()
        recorder.set_run(run_key)
        deadline.set(run_key, seconds_left)
        environment.load_manager_run_id = run_id

    def on_test_start(**_):
        recorder.final = False
        deadline.on_test_start()

    def on_test_stopping(**_):
        deadline.on_test_stopping()

    def on_test_stop(**_):
        """All users have stopped. A report that is sent now reaches the master before Locust's message that says so."""
        try:
            recorder.final = True
            runner._send_stats()
        except Exception:
            logger.exception("the last metrics could not be sent")

    environment.load_manager_run_id = getattr(environment, "load_manager_run_id", None)
    events.request.add_listener(on_request)
    events.report_to_master.add_listener(on_report)
    events.test_start.add_listener(on_test_start)
    events.test_stopping.add_listener(on_test_stopping)
    events.test_stop.add_listener(on_test_stop)
    runner.register_message(messages.RUN, on_run)
    liveness.install(runner, settings.run_dir)
    gevent.spawn(deadline.run)
