"""How far the clocks of a run's processes are off; each change of more than a second becomes an event."""
from ..shared.clock import NOTABLE_SECONDS
from .process_readings import MASTER

# One report may have been delayed; of several, the fastest one tells the offset.
REPORTS_BEFORE_EVENT = 3


class ClockOffsets(object):
    """
    ``seconds``: {worker id, or MASTER: seconds ahead}, only offsets over a second; workers against the master, the master
    against the server. ``master_ahead``: the latter, also if it is small.
    """

    def __init__(self, clock, event):
        self.clock = clock
        self.event = event
        self.seconds = {}
        self.smallest = {}
        self.report_counts = {}
        self.jumps = {}
        self.master_ahead = 0.0

    def shift_of(self, worker_id, sent_at):
        """
        Whole seconds to add to a worker's seconds so that they are on the master's clock. ``sent_at``: the worker's time in
        its report. The difference contains the report's delay, so the smallest one ever seen is the best.
        """
        seen = self.clock() - sent_at
        known = self.smallest.get(worker_id)
        self.smallest[worker_id] = offset = seen if known is None else min(known, seen)
        count = self.report_counts[worker_id] = self.report_counts.get(worker_id, 0) + 1
        if count == REPORTS_BEFORE_EVENT and abs(offset) > NOTABLE_SECONDS:
            message = "The clock of worker %s is off by %.1f s; the seconds of its metrics are shifted." % (worker_id, -offset)
            self.set(worker_id, -offset, message)
        return int(round(offset)) if abs(offset) > 0.5 else 0

    def ahead_ms(self, process):
        """By how many ms a process's wall clock is ahead now, also if they are few; ``None``: it has not told its time."""
        if process != MASTER and process not in self.smallest:
            return None
        ahead = self.master_ahead if process == MASTER else -self.smallest[process]
        return int(round((ahead + self.jumps.get(process, 0)) * 1000))

    def check_jump(self, process, seconds):
        """
        ``seconds``: by how much its wall clock was set since the run began. Its metrics do not use the wall clock; other times
        that it tells, such as those of its log, are wrong from now on.
        """
        change = seconds - self.jumps.get(process, 0)
        if abs(change) <= NOTABLE_SECONDS:
            return
        self.jumps[process] = seconds
        name = "the master" if process == MASTER else "worker %s" % process
        message = "The clock of %s was set by %+.1f s; the seconds of its metrics are not affected." % (name, change)
        self.set(process, self.seconds.get(process, 0) + change, message)

    def set(self, process, seconds, message):
        if abs(seconds) > NOTABLE_SECONDS:
            self.seconds[process] = round(seconds, 3)
        else:
            self.seconds.pop(process, None)
        self.event("clock_offset", message, {"worker": process, "seconds": round(seconds, 3)})
