"""In the master: gathers what workers report into one sample a second. Workers' parts are passed on as they are."""
from ..shared import compat, wire
from ..shared.clock import NOTABLE_SECONDS, Clock
from ..worker.recorder import Cell
from .endpoint_registry import OTHER_ID, Names
from .worker_monitor import MASTER

# How long a second is kept open for a worker that has not reported past it.
LATEST_SECONDS = 4
# One report may have been held up; of some, the shortest way is believed.
OFFSET_REPORTS = 3
MOST_ERRORS = 200
MOST_SCRIPT_ERRORS = 10
MOST_TEXT = 2000
OTHER_ERRORS = "(more kinds of errors)"


class Collector(object):
    """The samples of one run. ``emit(kind, body)`` numbers and keeps a record; ``event(type, message)`` an event;
    ``count(second, requests, failures)`` hears what each report adds."""

    def __init__(self, runner, emit, event, count, most_endpoints=1000, clock=None):
        self.runner = runner
        self.emit = emit
        self.event = event
        self.count = count
        self.clock = clock or Clock()
        self.parts = {}
        self.through = {}
        self.offsets = {}
        self.heard = {}
        self.clock_offsets = {}
        self.jumps = {}
        self.died = 0
        self.script_error = None
        self.users_at = {}
        self.next_second = None
        self.names = Names(most_endpoints, self._names_full)
        self.errors = {}
        self.known_errors = set()
        self.exception_counts = {}
        self.requests = 0
        self.failures = 0
        self.cut_off = 0
        self.finals = set()
        self.target = 0

    def begin(self):
        self.next_second = int(self.clock())

    def tick(self):
        """Notes the users of this second, and closes those that every worker has reported past."""
        if self.next_second is None:
            return
        self._jumped(MASTER, self.clock.jumped())
        now = self.clock()
        self.users_at[int(now)] = self._users()
        live = [node.id for node in compat.live_workers(self.runner)]
        while self.next_second < int(now):
            second = self.next_second
            reported = live and all(self.through.get(worker, 0) > second for worker in live)
            if not reported and now < second + LATEST_SECONDS:
                return
            self._close(second)
            self.next_second += 1

    def finish(self):
        """No more reports: every second that has something, up to now, becomes a sample."""
        if self.next_second is None:
            return
        for second in range(self.next_second, int(self.clock()) + 1):
            if second in self.parts or second in self.users_at:
                self._close(second)
        self.next_second = int(self.clock()) + 1
        for second in sorted(self.parts):
            self._close(second)

    def report(self, worker_id, data):
        """One worker's report."""
        told = data.get("lm")
        if told is None:
            self._foreign_report(worker_id, data)
        else:
            self._own_report(worker_id, told)
        self._errors(data)
        if self.next_second is not None:
            for second in sorted(second for second in self.parts if second < self.next_second):
                self._close(second)

    def _own_report(self, worker_id, told):
        shift = self._shift(worker_id, told["t"])
        self._jumped(worker_id, told.get("jumped") or 0)
        for key, method, name in told["names"]:
            self.names.take(bytes(key), method, name)
        for second, data in told["parts"]:
            part = bytes(data)
            if self.names.folded:
                part = wire.fold(part, self.names.folded, OTHER_ID)
            self.parts.setdefault(second + shift, []).append((worker_id, part))
        for second, requests, failures in told.get("counts") or [(int(told["t"]) - 1, told["requests"], told["failures"])]:
            self.count(second + shift, requests, failures)
        self.died += told.get("died") or 0
        self.script_error = told.get("diedOf") or self.script_error
        self.requests += told["requests"]
        self.failures += told["failures"]
        self.cut_off += told["cutOff"]
        self.through[worker_id] = int(told["t"]) + shift
        if told["final"]:
            self.finals.add(worker_id)

    def _shift(self, worker_id, sent_at):
        """Whole seconds between a worker's clock and ours; the shortest way ever seen is the least disturbed."""
        seen = self.clock() - sent_at
        known = self.offsets.get(worker_id)
        self.offsets[worker_id] = offset = seen if known is None else min(known, seen)
        heard = self.heard[worker_id] = self.heard.get(worker_id, 0) + 1
        if heard == OFFSET_REPORTS and abs(offset) > NOTABLE_SECONDS:
            message = "The clock of the worker %s is off by %.1f s; its seconds are shifted." % (worker_id, -offset)
            self.clock_is_off(worker_id, -offset, message)
        return int(round(offset)) if abs(offset) > 0.5 else 0

    def _jumped(self, who, seconds):
        """Its own seconds go on as if nothing had happened; whatever else it says of times is wrong from now on."""
        more = seconds - self.jumps.get(who, 0)
        if abs(more) <= NOTABLE_SECONDS:
            return
        self.jumps[who] = seconds
        name = "the master" if who == MASTER else "the worker %s" % who
        message = "The clock of %s was set by %+.1f s; its seconds go on as before." % (name, more)
        self.clock_is_off(who, self.clock_offsets.get(who, 0) + more, message)

    def clock_is_off(self, who, seconds, message):
        if abs(seconds) > NOTABLE_SECONDS:
            self.clock_offsets[who] = round(seconds, 3)
        else:
            self.clock_offsets.pop(who, None)
        self.event("clock_offset", message, {"worker": who, "seconds": round(seconds, 3)})

    def _foreign_report(self, worker_id, data):
        """A worker without the plugin: Locust's own report is an exact difference, at Locust's resolution."""
        cells = {}
        before = self.requests, self.failures
        for entry in data.get("stats", []):
            cell = Cell()
            cell.requests = entry["num_requests"]
            cell.failures = entry["num_failures"]
            cell.no_time = entry.get("num_none_requests", 0)
            cell.sum_us = int(entry["total_response_time"] * 1000)
            cell.min_us = int((entry["min_response_time"] or 0) * 1000)
            cell.max_us = int((entry["max_response_time"] or 0) * 1000)
            cell.bytes = int(entry["total_content_length"])
            cell.ok = {int(float(ms)): count for ms, count in entry["response_times"].items()}
            method, name = entry["method"] or "", entry["name"]
            cells[self.names.take(wire.endpoint_id(method, name), method, name)] = cell
            self.requests += cell.requests
            self.failures += cell.failures
        second = int(self.clock()) - 1
        self.count(second, self.requests - before[0], self.failures - before[1])
        if cells:
            self.parts.setdefault(second, []).append((worker_id, wire.part(cells, scheme=0)))
        self.through[worker_id] = second + 1

    def _names_full(self):
        message = (
            "The run has more than %d endpoints; the further ones are counted together as (other). "
            "Give requests whose URLs hold ids a common name: self.client.get(url, name=...)." % self.names.most
        )
        self.event("endpoints_capped", message, {"most": self.names.most})

    def send_names_again(self, ids):
        self.names.send_again(bytes(bytearray.fromhex(text)) for text in ids)

    def _errors(self, data):
        now_ms = int(self.clock() * 1000)
        for entry in (data.get("errors") or {}).values():
            key = self.names.of_error(entry["method"] or "", entry["name"])
            error = str(entry["error"])[:MOST_TEXT]
            if (key, error) not in self.known_errors:
                if len(self.known_errors) >= MOST_ERRORS:
                    error = OTHER_ERRORS
                else:
                    self.known_errors.add((key, error))
            self.errors[(key, error)] = self.errors.get((key, error), 0) + entry["occurrences"]
        self.errors_at = now_ms

    def _exceptions(self):
        changed = []
        for key, known in list(getattr(self.runner, "exceptions", {}).items())[:MOST_ERRORS]:
            more = known["count"] - self.exception_counts.get(key, 0)
            if more > 0:
                nodes = ", ".join(sorted(known["nodes"]))
                if key not in self.exception_counts and len(self.exception_counts) < MOST_SCRIPT_ERRORS:
                    self._script_error(nodes, known)
                self.exception_counts[key] = known["count"]
                changed.append((nodes[:200], str(known["msg"])[:MOST_TEXT], str(known["traceback"])[:MOST_TEXT * 4], more))
        return changed

    def _script_error(self, nodes, known):
        """Each kind once, as it comes first; all of them are counted in the samples."""
        text = (str(known["msg"]) or "(without a message)")[:MOST_TEXT]
        self.script_error = self.script_error or {"message": text, "onStart": ", in on_start" in str(known["traceback"])}
        data = {"message": text, "traceback": str(known["traceback"])[:MOST_TEXT], "workers": nodes[:200]}
        self.event("script_error", "The script raises: %s" % text.split("\n")[0][:300], data)

    def _users(self):
        real = compat.real_by_class(self.runner)
        wanted = compat.target_by_class(self.runner)
        classes = [(name, wanted.get(name, 0), real.get(name, 0)) for name in sorted(set(real) | set(wanted))]
        return self.target, self.runner.user_count, classes

    def _close(self, second):
        users = self.users_at.pop(second, None)
        for old in [at for at in self.users_at if at < second - 60]:
            del self.users_at[old]
        out = [wire.section(wire.SECOND, wire.varint(second))]
        if users is not None or second >= (self.next_second or 0):
            out.append(wire.users_section(*(users or self._users())))
            out.append(wire.workers_section(self._workers()))
        out += [wire.part_section(worker_id, data) for worker_id, data in self.parts.pop(second, [])]
        out.append(self.names.section())
        if self.errors:
            at = self.errors_at
            errors = [(key, error, count, at, at) for (key, error), count in self.errors.items()]
            out.append(wire.errors_section(errors))
            self.errors = {}
        exceptions = self._exceptions()
        if exceptions:
            out.append(wire.exceptions_section(exceptions))
        self.emit(wire.SAMPLE, b"".join(out))

    def _workers(self):
        return [
            (node.id, compat.STATES.get(node.state, 0), node.user_count, getattr(node, "cpu_usage", 0) or 0)
            for node in compat.workers_of(self.runner)
        ]
