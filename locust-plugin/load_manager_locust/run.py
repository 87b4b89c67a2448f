"""One run as its master knows it: what was asked for, what has happened, and its records."""
import time

from . import compat, wire
from .collector import Collector

STARTING, RUNNING, STOPPING, ENDED = "starting", "running", "stopping", "ended"


def now_ms():
    return int(time.time() * 1000)


class Run(object):
    """``key`` tells workers' reports of this run from those of another; ``run_id`` is unknown until a run that was
    started at Locust itself is registered."""

    def __init__(self, key, runner, outbox, attempt=1, fence=0, external=False, most_endpoints=1000):
        self.key = key
        self.runner = runner
        self.outbox = outbox
        self.attempt = attempt
        self.fence = fence
        self.external = external
        self.phase = STARTING
        self.users = 0
        self.spawn_rate = 0.0
        self.load_started_ms = None
        self.test_started_ms = None
        self.stop_issued_ms = None
        self.ended_ms = None
        self.stop_cause = None
        self.deadline = None
        self.deadline_ms = None
        self.seconds = None
        self.worker_ids = []
        self.lost = []
        self.stopped_at = None
        self.final_seq = None
        self.collector = Collector(runner, outbox.add, self.event, most_endpoints)

    @property
    def run_id(self):
        return self.outbox.run_id

    @property
    def active(self):
        return self.phase != ENDED

    def event(self, kind, message, data=None):
        told = {"atMs": now_ms(), "type": kind, "message": message}
        if data:
            told["data"] = data
        self.outbox.add(wire.EVENT, wire.as_json(told))

    def set_users(self, users, spawn_rate):
        self.users, self.spawn_rate = users, spawn_rate
        self.collector.target = users

    def began(self, versions, host):
        """Locust's test_start: the deadline counts from here, on a clock that nobody sets."""
        self.test_started_ms = self.load_started_ms = now_ms()
        self.worker_ids = [node.id for node in compat.live_workers(self.runner)]
        if self.seconds is not None:
            self.deadline = time.monotonic() + self.seconds
            self.deadline_ms = self.test_started_ms + int(self.seconds * 1000)
        told = {
            "runId": self.run_id,
            "attempt": self.attempt,
            "external": self.external,
            "loadStartedAtMs": self.load_started_ms,
            "targetUsers": self.users,
            "spawnRate": self.spawn_rate,
            "host": host,
            "workers": self.worker_ids,
        }
        told.update(versions)
        self.outbox.add(wire.OPEN, wire.as_json(told))
        self.collector.begin()
        self.phase = RUNNING

    def watch_workers(self):
        """Who has worked for the run, and who of them is gone or missing: told once each, and again when back."""
        if self.phase != RUNNING:
            return
        live = [node.id for node in compat.live_workers(self.runner)]
        self.worker_ids += [worker for worker in live if worker not in self.worker_ids]
        for worker in self.worker_ids:
            if worker not in live and worker not in self.lost:
                self.lost.append(worker)
                message = "The worker %s is lost; what it had not reported is missing." % worker
                self.event("worker_lost", message, {"worker": worker})
            elif worker in live and worker in self.lost:
                self.lost.remove(worker)
                self.event("worker_back", "The worker %s is back." % worker, {"worker": worker})

    def stopping(self, cause):
        if self.stop_cause is None:
            self.stop_cause = cause
        if self.stop_issued_ms is None:
            self.stop_issued_ms = now_ms()
        if self.phase in (STARTING, RUNNING):
            self.phase = STOPPING

    def all_reported(self):
        return all(worker in self.collector.finals for worker in self.worker_ids if worker not in self.lost)

    def end(self):
        """The last record. What is counted afterwards is nobody's."""
        if not self.active:
            return
        self.ended_ms = now_ms()
        self.collector.finish()
        reported = [worker for worker in self.worker_ids if worker in self.collector.finals]
        told = {
            "endedAtMs": self.ended_ms,
            "loadStartedAtMs": self.load_started_ms,
            "stopIssuedAtMs": self.stop_issued_ms,
            "stopCause": self.stop_cause,
            "requests": self.collector.requests,
            "failures": self.collector.failures,
            "workersExpected": len(self.worker_ids),
            "workersReported": len(reported),
            "workersLost": len(self.worker_ids) - len(reported),
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
            "requests": self.collector.requests,
            "failures": self.collector.failures,
            "cutOffUsers": self.collector.cut_off if self.phase == ENDED else None,
            "finalSeq": self.final_seq,
            "workersLost": list(self.lost),
        }
