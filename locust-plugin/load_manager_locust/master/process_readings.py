"""CPU and memory of a run's processes, each second: of the workers as they say, and of this master."""
import time
from collections import deque

import psutil

from ..shared import compat

# Stands for the master among worker ids.
MASTER = "master"
# A single second at the limit is no sign of a generator that is too small, so the judgement is on the mean of so many.
MEAN_SECONDS = 5
# After so long without a message of a worker, Locust's own reading is newer.
FRESH_SECONDS = 4.0
KEPT_SECONDS = 60


class ProcessReadings(object):
    """A reading is (CPU in percent of a core, resident memory in bytes)."""

    def __init__(self):
        # {process: its last readings of CPU}
        self.recent = {}
        # {process: (reading, when it came on the monotonic clock)}
        self.newest = {}
        # {second: {process: reading}}
        self.by_second = {}
        self.process = psutil.Process()
        self.process.cpu_percent()
        self.master_second = None

    def add(self, process, second, cpu, memory):
        reading = max(0.0, float(cpu)), max(0, int(memory))
        self.newest[process] = reading, time.monotonic()
        self.recent.setdefault(process, deque(maxlen=MEAN_SECONDS)).append(reading[0])
        self.by_second.setdefault(second, {})[process] = reading

    def measure_master(self, open_second):
        """Once a second: of the second that has just ended."""
        if self.master_second is None:
            self.process.cpu_percent()
        elif open_second > self.master_second:
            self.add(MASTER, open_second - 1, self.process.cpu_percent(), self.process.memory_info().rss)
        self.master_second = open_second

    def take(self, second):
        """{process: its reading of that second}; it is forgotten here, and older ones too."""
        for old in [other for other in self.by_second if other < second - KEPT_SECONDS]:
            del self.by_second[old]
        return self.by_second.pop(second, {})

    def of_worker(self, node):
        """The newest reading; Locust's own where the worker does not tell us."""
        reading, at = self.newest.get(node.id, (None, 0))
        if reading is not None and time.monotonic() - at < FRESH_SECONDS:
            return reading
        return compat.cpu_percent(node), compat.memory_bytes(node)

    def of_master(self):
        return self.newest.get(MASTER, ((0.0, 0), 0))[0]

    def mean_cpu(self, node):
        """Over the last seconds; Locust's own figure, which is such a mean, where the worker does not tell us."""
        _, at = self.newest.get(node.id, (None, 0))
        if node.id in self.recent and time.monotonic() - at < FRESH_SECONDS:
            return _mean(self.recent[node.id])
        return compat.cpu_percent(node)

    def mean_cpu_of_master(self):
        return _mean(self.recent.get(MASTER, ()))


def _mean(values):
    return sum(values) / len(values) if values else 0.0
