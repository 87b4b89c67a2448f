"""One run as its master knows it: what the server wants, what has happened, and the records that say so."""
import re
import time

from ..shared import compat, texts, wire
from ..shared.clock import Clock
from .auto_stop import AutoStop
from .collector import Collector
from .load_profile import ConstantLoad
from .process_readings import MASTER
from .worker_monitor import WorkerMonitor
from .worker_quit import WorkerQuit

STARTING, RUNNING, STOPPING, ENDED = "starting", "running", "stopping", "ended"
MAX_URL = 2000
# It gets into logs and answers.
_URL = re.compile(r"https?://[!#-;=?-~]+\Z")


def time_limit_of(payload):
    """
    How many seconds load may last after ``test_start``, by a command of the server; ``None``: without limit. Raises TypeError
    or ValueError where that is no number.
    """
    seconds = payload.get("durationSeconds") or payload.get("maxSeconds")
    return float(seconds) if seconds else None


def run_url_of(payload):
    """Where people find the run, by a command of the server; ``None``: it does not say. Raises ValueError where that is no address."""
    url = payload.get("runUrl")
    if url is not None and not (isinstance(url, str) and len(url) <= MAX_URL and _URL.match(url)):
        raise ValueError("runUrl")
    return url


class Run(object):
    """
    ``run_key`` tells workers' reports of this run from those of another; ``run_id`` is ``None`` until an external run is
    registered. ``fence``: of the command that was carried out last. ``clock_ahead``: seconds by which the master's wall
    clock is ahead of the server's. Names in ``_ms`` are Unix milliseconds on the run's clock; those in ``_at``, ``deadline``
    and ``idle_since`` are monotonic seconds.
    """

    def __init__(
        self, run_key, runner, outbox, fence=0, external=False, max_endpoints=1000, auto_stop=None, clock_ahead=0.0,
        profile=None
    ):
        self.run_key = run_key
        self.runner = runner
        self.outbox = outbox
        self.fence = fence
        self.external = external
        self.url = None
        self.profile = profile or ConstantLoad(0, 0.0)
        self.phase = STARTING
        self.clock = Clock(clock_ahead)
        self.target_users = 0
        self.spawn_rate = 0.0
        # Of the newest command that changed the users.
        self.users_command_number = 0
        self.time_limit = None
        self.deadline = None
        self.deadline_ms = None
        self.test_started_at = None
        self.test_started_ms = None
        self.load_started_ms = None
        self.stop_cause = None
        # Ids of workers whose users the script has stopped itself.
        self.stopped_by_script = set()
        self.is_leaving_told = False
        self.stop_issued_ms = None
        self.stop_tried_at = None
        self.idle_since = None
        self.load_ended_at = None
        # ``None``: the workers go on after the run.
        self.worker_quit = None
        self.ended_ms = None
        self.final_seq = None
        self.auto_stop = auto_stop or AutoStop()
        self.collector = Collector(runner, outbox.add, self.event, self.auto_stop.count, max_endpoints, self.clock)
        self.worker_monitor = WorkerMonitor(runner, self.event, self.clock, self.collector.processes)
        self.collector.clock_offsets.master_ahead = clock_ahead
        if clock_ahead:
            message = "The clock of the master is off by %.1f s; the seconds of its metrics are shifted." % clock_ahead
            self.collector.clock_offsets.set(MASTER, clock_ahead, message)

    @property
    def run_id(self):
        return self.outbox.run_id

    def address(self, server_urls):
        """For people: with an address of the server as this machine reaches it, where no other is known."""
        return self.url or (server_urls[0] + "/v1/runs/" + self.run_id if server_urls else self.run_id)

    @property
    def active(self):
        return self.phase != ENDED

    def now_ms(self):
        return int(self.clock() * 1000)

    def event(self, kind, message, data=None):
        """Records an event: ``kind`` as in docs/reasons.md, the message for people, ``data`` a dict for programs."""
        content = {"atMs": self.now_ms(), "type": kind, "message": texts.without_hidden(message)}
        if data:
            shown = {name: texts.without_hidden(value) if isinstance(value, str) else value for name, value in data.items()}
            content["data"] = shown
        self.outbox.add(wire.EVENT, wire.as_json(content))

    def set_target(self, users, spawn_rate):
        self.target_users, self.spawn_rate = users, spawn_rate
        self.collector.target_users = users

    def set_time_limit(self, seconds):
        """Counts from ``test_start``, also if it is set later. Returns whether the deadline has changed."""
        if seconds is None or seconds == self.time_limit or not self.active:
            return False
        self.time_limit = seconds
        self._set_deadline()
        return True

    def _set_deadline(self):
        if self.time_limit is not None and self.test_started_at is not None:
            self.deadline = self.test_started_at + self.time_limit
            self.deadline_ms = self.test_started_ms + int(self.time_limit * 1000)

    def seconds_left(self):
        """Until the deadline, at least 0; ``None``: there is none yet."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def begin(self, identity, host):
        """At Locust's ``test_start``: the deadline counts from now, and the first record is made."""
        self.test_started_ms = self.load_started_ms = self.now_ms()
        self.test_started_at = time.monotonic()
        self.worker_monitor.begin()
        self._set_deadline()
        content = {
            "runId": self.run_id,
            "external": self.external,
            "loadStartedAtMs": self.load_started_ms,
            "targetUsers": self.target_users,
            "spawnRate": self.spawn_rate,
            "host": host,
            "workers": self.worker_monitor.worker_ids,
        }
        content.update(identity)
        self.outbox.add(wire.OPEN, wire.as_json(content))
        self.collector.begin()
        self.phase = RUNNING

    def failed_too_often(self):
        """Whether auto-stop applies; true once, with the evidence recorded as an event."""
        evidence = self.auto_stop.evaluate(self.test_started_ms / 1000.0, self.collector.next_second)
        if evidence is None:
            return False
        message = (
            "%(failures)d of %(requests)d requests (%(failedPercent)s %%) failed in %(windowSeconds)d s: the run is stopped."
        )
        self.event("auto_stop", message % evidence, evidence)
        return True

    def note_message(self, worker_id, message):
        """What a worker's message says beside what it has counted."""
        if message.stopped_by_script and worker_id not in self.stopped_by_script:
            self.stopped_by_script.add(worker_id)
            text = "The script has stopped worker %s itself, by runner.stop() or runner.quit()." % worker_id
            self.event("stopped_by_script", text, {"worker": worker_id})
        if self.collector.users_left and not self.is_leaving_told:
            self.is_leaving_told = True
            self.event("users_left", "Users leave by themselves (StopUser).", {"users": self.collector.users_left})

    def has_ended_itself(self):
        """The cause in PROTOCOL.md, where the users have ended without a stop of the master's; else ``None``."""
        collector = self.collector
        if self.runner.user_count > 0:
            return None
        live = compat.live_worker_ids(self.runner)
        if live and all(worker in self.stopped_by_script for worker in live):
            return "script"
        # Locust does not spawn users again; while it spawns, or follows a shape or stages, more may come.
        is_spawned = self.runner.state == "running" and not compat.has_shape_running(self.runner)
        is_whole = is_spawned and not self.profile.may_get_users
        if is_whole and collector.users_left and collector.users_left + collector.users_died >= self.target_users:
            return "users_finished"
        return None

    def mark_stopping(self, cause):
        """The first cause stays, whoever stops the run after that."""
        if self.stop_cause is None:
            self.stop_cause = cause
        if self.stop_issued_ms is None:
            self.stop_issued_ms = self.now_ms()
            self.stop_tried_at = time.monotonic()
        if self.phase in (STARTING, RUNNING):
            self.phase = STOPPING

    def all_workers_reported(self):
        """Whether every worker that is still connected has sent its last report."""
        monitor = self.worker_monitor
        return all(worker in self.collector.final_workers for worker in monitor.worker_ids if worker not in monitor.lost_ids)

    def quit_workers_at_end(self):
        """The workers are of this run alone."""
        self.worker_quit = WorkerQuit(self.runner, self.collector)

    def is_waiting_for_workers(self):
        """Whether the workers quit now, and may still send what their scripts count meanwhile. Called when load has ended."""
        return self.worker_quit is not None and not self.worker_quit.is_done()

    def finish(self):
        """Makes the last record; reports that arrive after that are dropped."""
        if not self.active:
            return
        self.ended_ms = self.now_ms()
        self.collector.finish()
        expected = self.worker_monitor.worker_ids
        reported = [worker for worker in expected if worker in self.collector.final_workers]
        content = {
            "endedAtMs": self.ended_ms,
            "loadStartedAtMs": self.load_started_ms,
            "stopIssuedAtMs": self.stop_issued_ms,
            "stopCause": self.stop_cause,
            "scriptError": self.collector.error_tally.script_error(),
            "requests": self.collector.requests,
            "failures": self.collector.failures,
            "workersExpected": len(expected),
            "workersReported": len(reported),
            "workersLost": len(expected) - len(reported),
            "cutOffUsers": self.collector.cut_off,
            "lastSeq": self.outbox.last_seq + 1,
        }
        self.outbox.add(wire.FINAL, wire.as_json(content))
        self.final_seq = self.outbox.last_seq
        self.phase = ENDED
