"""The current run of one master: makes it, applies the events of Locust to it, and names it to the workers."""
import os
import platform
import time

from ..delivery.sender import Sender
from ..shared import compat, messages
from ..shared.version import VERSION
from . import external_runs
from .heartbeat import Heartbeat
from .locust_load import LocustLoad
from .commands import Commands
from .run import Run
from .supervisor import Supervisor


class Controller(object):
    """``run``: the newest run, also after its end; ``None`` before the first, and while an unregistered run has the load."""

    def __init__(self, environment, runner, web_ui, settings):
        self.environment = environment
        self.runner = runner
        self.settings = settings
        # Random for each process: tells records and run keys of this master from those of another one.
        self.master_instance_id = os.urandom(16)
        self.run = None
        self.run_count = 0
        # Of a request to one of the plugin's own routes, on the monotonic clock.
        self.last_request_at = time.monotonic()
        self.load = LocustLoad(environment, runner, web_ui)
        self.commands = Commands(self)
        self.heartbeat = Heartbeat(runner)
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

    def new_run(self, outbox, external=False, auto_stop=None, clock_ahead=0.0):
        """Makes the run of this outbox the current one."""
        self.run_count += 1
        run_key = "%s:%d" % (self.master_instance_id.hex(), self.run_count)
        limit = self.settings.max_endpoints
        self.run = Run(run_key, self.runner, outbox, self.commands.fence, external, limit, auto_stop, clock_ahead)
        self.sender.outboxes.append(outbox)
        self.environment.load_manager_run_id = outbox.run_id
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
        self.sender.wake.set()

    def send_run_to_workers(self, run, worker_id=None):
        """To one worker, or to all."""
        # First, because a worker watches for its master's silence only from the first heartbeat on.
        self.heartbeat.send()
        payload = messages.run_message(run.run_id, run.run_key, run.seconds_left())
        self.runner.send_message(messages.RUN, payload, worker_id)

    def on_test_start(self):
        run = self.run
        if self.load.start_commanded and run is not None and run.active:
            self.load.start_commanded = False
        else:
            run = external_runs.create(self)
            if run is None:
                return
        run.begin(self.identity(), self.environment.host)
        self.sender.wake.set()
        # Once more, before Locust spawns the first user: only now is the deadline known.
        self.send_run_to_workers(run)

    def on_test_stopping(self):
        """
        Marks the run unless a stop of ours has done so. Without one, its LoadTestShape has ended, somebody used Locust's own
        page, or Locust stopped because the last worker is gone.
        """
        run = self.run
        if run is None or not run.active:
            return
        if compat.is_in_shape(self.runner):
            run.mark_stopping("shape_ended")
        else:
            run.mark_stopping("locust_ui" if compat.live_workers(self.runner) else "no_workers")

    def on_test_stop(self):
        self.on_test_stopping()
        run = self.run
        if run is not None and run.active:
            run.load_ended_at = time.monotonic()

    def on_report(self, worker_id, data):
        run = self.run
        if run is None or not run.active:
            return
        report = messages.report_of(data)
        if report is not None and report["runKey"] != run.run_key:
            # It joined during the run (before 2.15 Locust has no event for that), or reports the run before this one.
            self.send_run_to_workers(run, worker_id)
            if report["runKey"] is not None:
                return
        run.collector.add_report(worker_id, data)

    def on_worker_connect(self, worker_id):
        if self.run is not None and self.run.active:
            self.send_run_to_workers(self.run, worker_id)
