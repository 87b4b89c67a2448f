"""Tests that the script ends itself, on a real Locust: each has its cause, and every request is counted."""
import time

import decode
from harness import Locust, received, until

# What happens is named by the host, so that one Locust serves several runs.
SCRIPT = r'''
import gevent
from locust import User, constant, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner


def later(runner, call):
    """When there are users, on a slow machine too."""
    def wait():
        while not runner.user_count:
            gevent.sleep(0.1)
        gevent.sleep(1)
        call()
    gevent.spawn(wait)


@events.test_start.add_listener
def plan(environment, **kwargs):
    runner = environment.runner
    if isinstance(runner, MasterRunner) and environment.host == "http://leave-late":
        # The workers know the run by now, and send a message before their own test_start.
        gevent.sleep(2.5)
    if environment.host == "http://stop-everywhere":
        later(runner, runner.stop)
    if isinstance(runner, MasterRunner) and environment.host == "http://stop-at-master":
        later(runner, lambda: runner.stop())
    if isinstance(runner, MasterRunner) and environment.host == "http://quit-at-master":
        later(runner, lambda: runner.quit())


class Reader(User):
    wait_time = constant(0.2)
    made = 0

    @task
    def read(self):
        self.environment.events.request.fire(
            request_type="GET", name="/", response_time=4, response_length=0, exception=None, context={}
        )
        self.made += 1
        if self.made < 5:
            return
        if self.host.startswith("http://leave"):
            raise StopUser()
        if self.host == "http://stop-in-task":
            self.environment.runner.stop()
        if self.host == "http://quit-in-task":
            self.environment.runner.quit()
'''


def is_idle(status):
    return status["state"] in ("ready", "stopped") and [w["state"] for w in status["workers"]].count("ready") == 2


def ended(cluster, target, receiver, name, **load):
    """The end of one run: (its stop cause, its events' types, its final record)."""
    until("an idle Locust", lambda: is_idle(cluster.status()))
    run_id = "run-" + name
    command = dict(runId=run_id, host="http://" + name, users=4, spawnRate=4, stopTimeoutSeconds=0)
    command.update(load)
    started = cluster.start(target, **command)
    assert started[0] == 200, started
    records = received(receiver, run_id)
    (final,) = decode.parsed(records, 5)
    requests = sum(count for count, _ in decode.totals(records).values())
    assert requests == final["requests"] > 0
    types = [event["type"] for event in decode.parsed(records, 3)]
    return final["stopCause"], types, final


def test_a_script_that_ends_the_test(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, SCRIPT)
    try:
        cause, types, final = ended(cluster, target, receiver, "leave")
        assert (cause, types, final["requests"]) == ("users_finished", ["users_left"], 20)
        assert cluster.status()["run"]["usersLeft"] == 4
        cause, types, _ = ended(cluster, target, receiver, "stop-at-master")
        assert (cause, types) == ("script", [])
        cause, types, _ = ended(cluster, target, receiver, "stop-everywhere")
        assert cause == "script" and set(types) <= {"stopped_by_script"}
        cause, types, final = ended(cluster, target, receiver, "stop-in-task")
        assert (cause, types) == ("script", ["stopped_by_script"] * 2)
        assert (final["workersReported"], final["workersLost"]) == (2, 0)
        # What the script did in the run before is not told of this one.
        cause, types, _ = ended(cluster, target, receiver, "leave-late")
        assert (cause, types) == ("users_finished", ["users_left"])
        begun = time.time()
        cause, types, final = ended(cluster, target, receiver, "quit-in-task", users=8, spawnRate=2)
        assert cause == "script" and types.count("stopped_by_script") == 2
        until("the workers' end", lambda: all(process.poll() is not None for process in cluster.processes[1:]))
        # They have quit before all users were spawned, and Locust alone would be "running" for good when that is over.
        time.sleep(max(0, begun + 5.5 - time.time()))
        cluster.add_worker("worker-3")
        cluster.add_worker("worker-4")
        cause, types, _ = ended(cluster, target, receiver, "quit-at-master")
        assert (cause, types) == ("script", [])
        # The master's web server goes on, as without the plugin.
        until("the workers' end", lambda: all(process.poll() is not None for process in cluster.processes[1:]))
    finally:
        cluster.close()


def test_a_signal_to_the_master_is_no_stop_of_somebody(locust, target, receiver):
    # The plugin checks at the start whether the server is there and takes its token.
    assert until("a greeting", lambda: list(receiver.greeted)) == ["secret"]
    missing = ", ".join("LOAD_MANAGER_%s_ID" % name for name in ("ACCOUNT", "ORG", "PROJECT"))
    assert "connected to Load Manager at %s\n" % receiver.url in locust.log("master")
    assert "not registered at Load Manager: %s are not set." % missing in locust.log("master")
    assert locust.start(target)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    locust.processes[0].terminate()
    (final,) = decode.parsed(received(receiver, "run-1"), 5)
    assert final["stopCause"] == "master_ended"


WITHOUT_SUPER = """
from locust import User, constant, task

class Shopper(User):
    wait_time = constant(0.5)

    def __init__(self, environment):
        self.basket = []

    @task
    def browse(self):
        self.basket.append(1)
"""


def test_users_without_their_base_are_told_and_the_run_time_of_locusts_page_is_a_deadline(tmp_path, target, receiver):
    scope = {"LOAD_MANAGER_%s_ID" % name: name for name in ("ACCOUNT", "ORG", "PROJECT")}
    receiver.refusing = True
    cluster = Locust(str(tmp_path), receiver.url, WITHOUT_SUPER, **scope)
    try:
        until("a refusal", lambda: "refuses LOAD_MANAGER_TOKEN" in cluster.log("master"))
        receiver.refusing = False
        scope_text = "connected to Load Manager at %s; runs that are started here are of ACCOUNT/ORG/PROJECT\n" % receiver.url
        until("a connection", lambda: scope_text in cluster.log("master"))
        assert cluster.log("master").count("refuses LOAD_MANAGER_TOKEN") == 1
        assert cluster.ask("/swarm", form="user_count=2&spawn_rate=2&run_time=3s&host=http://shop.test")[0] == 200
        records = received(receiver, "external-1")
        (final,) = decode.parsed(records, 5)
        assert final["stopCause"] == "deadline" and final["requests"] == 0
        assert final["scriptError"]["spawning"] and "__init__" in final["scriptError"]["message"]
        assert "script_error" in [event["type"] for event in decode.parsed(records, 3)]
    finally:
        cluster.close()
