"""Faults of load generators and scripts, on a real Locust: each has an event and is in the status."""
import os
import signal
import time

import decode
from harness import SCRIPT, Locust, received, until

from load_manager_locust.shared import compat


def events(receiver, kind):
    return [
        event
        for taken in list(receiver.taken)
        for event in decode.parsed(taken["records"], 3)
        if event["type"] == kind
    ]


# CPU readings are simulated: real ones would depend on the load of the machine.
CPU = """
import os
import psutil
from locust import runners

runners.CPU_MONITOR_INTERVAL = 0.5
if os.environ["LOAD_MANAGER_ROLE"] == "worker-1":
    psutil.Process.cpu_percent = lambda self, *_: 20.0 if os.path.exists("enough") else 97.0
"""


def test_a_saturated_worker_has_one_event_and_another_when_it_has_recovered(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, CPU + SCRIPT)
    try:
        assert cluster.start(target)[0] == 200
        (saturated,) = until("the saturated worker", lambda: cluster.status()["run"]["saturated"])
        assert saturated["cpu"] == 97.0
        (event,) = until("its event", lambda: events(receiver, "generator_saturated"))
        assert event["data"]["worker"] == saturated["id"] and event["data"]["cpuPercent"] == 97.0
        assert event["atMs"] - saturated["sinceMs"] >= 5000
        (tmp_path / "enough").write_text("")
        (back,) = until("its recovery", lambda: events(receiver, "generator_recovered"))
        assert back["data"]["from"] == event["data"]["from"] and back["data"]["to"] > back["data"]["from"]
        assert cluster.status()["run"]["saturated"] == []
        assert len(events(receiver, "generator_saturated")) == 1
    finally:
        cluster.close()


CLOCK = """
import os
import time

real = time.time
if os.environ["LOAD_MANAGER_ROLE"] == "worker-2":
    time.time = lambda: real() + 3
"""


def test_a_worker_whose_clock_is_off_has_an_event_and_its_seconds_are_shifted(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, CLOCK + SCRIPT)
    try:
        begun = time.time()
        assert cluster.start(target, durationSeconds=6)[0] == 200
        (offset,) = until("the offset", lambda: cluster.status()["run"]["clockOffsets"])
        assert 2.5 < offset["seconds"] < 3.5
        cluster.ended()
        records = received(receiver, "run-1")
        (event,) = events(receiver, "clock_offset")
        assert event["data"] == offset
        seconds = [decode.sample(body)["second"] for _, kind, body in records if kind == 2]
        assert begun - 1 <= min(seconds) and max(seconds) <= time.time()
    finally:
        cluster.close()


SET_CLOCK = """
import os
import time

real = time.time
mine = "set-" + os.environ["LOAD_MANAGER_ROLE"]
time.time = lambda: real() + (float(open(mine).read()) if os.path.exists(mine) else 0)
"""


def test_setting_clocks_during_a_run_moves_no_second_and_the_next_run_starts(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, SET_CLOCK + SCRIPT)
    try:
        begun = time.time()
        assert cluster.start(target, durationSeconds=8)[0] == 200
        until("requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) > 50)
        (tmp_path / "set-worker-2").write_text("120")
        (tmp_path / "set-master").write_text("-300")
        until("both", lambda: len(events(receiver, "clock_offset")) == 2)
        offsets = {event["data"]["worker"] == "master": event["data"]["seconds"] for event in events(receiver, "clock_offset")}
        assert 119 < offsets[False] < 121 and -301 < offsets[True] < -299
        cluster.ended()
        assert events(receiver, "workers_lost") == []
        seconds = [decode.sample(body)["second"] for _, kind, body in received(receiver, "run-1") if kind == 2]
        assert begun - 1 <= min(seconds) and max(seconds) <= time.time()
        # With the wall clock, Locust's workers would ignore the master's spawn message as older than the last one.
        ahead = cluster.status()["wallMs"] / 1000.0 - time.time()
        again = dict(runId="run-2", durationSeconds=4, clockAheadSeconds=ahead)
        until("the next run", lambda: cluster.start(target, **again)[0] == 200)
        cluster.ended()
        assert cluster.status()["run"]["requests"] > 50
        seconds = [decode.sample(body)["second"] for _, kind, body in received(receiver, "run-2") if kind == 2]
        assert begun <= min(seconds) and max(seconds) <= time.time()
    finally:
        cluster.close()


RAISES = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(1)

    def on_start(self):
        raise ValueError("no token for %s" % self.host)

    @task
    def quick(self):
        self.client.get("/quick")
"""
TASK_SET_RAISES = """
from locust import HttpUser, TaskSet, constant, task

class Visitor(HttpUser):
    wait_time = constant(1)

    @task
    class Visit(TaskSet):
        def on_start(self):
            raise KeyError("cart")

        @task
        def quick(self):
            self.client.get("/quick")
"""


def test_users_that_raise_in_on_start_are_counted_and_have_one_event(tmp_path, target, receiver):
    # Locust treats a task set's on_start as a task: its user goes on and tries again.
    for script, cause, deaths in ((RAISES, "ValueError: no token for ", 6), (TASK_SET_RAISES, "'cart'", 0)):
        folder = tmp_path / str(deaths)
        folder.mkdir()
        cluster = Locust(str(folder), receiver.url, script)
        del receiver.taken[:]
        try:
            assert cluster.start(target)[0] == 200
            error = until("the error", lambda: cluster.status()["run"]["scriptError"])
            assert error["onStart"] and error["message"].startswith(cause)
            until("all deaths", lambda: cluster.status()["run"]["usersDied"] == deaths)
            until("the users left", lambda: cluster.status()["userCount"] == 6 - deaths)
            (event,) = until("the event", lambda: events(receiver, "script_error"))
            assert "on_start" in event["data"]["traceback"] and event["data"]["message"]
            assert sum(target.counts.values()) == 0
        finally:
            cluster.close()


def test_a_lost_worker_and_its_return_have_events_with_users(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url)
    try:
        assert cluster.start(target)[0] == 200
        until("requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) > 50)
        cluster.processes[2].send_signal(signal.SIGSTOP)
        (lost,) = until("the loss", lambda: events(receiver, "workers_lost"))
        assert (lost["data"]["live"], lost["data"]["expected"], lost["data"]["targetUsers"]) == (1, 2, 6)
        cluster.processes[2].send_signal(signal.SIGCONT)
        (back,) = until("its return", lambda: events(receiver, "workers_back"))
        assert back["data"]["workers"] == lost["data"]["workers"] and back["data"]["live"] == 2
        assert cluster.status()["run"]["workersLost"] == []
    finally:
        cluster.close()


def test_workers_end_when_their_master_is_silent(tmp_path, target, receiver):
    """The master's process is stopped, not ended. Locust itself waits a minute, and before 2.19 without limit."""
    short = "import load_manager_locust.worker.liveness as w\nimport locust.runners as r\n"
    short += "w.SILENCE_SECONDS = 4\nr.MASTER_HEARTBEAT_TIMEOUT = 4\n"
    cluster = Locust(str(tmp_path), receiver.url, short + SCRIPT)
    try:
        assert cluster.start(target)[0] == 200
        until("requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) > 50)
        cluster.processes[0].send_signal(signal.SIGSTOP)
        until("the workers' end", lambda: all(process.poll() is not None for process in cluster.processes[1:]), 15)
        log = open(os.path.join(cluster.folder, "worker-1.log")).read()
        assert ("has been silent" if compat.LACKS_MASTER_TIMEOUT else "heartbeat from master") in log
        before = dict(target.counts)
        time.sleep(1.5)
        assert dict(target.counts) == before
    finally:
        cluster.close()


def test_workers_of_an_attached_cluster_end_soon_when_their_master_is_gone(tmp_path, target, receiver):
    """Locust itself lets them load the target for a minute more, before 2.19 for good."""
    cluster = Locust(str(tmp_path), receiver.url, attached_workers=True)

    def start(run_id, fence):
        assert cluster.start(target, runId=run_id, fence=fence)[0] == 200
        until("requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) > 50)

    def expect_ended(*workers):
        until("the workers' end", lambda: all(worker.poll() is not None for worker in workers))

    try:
        start("run-1", 3)
        cluster.restart_master()
        expect_ended(*cluster.processes[1:3])
        cluster.add_worker("worker-3")
        until("a new worker", lambda: [worker["state"] for worker in cluster.status()["workers"]] == ["ready"])
        start("run-2", 4)
        *_, master, worker = cluster.processes
        master.kill()
        expect_ended(worker)
        assert "Nobody listens at the master's address" in cluster.log("worker-3")
    finally:
        cluster.close()
