"""In a worker: counts every request in the second it completed in, and sends that with Locust's own reports."""
import logging
import time

import gevent
from locust import events, runners

from ..master.endpoint_registry import OTHER, OTHER_ID
from ..shared import wire
from ..shared.clock import Clock
from . import liveness, user_crashes
from .deadline import WorkerDeadline

logger = logging.getLogger("load_manager")

# A report is sent just after each second has ended.
AFTER_THE_SECOND = 0.005
MESSAGE = "load_manager_run"


class Cell(object):
    """One endpoint in one second. Times in whole microseconds."""

    __slots__ = ("requests", "failures", "no_time", "sum_us", "min_us", "max_us", "bytes", "ok", "failed")

    def __init__(self):
        self.requests = self.failures = self.no_time = self.sum_us = self.max_us = self.bytes = 0
        self.min_us = None
        self.ok = {}
        self.failed = {}

    def add(self, response_time, length, failed):
        self.requests += 1
        self.failures += failed
        self.bytes += length if isinstance(length, int) and length > 0 else 0
        if response_time is None:
            self.no_time += 1
            return
        us = max(0, int(round(response_time * 1000)))
        self.sum_us += us
        self.min_us = us if self.min_us is None else min(self.min_us, us)
        self.max_us = max(self.max_us, us)
        counts = self.failed if failed else self.ok
        index = wire.bucket(us)
        counts[index] = counts.get(index, 0) + 1


class Recorder(object):
    """What this worker has counted and not yet reported."""

    def __init__(self, most_endpoints=1000, clock=time.time):
        self.most_endpoints = most_endpoints
        self.clock = clock
        self.reset(None)

    def reset(self, key):
        self.key = key
        self.seconds = {}
        self.names = {}
        self.told = set()
        self.cut_off = 0
        self.final = False

    def belong(self, key):
        """A worker that has just joined counts before it is told the run: that stays. Another run's does not."""
        if key == self.key:
            return
        if self.key is not None:
            self.reset(key)
        self.key = key
        self.told = set()

    def request(self, request_type, name, response_time, response_length, exception):
        method, name = str(request_type or ""), str(name)
        key = self.names.get((method, name))
        if key is None:
            if len(self.names) < self.most_endpoints:
                key = self.names[(method, name)] = wire.endpoint_id(method, name)
            else:
                key = self.names[OTHER] = OTHER_ID
        cells = self.seconds.setdefault(int(self.clock()), {})
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = Cell()
        cell.add(response_time, response_length, bool(exception))

    def seconds_to_next(self):
        return 1 - self.clock() % 1 + AFTER_THE_SECOND

    def report(self):
        """What goes into Locust's report: the closed seconds; all of them once the last users have stopped."""
        now = self.clock()
        ready = [second for second in sorted(self.seconds) if self.final or second < int(now)]
        parts = []
        counts = []
        for second in ready:
            cells = self.seconds.pop(second)
            requests = sum(cell.requests for cell in cells.values())
            counts.append((second, requests, sum(cell.failures for cell in cells.values())))
            parts.append((second, wire.part(cells)))
        names = [(key, method, name) for (method, name), key in self.names.items() if key not in self.told]
        self.told.update(key for key, _, _ in names)
        cut_off = self.cut_off if self.final else 0
        self.cut_off -= cut_off
        return {
            "v": 1,
            "key": self.key,
            "t": now,
            "final": self.final,
            "parts": parts,
            "names": names,
            "counts": counts,
            "requests": sum(count[1] for count in counts),
            "failures": sum(count[2] for count in counts),
            "cutOff": cut_off,
        }


def install(environment, runner, settings):
    clock = Clock()
    recorder = Recorder(settings.max_endpoints, clock)
    runners.WORKER_REPORT_INTERVAL = recorder.seconds_to_next()
    _count_cut_off(recorder)
    died = user_crashes.install(events)
    deadline = WorkerDeadline(runner)

    def on_request(request_type, name, response_time, response_length, exception=None, **_):
        try:
            recorder.request(request_type, name, response_time, response_length, exception)
        except Exception:
            logger.exception("a request could not be counted")

    def on_report(client_id, data, **_):
        try:
            if recorder.key is None:
                # No run yet, for as long as days: the clock may be set, and is right afterwards.
                clock.set()
            more = {"died": died.report(), "diedOf": died.cause, "jumped": clock.jumped()}
            data["lm"] = dict(recorder.report(), **more)
            # Locust reads it after each report, before it sleeps.
            runners.WORKER_REPORT_INTERVAL = recorder.seconds_to_next()
        except Exception:
            logger.exception("the figures could not be reported")

    def on_run(environment, msg, **_):
        """The master tells the run before it starts load, so that scripts know it in test_start and on_start."""
        told = msg.data or {}
        if told.get("key") != recorder.key:
            clock.set()
        recorder.belong(told.get("key"))
        deadline.told(told.get("key"), told.get("secondsLeft"))
        environment.load_manager_run_id = told.get("runId")

    def on_test_start(**_):
        recorder.final = False
        deadline.on_test_start()

    def on_test_stopping(**_):
        deadline.on_test_stopping()

    def on_test_stop(**_):
        """All users have stopped, and the master has not been told: whatever goes now arrives before that."""
        try:
            recorder.final = True
            runner._send_stats()
        except Exception:
            logger.exception("the last figures could not be sent")

    environment.load_manager_run_id = getattr(environment, "load_manager_run_id", None)
    events.request.add_listener(on_request)
    events.report_to_master.add_listener(on_report)
    events.test_start.add_listener(on_test_start)
    events.test_stopping.add_listener(on_test_stopping)
    events.test_stop.add_listener(on_test_stop)
    runner.register_message(MESSAGE, on_run)
    liveness.install_in_worker(runner, settings.run_dir)
    gevent.spawn(deadline.watch)


def _count_cut_off(recorder):
    """Locust records nowhere a request that the stop timeout cut off, though the target may have answered it."""
    from locust.clients import HttpSession
    from locust.contrib.fasthttp import FastHttpSession

    for session in (HttpSession, FastHttpSession):
        original = getattr(session, "_send_request_safe_mode", None)
        if original is None or getattr(original, "_load_manager", False):
            continue
        setattr(session, "_send_request_safe_mode", _watched(original, recorder))


def _watched(original, recorder):
    def send(self, *args, **kwargs):
        try:
            return original(self, *args, **kwargs)
        except gevent.GreenletExit:
            recorder.cut_off += 1
            raise

    send._load_manager = True
    return send
