"""Load ends at its deadline, even if the server or the master is gone."""
import os
import signal
import time

import decode
import pytest
from harness import SCRIPT, Locust, expect_totals, received, until
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_STOPPED

from load_manager_locust.worker.deadline import GRACE_SECONDS, WorkerDeadline

SHORT_GRACE = "import load_manager_locust.worker.deadline as w\nw.GRACE_SECONDS = 3\n"
SAYS_BYE = SCRIPT + """
    def on_stop(self):
        self.client.get("/bye")
"""
SCOPE = {"LOAD_MANAGER_" + name: "x" for name in ("ACCOUNT_ID", "ORG_ID", "PROJECT_ID")}


@pytest.fixture
def open_page(tmp_path, target, receiver):
    """A Locust with a scope: runs that are started in its own page are registered at the server."""
    cluster = Locust(str(tmp_path), receiver.url, SCRIPT, **SCOPE)
    yield cluster
    cluster.close()


def swarm(locust, target):
    assert locust.ask("/swarm", form="user_count=6&spawn_rate=6&host=" + target.url)[1]["success"]


def requests(locust):
    return until("requests", lambda: (lambda run: run if run and run["requests"] > 50 else None)(locust.status()["run"]))


def last_request(target, latest):
    """The time of the last request, after which the target got none for two seconds. Fails if that is after ``latest``."""
    seen, at = sum(target.counts.values()), time.time()
    while time.time() - at < 2:
        assert time.time() < latest + 2, "there is load after the deadline"
        time.sleep(0.05)
        now = sum(target.counts.values())
        if now != seen:
            seen, at = now, time.time()
    return at


def still_loads(target):
    before = sum(target.counts.values())
    time.sleep(1.5)
    return sum(target.counts.values()) > before + 20


def test_workers_stop_their_users_while_the_master_hangs_and_the_metrics_are_complete_later(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, SHORT_GRACE + SAYS_BYE)
    try:
        assert cluster.start(target, durationSeconds=4)[0] == 200
        due = requests(cluster)["testStartedAtMs"] / 1000.0 + 4 + 3
        cluster.processes[0].send_signal(signal.SIGSTOP)
        assert due - 1 < last_request(target, due + 2) < due + 2
        assert target.counts[("GET", "/bye")] == 6
        for worker in ("worker-1", "worker-2"):
            with open(os.path.join(cluster.folder, worker + ".log")) as log:
                assert log.read().count("this worker stops its 3 users") == 1
        cluster.processes[0].send_signal(signal.SIGCONT)
        run = cluster.ended()
        assert (run["stopCause"], run["workersLost"]) == ("deadline", [])
        records = received(receiver, "run-1")
        expect_totals(target, records)
        (final,) = decode.parsed(records, 5)
        assert (final["workersExpected"], final["workersReported"]) == (2, 2)
        # The old deadline does not stop the next run, nor a run whose deadline the master has not sent to the workers.
        until("the next run", lambda: cluster.start(target, runId="run-2")[0] == 200)
        until("its load", lambda: cluster.status()["userCount"] == 6)
        assert still_loads(target)
        assert cluster.ask("/load-manager/stop", {"runId": "run-2", "fence": 3})[0] == 200
        cluster.ended()
        until("both workers", lambda: [worker["state"] for worker in cluster.status()["workers"]] == ["ready", "ready"])
        swarm(cluster, target)
        until("its load", lambda: cluster.status()["userCount"] == 6)
        assert still_loads(target)
    finally:
        cluster.close()


class Runner(object):
    """What WorkerDeadline uses of a worker's runner."""

    def __init__(self):
        self.state = STATE_RUNNING
        self.user_count = 3

    def stop(self):
        self.state, self.user_count = STATE_STOPPED, 0


def due_now(key="a"):
    deadline = WorkerDeadline(Runner())
    deadline.set(key, -GRACE_SECONDS)
    return deadline


def test_a_deadline_holds_for_its_own_run_only():
    assert due_now()._is_due()
    for later in (("a", 1), ("a", None), ("b", None), ("b", 1)):
        deadline = due_now()
        deadline.set(*later)
        assert not deadline._is_due()
    early = WorkerDeadline(Runner())
    early.set("a", 0)
    assert not early._is_due()


def test_load_that_has_ended_is_not_stopped_again():
    deadline = due_now()
    deadline._stop()
    assert not deadline._is_due()
    # The master has stopped the run: its last message may arrive late, and sets no new deadline.
    deadline = due_now()
    deadline.runner.state = STATE_CLEANUP
    assert not deadline._is_due()
    deadline.on_test_stopping()
    deadline.runner.state = STATE_RUNNING
    deadline.set("a", -GRACE_SECONDS)
    assert not deadline._is_due()
    # A second test_start is another run.
    deadline = due_now()
    deadline.on_test_start()
    assert not deadline._is_due()


def test_users_spawned_by_a_late_command_are_stopped_too():
    deadline = due_now()
    deadline._stop()
    deadline.runner.user_count = 2
    deadline.runner.update_state = lambda state: setattr(deadline.runner, "state", state)
    assert deadline._is_due()
    deadline._stop()
    assert deadline.runner.user_count == 0


def test_an_external_run_ends_at_the_servers_limit_after_the_server_is_gone(open_page, target, receiver):
    receiver.limits = {"maxSeconds": 5}
    swarm(open_page, target)
    until("its deadline", lambda: (open_page.status()["run"] or {}).get("deadlineAtMs"))
    receiver.close()
    run = open_page.ended()
    assert (run["external"], run["stopCause"]) == (True, "deadline")
    assert 5 <= (run["stopIssuedAtMs"] - run["testStartedAtMs"]) / 1000.0 < 6
    receiver.open()
    (final,) = decode.parsed(received(receiver, "external-1"), 5)
    # Locust's own stop timeout is 0: requests in flight are cut off, and the target has seen them.
    assert 0 <= sum(target.counts.values()) - final["requests"] <= 6
    assert final["requests"] == run["requests"]


def test_a_limit_set_during_the_run_counts_from_its_start_and_may_be_changed(open_page, target, receiver):
    swarm(open_page, target)
    run = requests(open_page)
    assert run["deadlineAtMs"] is None
    attach = lambda run_id, **more: open_page.ask("/load-manager/attach", dict(more, urls=[], fence=4, runId=run_id))[1]["run"]
    assert attach("external-9", maxSeconds=1)["deadlineAtMs"] is None
    for _ in range(2):
        assert attach("external-1", maxSeconds=600)["deadlineAtMs"] == run["testStartedAtMs"] + 600000
    assert attach("external-1")["deadlineAtMs"] == run["testStartedAtMs"] + 600000
    assert open_page.ask("/load-manager/attach", {"fence": 4, "runId": "external-1", "maxSeconds": "long"})[0] == 400
    assert attach("external-1", maxSeconds=8)["deadlineAtMs"] == run["testStartedAtMs"] + 8000
    run = open_page.ended()
    assert run["stopCause"] == "deadline"
    assert 8 <= (run["stopIssuedAtMs"] - run["testStartedAtMs"]) / 1000.0 < 9


def test_a_duration_has_precedence_over_a_limit(locust, target):
    assert locust.start(target, durationSeconds=60, maxSeconds=100)[0] == 200
    run = until("its start", lambda: (lambda run: run if run["deadlineAtMs"] else None)(locust.status()["run"]))
    payload = dict(urls=[], fence=4, runId="run-1", durationSeconds=60, maxSeconds=5)
    assert locust.ask("/load-manager/attach", payload)[1]["run"]["deadlineAtMs"] == run["deadlineAtMs"]
