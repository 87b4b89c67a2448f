"""Counts every request of this worker in the second in which it completed."""
import time

from ..shared import messages, wire
from ..shared.endpoint_delta import EndpointDelta
from ..shared.wire import OTHER, OTHER_ID

# A report is sent this long after a second has ended, so that the second is closed.
REPORT_DELAY_SECONDS = 0.005


class Recorder(object):
    """What this worker has counted and not yet reported. ``clock()`` returns Unix seconds."""

    def __init__(self, max_endpoints=1000, clock=time.time):
        self.max_endpoints = max_endpoints
        self.clock = clock
        self._clear()

    def _clear(self):
        self.run_key = None
        # {second: {endpoint id: EndpointDelta}}
        self.seconds = {}
        # {(method, name): endpoint id}
        self.endpoint_ids = {}
        # Ids whose names have been sent to the master.
        self.announced = set()
        self.cut_off = 0
        self.final = False

    def set_run(self, run_key):
        """
        Whose run the counts are from now on. Counts of another run are dropped. Those from before the first run key stay: a
        worker that joins a run may count before the master's message arrives.
        """
        if run_key == self.run_key:
            return
        if self.run_key is not None:
            self._clear()
        self.run_key = run_key
        self.announced = set()

    def request(self, request_type, name, response_time, response_length, exception):
        """Counts one request. ``response_time`` in milliseconds or ``None``, ``response_length`` in bytes."""
        method, name = str(request_type or ""), str(name)
        key = self.endpoint_ids.get((method, name))
        if key is None:
            if len(self.endpoint_ids) < self.max_endpoints:
                key = self.endpoint_ids[(method, name)] = wire.endpoint_id(method, name)
            else:
                key = self.endpoint_ids[OTHER] = OTHER_ID
        deltas = self.seconds.setdefault(int(self.clock()), {})
        delta = deltas.get(key)
        if delta is None:
            delta = deltas[key] = EndpointDelta()
        delta.add(response_time, response_length, bool(exception))

    def seconds_to_next_report(self):
        return 1 - self.clock() % 1 + REPORT_DELAY_SECONDS

    def report(self):
        """
        The plugin's report (PROTOCOL.md), as a dict: the closed seconds, and the open one too when the report is final. What
        it contains is forgotten here.
        """
        now = self.clock()
        closed = [second for second in sorted(self.seconds) if self.final or second < int(now)]
        parts = []
        counts = []
        for second in closed:
            deltas = self.seconds.pop(second)
            requests = sum(delta.requests for delta in deltas.values())
            counts.append((second, requests, sum(delta.failures for delta in deltas.values())))
            parts.append((second, wire.part(deltas)))
        names = [(key, method, name) for (method, name), key in self.endpoint_ids.items() if key not in self.announced]
        self.announced.update(key for key, _, _ in names)
        cut_off = self.cut_off if self.final else 0
        self.cut_off -= cut_off
        return {
            "v": messages.REPORT_VERSION,
            "runKey": self.run_key,
            "sentAt": now,
            "final": self.final,
            "parts": parts,
            "names": names,
            "counts": counts,
            "requests": sum(count[1] for count in counts),
            "failures": sum(count[2] for count in counts),
            "cutOff": cut_off,
        }
