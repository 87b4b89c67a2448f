"""The current run of one master: makes it, applies the events of Locust to it, and names it to the workers."""
import logging
import os
import platform
import time

import gevent

from ..delivery.sender import Sender
from ..shared import compat, messages
from ..shared.listener_errors import ListenerErrors
from ..shared.version import VERSION
from . import external_runs, stop_causes
from .heartbeat import Heartbeat
from .locust_load import LocustLoad
from .commands import Commands
from .process_readings import MASTER
from .run import Run
from .script_settings import ScriptSettings
from .supervisor import Supervisor

logger = logging.getLogger("load_manager")

# How long a process that ends tries to send what is pending.
FLUSH_SECONDS = 2.0
# How long the end of a run is waited for beside the stop timeout: Locust looks for users every second.
QUIT_SECONDS = 6.0


class Controller(object):
    """``run``: the newest run, also after its end; ``None`` before the first, and while an unregistered run has the load."""

    def __init__(self, environment, runner, web_ui, settings):
        self.environment = environment
        self.runner = runner
        self.settings = settings
        # Random for each process: tells records and run keys of this master from those of another one.
        self.master_instance_id = os.urandom(16)
        self.run = None
        # The script ends this process.
        self.is_quitting = False
        self.run_count = 0
        # Of a request to one of the plugin's own routes, on the monotonic clock.
        self.last_request_at = time.monotonic()
        self.load = LocustLoad(environment, runner, web_ui)
        self.commands = Commands(self)
        self.script_settings = ScriptSettings(environment)
        self.heartbeat = Heartbeat(runner)
        # Ids of workers with a plugin of this version, which count for themselves.
        self.plugin_workers = set()
        # Those whose plugin can be given settings of the script.
        self.settings_workers = set()
        # Workers with a message that could not be read: each is logged once.
        self.unreadable_workers = set()
        self.listener_errors = ListenerErrors(environment.events, self.on_listener_error)
        self.sender = Sender(settings.urls, settings.token, self.commands.follow_answer)
        self.sender.start()
        Supervisor(self).start()

    def identity(self):
        """What names this master and its software, in status, pid file and the run's first record."""
        return {
            "masterInstanceId": self.master_instance_id.hex(),
            "locustVersion": compat.locust_version(),
            "pluginVersion": VERSION,
            "pythonVersion": platform.python_version(),
        }

    def new_run(self, outbox, external=False, auto_stop=None, clock_ahead=0.0, profile=None):
        """Makes the run of this outbox the current one."""
        self.run_count += 1
        run_key = "%s:%d" % (self.master_instance_id.hex(), self.run_count)
        limit = self.settings.max_endpoints
        fence = self.commands.fence
        self.run = Run(run_key, self.runner, outbox, fence, external, limit, auto_stop, clock_ahead, profile)
        self.sender.outboxes.append(outbox)
        self.environment.load_manager_run_id = outbox.run_id
        self.listener_errors.clear()
        return self.run

    def stop_run(self, run, cause):
        run.mark_stopping(cause)
        self.load.stop()

    def end_run(self, run):
        """All load is gone, and no further report is expected."""
        run.finish()
        # The script's listeners of the next ``test_start`` may run before ours.
        self.environment.load_manager_run_id = None
        self.load.start_commanded = False
        self.script_settings.restore()
        self.sender.wake.set()

    def send_run_to_workers(self, run, worker_id=None):
        """To one worker, or to all."""
        # First, because a worker watches for its master's silence only from the first heartbeat on.
        self.heartbeat.send()
        has_started = run.test_started_at is not None
        groups = run.collector.endpoint_groups
        payload = messages.run_message(run.run_id, run.run_key, run.seconds_left(), has_started, groups)
        self.runner.send_message(messages.RUN, payload, worker_id)

    def on_test_start(self):
        run = self.run
        if self.is_quitting:
            return
        if self.load.start_commanded and run is not None and run.active:
            self.load.start_commanded = False
        else:
            run = external_runs.create(self)
            if run is None:
                return
        run.profile.follow(run, self.runner)
        run.begin(self.identity(), self.environment.host)
        if not run.external:
            address = run.address(self.sender.urls)
            logger.info("The run %s of Load Manager begins, with %d users: %s", run.run_id, run.target_users, address)
        self.sender.wake.set()
        # Once more, before Locust spawns the first user: only now is the deadline known.
        self.send_run_to_workers(run)

    def on_test_stopping(self):
        """
        Marks the run unless a stop of ours has done so. Called in the greenlet that stops.
        """
        run = self.run
        if run is not None and run.active:
            run.mark_stopping(stop_causes.cause_now(run))
        # Also where Locust stops by itself, because its last worker is gone.
        self.load.end_spawning()

    def before_quit(self):
        """
        The script, or Locust's own timer, ends this process, and would drop what the workers have not sent: the load is
        stopped first, and its last metrics are sent. A signal is not kept waiting.
        """
        run = self.run
        if run is None or not run.active:
            return
        cause = stop_causes.cause_now(run)
        if cause == stop_causes.MASTER_ENDED:
            return
        self.is_quitting = True
        run.mark_stopping(cause)
        self.runner.stop()
        limit = time.monotonic() + (self.environment.stop_timeout or 0) + QUIT_SECONDS
        while run.active and time.monotonic() < limit:
            gevent.sleep(0.1)
        self.sender.flush(FLUSH_SECONDS)

    def on_test_stop(self):
        self.on_test_stopping()
        run = self.run
        if run is not None and run.active:
            run.load_ended_at = time.monotonic()

    def on_report(self, worker_id, data):
        """Locust's own report, which counts for workers that do not count for themselves."""
        mark = messages.mark_of(data)
        run = self.run if self.run is not None and self.run.active else None
        if mark is not None:
            self._end_orphan(worker_id, mark.get("runKey"))
            self.plugin_workers.add(worker_id)
            if data.get(messages.SETTINGS_FIELD):
                self.settings_workers.add(worker_id)
            if run is not None and mark.get("runKey") != run.run_key:
                # It joined during the run (before 2.15 Locust has no event for that), or counts for the run before this one.
                self.send_run_to_workers(run, worker_id)
        elif run is not None:
            version = messages.foreign_version_of(data)
            if version is not None:
                run.collector.warnings.plugin_version_differs(worker_id, version)
            run.collector.add_locust_report(worker_id, data)

    def on_metrics(self, worker_id, payload):
        """A worker's message of the plugin's own. It is counted as a whole or not at all."""
        run = self.run if self.run is not None and self.run.active else None
        if messages.version_of(payload) != messages.VERSION:
            return
        self._end_orphan(worker_id, payload.get("runKey"))
        if run is None:
            return
        self.plugin_workers.add(worker_id)
        if payload.get("runKey") != run.run_key:
            self.send_run_to_workers(run, worker_id)
            return
        try:
            message = messages.Metrics(payload)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Its number is then missing, which becomes an event.
            if worker_id not in self.unreadable_workers:
                self.unreadable_workers.add(worker_id)
                logger.error("A message of worker %s could not be read: %r", worker_id, error)
            return
        run.collector.add_message(worker_id, message)
        run.note_message(worker_id, message)

    def _end_orphan(self, worker_id, run_key):
        """
        Tells a worker of a master before this one at the same address to quit: Locust would let it load the target for a minute
        more, before 2.19 for good.
        """
        if run_key and not run_key.startswith(self.master_instance_id.hex()) and not compat.knows_worker(self.runner, worker_id):
            logger.warning("Worker %s still makes the load of a master before this one; it is told to quit.", worker_id)
            compat.tell_to_quit(self.runner, worker_id)

    def on_exception(self, worker_id, message, traceback):
        """Locust's message about an exception of the script."""
        run = self.run
        if run is not None and run.active and worker_id not in self.plugin_workers:
            run.collector.add_locust_exception(worker_id, str(message), str(traceback))

    def on_listener_error(self, hook, error, traceback):
        """A listener of the script has raised in this process."""
        if self.run is not None and self.run.active:
            self.run.collector.warnings.listener_failed(MASTER, hook, error, traceback)

    def on_worker_connect(self, worker_id):
        if self.run is not None and self.run.active:
            self.send_run_to_workers(self.run, worker_id)
