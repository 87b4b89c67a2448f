"""Gathers the workers' reports into samples, one a second; the workers' encoded parts are passed on without decoding."""
import logging

from ..shared import compat, messages, wire
from ..shared.clock import Clock
from ..shared.endpoint_delta import EndpointDelta
from .clock_offsets import ClockOffsets
from .endpoint_registry import EndpointRegistry
from .error_tally import ErrorTally
from .worker_monitor import MASTER

logger = logging.getLogger("load_manager")

# How long a second is kept open for a worker that has not reported past it.
MAX_OPEN_SECONDS = 4
# How long the users of a second are kept for late reports of it.
KEPT_USERS_SECONDS = 60


class Collector(object):
    """
    The samples of one run. ``emit(kind, body)`` numbers and keeps a record; ``event(kind, message, data)`` records an event;
    ``count(second, requests, failures)`` is called with what each report adds. ``requests``, ``failures``, ``cut_off``,
    ``users_died``: totals of the run. ``final_workers``: ids of workers that have sent their last report.
    """

    def __init__(self, runner, emit, event, count, max_endpoints=1000, clock=None):
        self.runner = runner
        self.emit = emit
        self.event = event
        self.count = count
        self.clock = clock or Clock()
        self.clock_offsets = ClockOffsets(self.clock, event)
        self.endpoints = EndpointRegistry(max_endpoints, self._record_cap)
        self.error_tally = ErrorTally(runner, self.clock, event, self.endpoints)
        self.target_users = 0
        self.requests = 0
        self.failures = 0
        self.cut_off = 0
        self.users_died = 0
        self.final_workers = set()
        # The first second that is still open; ``None`` before load begins.
        self.next_second = None
        # {second: [(worker id, encoded part)]}
        self.parts = {}
        # {worker id: the first second of which it may still report}
        self.reported_until = {}
        # {second: arguments of wire.users_section}
        self.users_by_second = {}
        self.refused_workers = set()

    def begin(self):
        self.next_second = int(self.clock())

    def tick(self):
        """Notes the users of this second, and closes the seconds that every live worker has reported past."""
        if self.next_second is None:
            return
        self.clock_offsets.check_jump(MASTER, self.clock.jumped())
        now = self.clock()
        self.users_by_second[int(now)] = self._users()
        live = compat.live_worker_ids(self.runner)
        while self.next_second < int(now):
            second = self.next_second
            is_complete = live and all(self.reported_until.get(worker, 0) > second for worker in live)
            if not is_complete and now < second + MAX_OPEN_SECONDS:
                return
            self._emit_sample(second)
            self.next_second += 1

    def finish(self):
        """No more reports will come: emits every second up to now that has requests or users."""
        if self.next_second is None:
            return
        for second in range(self.next_second, int(self.clock()) + 1):
            if second in self.parts or second in self.users_by_second:
                self._emit_sample(second)
        self.next_second = int(self.clock()) + 1
        for second in sorted(self.parts):
            self._emit_sample(second)

    def add_report(self, worker_id, data):
        """``data``: Locust's report of one worker, with the plugin's report in it where the worker has the plugin."""
        report = messages.report_of(data)
        if report is None:
            self._warn_of_version(worker_id, data)
            self._add_locust_report(worker_id, data)
        else:
            self._add_plugin_report(worker_id, report)
        self.error_tally.add(data.get("errors") or {})
        if self.next_second is not None:
            for second in sorted(second for second in self.parts if second < self.next_second):
                self._emit_sample(second)

    def _warn_of_version(self, worker_id, data):
        version = messages.foreign_version_of(data)
        if version is None or worker_id in self.refused_workers:
            return
        self.refused_workers.add(worker_id)
        logger.warning(
            "The plugin of worker %s sends reports of version %s, and this master reads version %d: Locust's own report is "
            "used instead. Install the same version of the plugin on the master and on all workers.",
            worker_id, version, messages.REPORT_VERSION,
        )

    def _add_plugin_report(self, worker_id, report):
        shift = self.clock_offsets.shift_of(worker_id, report["sentAt"])
        self.clock_offsets.check_jump(worker_id, report.get("clockJump") or 0)
        for key, method, name in report["names"]:
            self.endpoints.register(bytes(key), method, name)
        for second, data in report["parts"]:
            part = bytes(data)
            if self.endpoints.merged:
                part = wire.merge_endpoints(part, self.endpoints.merged, wire.OTHER_ID)
            self.parts.setdefault(second + shift, []).append((worker_id, part))
        for second, requests, failures in report["counts"]:
            self.count(second + shift, requests, failures)
        self.requests += report["requests"]
        self.failures += report["failures"]
        self.cut_off += report["cutOff"]
        self.users_died += report.get("usersDied") or 0
        self.error_tally.script_error = report.get("scriptError") or self.error_tally.script_error
        self.reported_until[worker_id] = int(report["sentAt"]) + shift
        if report["final"]:
            self.final_workers.add(worker_id)

    def _add_locust_report(self, worker_id, data):
        """Without the plugin's report: Locust's own one is an exact difference, with response times rounded by Locust."""
        deltas = {}
        requests = failures = 0
        for entry in data.get("stats", []):
            method, name = entry["method"] or "", entry["name"]
            key = self.endpoints.register(wire.endpoint_id(method, name), method, name)
            delta = deltas[key] = _delta_of(entry)
            requests += delta.requests
            failures += delta.failures
        self.requests += requests
        self.failures += failures
        second = int(self.clock()) - 1
        self.count(second, requests, failures)
        if deltas:
            self.parts.setdefault(second, []).append((worker_id, wire.part(deltas, scheme=0)))
        self.reported_until[worker_id] = second + 1

    def resend_names(self, ids):
        """``ids``: in hex, of endpoints whose names the server does not know."""
        self.endpoints.resend(bytes(bytearray.fromhex(text)) for text in ids)

    def _record_cap(self):
        limit = self.endpoints.max_endpoints
        message = (
            "The run has more than %d endpoints; further ones are counted together as (other). "
            "Give requests whose URLs contain ids a common name: self.client.get(url, name=...)." % limit
        )
        self.event("endpoints_capped", message, {"most": limit})

    def _emit_sample(self, second):
        users = self.users_by_second.pop(second, None)
        for old in [other for other in self.users_by_second if other < second - KEPT_USERS_SECONDS]:
            del self.users_by_second[old]
        sections = [wire.section(wire.SECOND, wire.varint(second))]
        # A late report of a second that has been closed adds requests, not users.
        if users is not None or second >= (self.next_second or 0):
            sections.append(wire.users_section(*(users or self._users())))
            sections.append(wire.workers_section(self._workers()))
        sections += [wire.part_section(worker_id, part) for worker_id, part in self.parts.pop(second, [])]
        sections.append(self.endpoints.names_section())
        sections += self.error_tally.take_sections()
        self.emit(wire.SAMPLE, b"".join(sections))

    def _users(self):
        real = compat.real_users_by_class(self.runner)
        target = compat.target_users_by_class(self.runner)
        classes = [(name, target.get(name, 0), real.get(name, 0)) for name in sorted(set(real) | set(target))]
        return self.target_users, self.runner.user_count, classes

    def _workers(self):
        return [
            (node.id, compat.STATE_NUMBERS.get(node.state, 0), node.user_count, compat.cpu_percent(node))
            for node in compat.workers_of(self.runner)
        ]


def _delta_of(entry):
    """An entry of Locust's ``stats`` as an EndpointDelta; Locust does not tell failures' times apart."""
    delta = EndpointDelta()
    delta.requests = entry["num_requests"]
    delta.failures = entry["num_failures"]
    delta.no_time = entry.get("num_none_requests", 0)
    delta.sum_us = int(entry["total_response_time"] * 1000)
    delta.min_us = int((entry["min_response_time"] or 0) * 1000)
    delta.max_us = int((entry["max_response_time"] or 0) * 1000)
    delta.bytes = int(entry["total_content_length"])
    delta.ok = {int(float(ms)): count for ms, count in entry["response_times"].items()}
    return delta
