"""Managed runs inside a real Locust."""
import time

import decode

from load_manager_locust.worker.recorder import Recorder

from harness import SCRIPT, Locust, expect_totals, received, until


def test_a_managed_run_from_start_to_end(locust, target, receiver):
    assert locust.ask("/load-manager/status", token="wrong")[0] == 401
    assert locust.ask("/load-manager/start", {"runId": "run-1"})[0] == 400
    for odd in ("load.example", "javascript:alert(1)", "https://load.example/<b>", "http://a b", "http://a\nb", "http://" + "a" * 2000, 5):
        assert locust.start(target, runUrl=odd) == (400, {"error": "malformed", "message": "runUrl is missing or wrong"})
    url = "https://load.example/lm/v1/runs/run-1?x=%20"
    assert locust.start(target, runUrl=url)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    assert "The run run-1 of Load Manager begins, with 6 users: %s\n" % url in locust.log("master")
    # A repeated command does nothing. An older fence, another run and a start at Locust itself are refused.
    assert locust.start(target)[0] == 200
    assert locust.start(target, fence=2)[1]["error"] == "stale_fence"
    assert locust.start(target, runId="run-2")[1]["error"] == "busy"
    status, refused = locust.ask("/swarm", form="user_count=1&spawn_rate=1")
    assert (status, refused["runId"], refused["url"]) == (409, "run-1", url)
    assert "run-1" in refused["message"] and url in refused["message"]
    moved = "https://other.example/v1/runs/run-1"
    assert locust.ask("/load-manager/attach", {"runId": "run-1", "fence": 3, "urls": [], "runUrl": moved})[0] == 200
    assert locust.ask("/load-manager/attach", {"runId": "run-1", "fence": 3, "urls": []})[0] == 200
    assert locust.ask("/swarm", form="user_count=1&spawn_rate=1")[1]["url"] == moved
    assert locust.ask("/load-manager/users", {"runId": "run-1", "fence": 4, "users": 9, "spawnRate": 9})[0] == 200
    assert locust.status()["fence"] == 4
    until("nine users", lambda: locust.status()["userCount"] == 9)
    locust.stop_at_locust()
    run = locust.ended()
    assert run["stopCause"] == "locust_ui" and run["workersLost"] == []
    records = received(receiver, "run-1")
    expect_totals(target, records)
    (final,) = decode.parsed(records, 5)
    assert final["requests"] == sum(target.counts.values())
    assert (final["workersExpected"], final["workersReported"], final["cutOffUsers"]) == (2, 2, 0)
    assert target.runs == {"run-1", None}


def test_a_run_starts_once_also_after_another_run(locust, target, receiver):
    assert locust.start(target, durationSeconds=1)[0] == 200
    locust.ended()
    assert locust.start(target)[0] == 200
    # Locust's workers alone would sleep for the stop timeout of 5 s before they are ready again.
    until("the start of run-2", lambda: locust.start(target, runId="run-2", durationSeconds=1)[0] == 200, 3)
    until("the end of run-2", lambda: locust.status()["run"]["runId"] == "run-2" and locust.status()["run"]["phase"] == "ended")
    status, refused = locust.start(target)
    assert (status, refused["error"], refused["runId"]) == (409, "already_ran", "run-1")
    assert locust.status()["run"]["runId"] == "run-2"


def test_an_older_command_that_arrives_late_is_ignored_and_so_is_an_unknown_one(locust, target, receiver):
    assert locust.start(target)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    load = {"runId": "run-1", "fence": 3, "spawnRate": 9}
    assert locust.ask("/load-manager/users", dict(load, users=9, commandNumber=2))[0] == 200
    command = dict(load, type="setUsers", users=3, commandNumber=1)
    receiver.commands = [command]
    asked = receiver.asked
    until("two answers", lambda: receiver.asked >= asked + 3)
    assert locust.status()["run"]["targetUsers"] == 9
    receiver.commands = [dict(command, type="later", users=5, commandNumber=9), dict(command, users=4, commandNumber=3)]
    until("the newest command", lambda: locust.status()["run"]["targetUsers"] == 4)
    receiver.commands = [{"type": "stop", "runId": "run-1", "fence": 3}]
    assert locust.ended()["stopCause"] == "manager"


def test_the_deadline_holds_while_the_receiver_is_down_and_everything_arrives_later(locust, target, receiver):
    receiver.close()
    begun = time.time()
    assert locust.start(target, durationSeconds=4)[0] == 200
    run = locust.ended()
    assert run["stopCause"] == "deadline"
    assert 4 <= (run["stopIssuedAtMs"] - run["testStartedAtMs"]) / 1000.0 < 5
    assert time.time() - begun < 12
    assert receiver.taken == [] and locust.status()["spool"]["records"] == run["finalSeq"]
    receiver.open()
    expect_totals(target, received(receiver, "run-1"))
    until("an empty spool", lambda: locust.status()["spool"]["records"] == 0)


def test_a_stop_in_ramp_up_leaves_no_user(locust, target, receiver):
    assert locust.start(target, users=100, spawnRate=4)[0] == 200
    until("some users", lambda: locust.status()["userCount"] > 5)
    assert locust.ask("/load-manager/stop", {"runId": "run-1", "fence": 3})[0] == 200
    assert locust.ended()["stopCause"] == "manager"
    before = dict(target.counts)
    time.sleep(2)
    assert dict(target.counts) == before and locust.status()["userCount"] == 0
    expect_totals(target, received(receiver, "run-1"))


SLOW_START = SCRIPT + """
import gevent
from locust import events

@events.test_start.add_listener
def on_test_start(environment, **_):
    # Locust reads the master's next message when this has ended, before it makes users.
    if type(environment.runner).__name__ == "WorkerRunner":
        gevent.sleep(1)
"""


def test_a_stop_before_the_first_user_of_a_later_run_leaves_no_user(tmp_path, target, receiver):
    locust = Locust(str(tmp_path), receiver.url, SLOW_START)
    try:
        for run_id in ("run-1", "run-2"):
            until("the start", lambda: locust.start(target, runId=run_id, users=2)[0] == 200)
            time.sleep(0.5)
            assert locust.ask("/load-manager/stop", {"runId": run_id, "fence": 3})[0] == 200
            assert locust.ended()["usersLeft"] == 0
        time.sleep(2)
        assert [worker["users"] for worker in locust.status()["workers"]] == [0, 0] and not target.counts
    finally:
        locust.close()


def test_a_lost_worker_has_an_event_and_its_last_report_is_missing(locust, target, receiver):
    assert locust.start(target, durationSeconds=9)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    locust.processes[2].kill()
    until("the loss", lambda: len(locust.status()["run"]["workersLost"]) == 1, 10)
    assert locust.ended()["stopCause"] == "deadline"
    records = received(receiver, "run-1")
    (final,) = decode.parsed(records, 5)
    assert (final["workersReported"], final["workersLost"]) == (1, 1)
    assert "workers_lost" in [event["type"] for event in decode.parsed(records, 3)]


def test_a_worker_that_joins_during_the_run_is_counted(locust, target, receiver):
    assert locust.start(target, durationSeconds=12)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    locust.add_worker("worker-3")
    working = lambda: [worker for worker in locust.status()["workers"] if worker["users"] > 0]
    until("three workers with users", lambda: len(working()) == 3, 10)
    # Locust tells the memory with a worker's heartbeat, which comes later than its users.
    until("the memory of all", lambda: all((one["memory"] or 0) > 1000000 for one in locust.status()["workers"]), 10)
    status = locust.status()
    assert all(abs(worker["clockAheadMs"]) < 1000 for worker in status["workers"] if worker["clockAheadMs"] is not None)
    assert status["master"]["memory"] > 1000000 and status["master"]["cpu"] >= 0
    assert locust.ended()["workersLost"] == []
    records = received(receiver, "run-1")
    expect_totals(target, records)
    (final,) = decode.parsed(records, 5)
    assert (final["workersExpected"], final["workersReported"]) == (3, 3)


MANY_NAMES = """
import random
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0)

    @task
    def visit(self):
        number = random.randrange(10**9)
        self.client.get("/quick", name="/item/%d" % number)
        self.client.get("/broken", name="/broken/%d" % number)
"""


def test_endpoints_beyond_the_limit_are_counted_together(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, MANY_NAMES, LOAD_MANAGER_MAX_ENDPOINTS="100")
    try:
        assert cluster.start(target, durationSeconds=6)[0] == 200
        cluster.ended()
        records = received(receiver, "run-1")
        totals = decode.totals(records)
        assert len(totals) == 101 and ("", "(other)") in totals
        assert sum(count for count, _ in totals.values()) == sum(target.counts.values())
        assert sum(failures for _, failures in totals.values()) == target.counts[("GET", "/broken")]
        capped = [event for event in decode.parsed(records, 3) if event["type"] == "endpoints_capped"]
        assert len(capped) == 1 and "name=" in capped[0]["message"]
    finally:
        cluster.close()


def test_cut_off_requests_are_reported_once():
    recorder = Recorder()
    recorder.add_cut_off()
    recorder.add_cut_off()
    assert recorder.take().cut_off == 0
    assert [recorder.take(final=True).cut_off, recorder.take(final=True).cut_off] == [2, 0]


def test_workers_end_when_their_master_is_killed(locust):
    locust.processes[0].kill()
    locust.processes[0].wait()
    until("the workers' end", lambda: all(process.poll() is not None for process in locust.processes), 10)


def test_an_unattended_master_ends_with_its_workers(tmp_path, receiver):
    short = "import load_manager_locust.master.supervisor\nload_manager_locust.master.supervisor.UNATTENDED_SECONDS = 3\n"
    cluster = Locust(str(tmp_path), receiver.url, short + SCRIPT)
    try:
        until("the end of all three", lambda: all(process.poll() is not None for process in cluster.processes), 15)
    finally:
        cluster.close()
