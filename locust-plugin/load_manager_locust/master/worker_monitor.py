"""What can be wrong with the generators of a run: workers lost, late or too busy. Each change is told once."""
from ..shared import compat
from .auto_stop import iso

# Of one core: from here on Locust itself is what is slow, and latencies are its own.
SATURATED_PERCENT = 90
# Locust measures over 5 s (10 s from 2.32.5): a reading that stays so long is no spike.
SATURATED_SECONDS = 5.0
MASTER = "master"


class Watch(object):
    """``event(type, message, data)`` records an event of the run."""

    def __init__(self, runner, event, clock):
        self.runner = runner
        self.event = event
        self.clock = clock
        self.worker_ids = []
        self.lost = []
        self.high_since = {}
        self.saturated = {}

    def begin(self):
        self.worker_ids = [node.id for node in compat.live_workers(self.runner)]

    def look(self, target):
        live = [node.id for node in compat.live_workers(self.runner)]
        lost = [worker for worker in self.worker_ids if worker not in live and worker not in self.lost]
        back = [worker for worker in self.lost if worker in live]
        joined = [worker for worker in live if worker not in self.worker_ids]
        self.worker_ids += joined
        self.lost = [worker for worker in self.lost if worker not in back] + lost
        if lost:
            self._tell("workers_lost", lost, live, target, "lost; what had not been reported is missing")
        if back:
            self._tell("workers_back", back, live, target, "back")
        if joined:
            self._tell("workers_joined", joined, live, target, "here after load had begun")
        self._look_at_cpu()

    def _tell(self, kind, workers, live, target, what):
        users = self.runner.user_count
        who = "The worker %s is" % workers[0] if len(workers) == 1 else "The workers %s are" % ", ".join(workers)
        message = "%s %s. Now %d of %d workers with %d of %d users." % (
            who, what, len(live), len(self.worker_ids), users, target
        )
        data = {"workers": workers, "live": len(live), "expected": len(self.worker_ids)}
        self.event(kind, message, dict(data, users=users, targetUsers=target))

    def _look_at_cpu(self):
        now = self.clock()
        readings = {node.id: getattr(node, "cpu_usage", 0) or 0 for node in compat.live_workers(self.runner)}
        readings[MASTER] = getattr(self.runner, "current_cpu_usage", 0) or 0
        for who, cpu in readings.items():
            if cpu >= SATURATED_PERCENT:
                since = self.high_since.setdefault(who, now)
                if who in self.saturated:
                    self.saturated[who]["cpu"] = max(self.saturated[who]["cpu"], cpu)
                elif now - since >= SATURATED_SECONDS:
                    self._saturated(who, since, cpu)
            else:
                self.high_since.pop(who, None)
                if who in self.saturated:
                    self._recovered(who, now)
        for gone in [who for who in self.high_since if who not in readings]:
            del self.high_since[gone]
            self.saturated.pop(gone, None)

    def _saturated(self, who, since, cpu):
        self.saturated[who] = {"id": who, "since": since, "cpu": cpu}
        message = (
            "%s is at %d %% of its core: it cannot make more load, and the latencies it measures are its own. "
            "Use more workers or fewer users." % (_name(who), cpu)
        )
        self.event("generator_saturated", message, {"worker": who, "cpuPercent": cpu, "from": iso(since)})

    def _recovered(self, who, now):
        told = self.saturated.pop(who)
        message = "%s has room again (it was at up to %d %% of its core)." % (_name(who), told["cpu"])
        data = {"worker": who, "cpuPercent": told["cpu"], "from": iso(told["since"]), "to": iso(now)}
        self.event("generator_recovered", message, data)

    def saturated_now(self):
        return [
            {"id": told["id"], "sinceMs": int(told["since"] * 1000), "cpu": told["cpu"]}
            for told in self.saturated.values()
        ]


def _name(who):
    return "The master" if who == MASTER else "The worker %s" % who
