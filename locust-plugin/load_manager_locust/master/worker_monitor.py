"""Watches the processes that make a run's load: workers that disconnect, come back or join, and processes short of CPU."""
from ..shared import compat
from ..shared.clock import iso_time
from .process_readings import MASTER

# Of one core: from here on Locust itself is the bottleneck, and the latencies it measures include its own delay.
SATURATED_PERCENT = 90
# The readings are means over 5 s: one that lasts so long is no spike.
SATURATED_SECONDS = 5.0


class WorkerMonitor(object):
    """
    ``event(kind, message, data)`` records an event of the run: each change once. ``worker_ids``: all workers that have been
    in the run; ``lost_ids``: those that are not connected now. ``processes``: ProcessReadings.
    """

    def __init__(self, runner, event, clock, processes):
        self.runner = runner
        self.processes = processes
        self.event = event
        self.clock = clock
        self.worker_ids = []
        self.lost_ids = []
        # {process: since when its CPU is high}
        self.high_since = {}
        # {process: {id, since, cpu}}; cpu: the highest reading, in percent of a core.
        self.saturated = {}

    def begin(self):
        self.worker_ids = compat.live_worker_ids(self.runner)

    def check(self, target_users):
        live = compat.live_worker_ids(self.runner)
        lost = [worker for worker in self.worker_ids if worker not in live and worker not in self.lost_ids]
        back = [worker for worker in self.lost_ids if worker in live]
        joined = [worker for worker in live if worker not in self.worker_ids]
        self.worker_ids += joined
        self.lost_ids = [worker for worker in self.lost_ids if worker not in back] + lost
        connected = len(live), target_users
        if lost:
            self.event("workers_lost", *self._change(lost, "disconnected; metrics not yet reported are missing", *connected))
        if back:
            self.event("workers_back", *self._change(back, "reconnected", *connected))
        if joined:
            self.event("workers_joined", *self._change(joined, "connected after load had started", *connected))
        self._check_cpu()

    def _change(self, workers, what, live_count, target_users):
        """Message and data of an event about workers."""
        users, expected = self.runner.user_count, len(self.worker_ids)
        names = "Worker %s" % workers[0] if len(workers) == 1 else "Workers %s" % ", ".join(workers)
        message = "%s %s. Now connected: %d of %d workers, with %d of %d users." % (
            names, what, live_count, expected, users, target_users
        )
        data = {"workers": workers, "live": live_count, "expected": expected, "users": users, "targetUsers": target_users}
        return message, data

    def _check_cpu(self):
        now = self.clock()
        readings = {node.id: self.processes.mean_cpu(node) for node in compat.live_workers(self.runner)}
        readings[MASTER] = self.processes.mean_cpu_of_master()
        for process, cpu in readings.items():
            if cpu >= SATURATED_PERCENT:
                since = self.high_since.setdefault(process, now)
                if process in self.saturated:
                    self.saturated[process]["cpu"] = max(self.saturated[process]["cpu"], cpu)
                elif now - since >= SATURATED_SECONDS:
                    self._record_saturated(process, since, cpu)
            else:
                self.high_since.pop(process, None)
                if process in self.saturated:
                    self._record_recovered(process, now)
        for gone in [process for process in self.high_since if process not in readings]:
            del self.high_since[gone]
            self.saturated.pop(gone, None)

    def _record_saturated(self, process, since, cpu):
        self.saturated[process] = {"id": process, "since": since, "cpu": cpu}
        message = (
            "%s is at %d %% of its CPU core: it cannot make more load, and the latencies it measures include its own delay. "
            "Use more workers or fewer users." % (_name_of(process), cpu)
        )
        self.event("generator_saturated", message, {"worker": process, "cpuPercent": cpu, "from": iso_time(since)})

    def _record_recovered(self, process, now):
        episode = self.saturated.pop(process)
        message = "%s has CPU to spare again (it was at up to %d %% of its core)." % (_name_of(process), episode["cpu"])
        times = {"from": iso_time(episode["since"]), "to": iso_time(now)}
        self.event("generator_recovered", message, dict(times, worker=process, cpuPercent=episode["cpu"]))

    def saturated_processes(self):
        """As in the status: [{id, sinceMs, cpu}]."""
        return [
            {"id": episode["id"], "sinceMs": int(episode["since"] * 1000), "cpu": episode["cpu"]}
            for episode in self.saturated.values()
        ]


def _name_of(process):
    return "The master" if process == MASTER else "Worker %s" % process
