"""Installs the plugin into a worker: listens to Locust's events and sends what it has counted to the master."""
import logging

import gevent
from locust import events
from locust.exception import RPCError
from locust.runners import STATE_SPAWNING

from ..shared import compat, messages, tagged_tasks
from ..shared.clock import Clock
from ..shared.listener_errors import ListenerErrors
from . import cut_off_requests, last_message, liveness, locust_reports, spawning, user_classes, user_ends
from .deadline import WorkerDeadline
from .recorder import Recorder
from .reporter import Reporter
from .run_messages import RunMessages
from .script_stop import ScriptStop

logger = logging.getLogger("load_manager")

# How long a stop waits for Locust's last report. One that cannot be sent is tried again for 9 s.
LAST_REPORT_SECONDS = 1.0
# How long a process that ends waits for its last message to be on its way.
SEND_SECONDS = 0.2


def install(environment, runner, settings):
    clock = Clock()
    recorder = Recorder(settings.max_endpoints, clock)
    if environment.stats.total.num_requests:
        # Users have begun before Locust's ``init``. This report has no mark yet, so the master counts it.
        _send_locust_report(runner)
    user_classes.install(environment)
    tagged_tasks.install(environment)
    ends = user_ends.install(events)
    spawning.install(runner, ends, recorder)
    reporter = Reporter(runner, recorder, ends, clock)
    listener_errors = ListenerErrors(events, reporter.note_listener_error)
    locust_reports.install(runner, reporter.note_report_error)
    cut_off_requests.install(recorder)
    _install_last_message(environment, runner, recorder, reporter)
    # Wraps ``runner.stop`` once more, so that two stops send one last message.
    deadline = WorkerDeadline(runner)
    ends.send = lambda: _report_now(reporter)
    script_stop = ScriptStop(runner, lambda: deadline.stopping)
    reporter.is_stopped_by_script = lambda: script_stop.called
    run_messages = RunMessages()

    def on_report(client_id, data, **_):
        data[messages.MARK_FIELD] = messages.mark(recorder.run_key)
        data[messages.SETTINGS_FIELD] = True

    def on_run(environment, msg, **_):
        """The master sends this before it starts load, so that scripts know the run in ``test_start`` and ``on_start``."""
        run = run_messages.read(msg.data)
        if run.key != recorder.run_key:
            clock.set()
            if recorder.run_key is not None:
                ends.clear()
                listener_errors.clear()
                # The next message would accuse the script in the new run of what it did in the one before.
                script_stop.clear()
        recorder.set_run(run.key, run.load_started, run.groups)
        deadline.set(run.key, run.seconds_left)
        environment.load_manager_run_id = run.id

    def on_test_start(**_):
        # Locust sets it when it makes the first users. Until then the state is that after the last run, in which Locust ignores
        # a stop: users that come after it would stay.
        runner.update_state(STATE_SPAWNING)
        recorder.begin_load()
        reporter.begin_load()
        deadline.on_test_start()
        script_stop.clear()

    def on_test_stopping(**_):
        deadline.on_test_stopping()

    environment.load_manager_run_id = getattr(environment, "load_manager_run_id", None)
    compat.listen_first(events.request, recorder.request)
    events.user_error.add_listener(recorder.exception)
    events.report_to_master.add_listener(on_report)
    events.test_start.add_listener(on_test_start)
    events.test_stopping.add_listener(on_test_stopping)
    runner.register_message(messages.RUN, on_run)
    liveness.install(runner, settings.run_dir)
    gevent.spawn(deadline.run)
    gevent.spawn(reporter.run)
    # The mark tells the master of a run that is on to name it here.
    gevent.spawn(_send_locust_report, runner)


def _report_now(reporter):
    """The process ends next; the counts of the open second are sent too."""
    reporter.report(final=True)
    gevent.sleep(SEND_SECONDS)


def _install_last_message(environment, runner, recorder, reporter):
    def stopped():
        try:
            reporter.report(final=True)
            recorder.end_load()
        except Exception:
            logger.exception("the last metrics could not be sent")
        # Locust's own page is then complete at the end of the test too.
        gevent.spawn(_send_locust_report, runner).join(LAST_REPORT_SECONDS)
        # Locust's worker would sleep for so long before it is ready again and reads the next message. Each spawn sets it.
        environment.stop_timeout = 0

    def quitting():
        try:
            reporter.report(final=True, quitting=True)
        except Exception:
            logger.exception("the last metrics could not be sent")

    last_message.after_stop(runner, stopped)
    last_message.after_quitting(runner, quitting)


def _send_locust_report(runner):
    try:
        runner._send_stats()
    except RPCError as error:
        logger.error("Locust's report could not be sent: %s", error)
