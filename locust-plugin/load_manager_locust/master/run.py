"""One run as its master knows it: what was asked for, what has happened, and its records."""
import time

from ..shared import wire
from ..shared.clock import Clock
from .auto_stop import AutoStop
from .collector import Collector
from .worker_monitor import MASTER, Watch

STARTING, RUNNING, STOPPING, ENDED = "starting", "running", "stopping", "ended"


def seconds_of(told):
    """For how long load may last after test_start; ``None``: nobody says."""
    seconds = told.get("durationSeconds") or told.get("maxSeconds")
    return float(seconds) if seconds else None


class Run(object):
    """``key`` tells workers' reports of this run from those of another; ``run_id`` is unknown until a run that was
    started at Locust itself is registered."""

    def __init__(self, key, runner, outbox, attempt=1, fence=0, external=False, most_endpoints=1000, auto_stop=None, ahead=0.0):
        self.key = key
        self.runner = runner
        self.clock = Clock(ahead)
        self.outbox = outbox
        self.attempt = attempt
        self.fence = fence
        self.external = external
        self.phase = STARTING
        self.users = 0
        self.users_at = 0
        self.spawn_rate = 0.0
        self.load_started_ms = None
        self.test_started_ms = None
        self.stop_issued_ms = None
        self.ended_ms = None
        self.stop_cause = None
        self.began_at = None
        self.deadline = None
        self.deadline_ms = None
        self.seconds = None
        self.stop_tried = None
        self.stopped_at = None
        self.final_seq = None
        self.autostop = auto_stop or AutoStop()
        self.watch = Watch(runner, self.event, self.clock)
        self.collector = Collector(runner, outbox.add, self.event, self.autostop.count, most_endpoints, self.clock)
        if ahead:
            message = "The clock of the master is off by %.1f s; its seconds are shifted." % ahead
            self.collector.clock_is_off(MASTER, ahead, message)

    @property
    def run_id(self):
        return self.outbox.run_id

    @property
    def active(self):
        return self.phase != ENDED

    def now_ms(self):
        return int(self.clock() * 1000)

    def event(self, kind, message, data=None):
        told = {"atMs": self.now_ms(), "type": kind, "message": message}
        if data:
            told["data"] = data
        self.outbox.add(wire.EVENT, wire.as_json(told))

    def set_users(self, users, spawn_rate):
        self.users, self.spawn_rate = users, spawn_rate
        self.collector.target = users

    def limit(self, seconds):
        """Counted from test_start, whenever it is told; ``True`` where that is another deadline than before."""
        if seconds is None or seconds == self.seconds or not self.active:
            return False
        self.seconds = seconds
        self._set_deadline()
        return True

    def _set_deadline(self):
        if self.seconds is not None and self.began_at is not None:
            self.deadline = self.began_at + self.seconds
            self.deadline_ms = self.test_started_ms + int(self.seconds * 1000)

    def seconds_left(self):
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def began(self, versions, host):
        """Locust's test_start: the deadline counts from here, on a clock that nobody sets."""
        self.test_started_ms = self.load_started_ms = self.now_ms()
        self.began_at = time.monotonic()
        self.watch.begin()
        self._set_deadline()
        told = {
            "runId": self.run_id,
            "attempt": self.attempt,
            "external": self.external,
            "loadStartedAtMs": self.load_started_ms,
            "targetUsers": self.users,
            "spawnRate": self.spawn_rate,
            "host": host,
            "workers": self.watch.worker_ids,
        }
        told.update(versions)
        self.outbox.add(wire.OPEN, wire.as_json(told))
        self.collector.begin()
        self.phase = RUNNING

    def too_many_failed(self):
        """True once, with the evidence as an event."""
        evidence = self.autostop.judge(self.test_started_ms / 1000.0, self.collector.next_second)
        if evidence is None:
            return False
        message = "%(failures)d of %(requests)d requests (%(failedPercent)s %%) failed in %(windowSeconds)d s: the run is stopped." % evidence
        self.event("auto_stop", message, evidence)
        return True

    def stopping(self, cause):
        if self.stop_cause is None:
            self.stop_cause = cause
        if self.stop_issued_ms is None:
            self.stop_issued_ms = self.now_ms()
            self.stop_tried = time.monotonic()
        if self.phase in (STARTING, RUNNING):
            self.phase = STOPPING

    def all_reported(self):
        watch = self.watch
        return all(worker in self.collector.finals for worker in watch.worker_ids if worker not in watch.lost)

    def end(self):
        """The last record. What is counted afterwards is nobody's."""
        if not self.active:
            return
        self.ended_ms = self.now_ms()
        self.collector.finish()
        expected = self.watch.worker_ids
        reported = [worker for worker in expected if worker in self.collector.finals]
        told = {
            "endedAtMs": self.ended_ms,
            "loadStartedAtMs": self.load_started_ms,
            "stopIssuedAtMs": self.stop_issued_ms,
            "stopCause": self.stop_cause,
            "requests": self.collector.requests,
            "failures": self.collector.failures,
            "workersExpected": len(expected),
            "workersReported": len(reported),
            "workersLost": len(expected) - len(reported),
            "cutOffUsers": self.collector.cut_off,
            "lastSeq": self.outbox.last_seq + 1,
        }
        self.outbox.add(wire.FINAL, wire.as_json(told))
        self.final_seq = self.outbox.last_seq
        self.phase = ENDED

    def status(self):
        return {
            "runId": self.run_id,
            "attempt": self.attempt,
            "fence": self.fence,
            "phase": self.phase,
            "external": self.external,
            "targetUsers": self.users,
            "spawnRate": self.spawn_rate,
            "loadStartedAtMs": self.load_started_ms,
            "testStartedAtMs": self.test_started_ms,
            "stopIssuedAtMs": self.stop_issued_ms,
            "endedAtMs": self.ended_ms,
            "stopCause": self.stop_cause,
            "deadlineAtMs": self.deadline_ms,
            "nowMs": self.now_ms(),
            "requests": self.collector.requests,
            "failures": self.collector.failures,
            "cutOffUsers": self.collector.cut_off if self.phase == ENDED else None,
            "finalSeq": self.final_seq,
            "workersLost": list(self.watch.lost),
            "saturated": self.watch.saturated_now(),
            "clockOffsets": [
                {"worker": worker, "seconds": seconds} for worker, seconds in self.collector.clock_offsets.items()
            ],
            "usersDied": self.collector.died,
            "scriptError": self.collector.script_error,
            "autoStop": self.autostop.evidence,
        }
