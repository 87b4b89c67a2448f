"""Scripts that give odd values, on a real Locust: every request and every failure is counted, whatever Locust makes of it."""
import signal

import decode
from harness import Locust, expect_failures_add_up, expect_totals, received, until

# A name that is no UTF-8; lengths that are missing or of another type; failures that are no well-behaved exceptions; a task
# that raises in one place with texts that all differ.
ODD = r'''
from locust import User, constant, task

ODD = b"/caf\xe9".decode("utf-8", "surrogateescape")


class NoRepr(Exception):
    def __repr__(self):
        raise RuntimeError("repr failed")

    __str__ = __repr__


class WrongStr(Exception):
    def __str__(self):
        return 5


class Falsy(Exception):
    def __bool__(self):
        return False


LOOP = ValueError("loop")
LOOP.args = (LOOP,)


class Shopper(User):
    wait_time = constant(0.1)
    left = 5

    def on_start(self):
        fire = self.environment.events.request.fire
        base = dict(request_type="GET", response_time=5, context={})
        for name, error in [("/before", None)] * 5 + [(ODD, None), ("/text", ValueError("bad value " + ODD))] + [("/after", None)] * 5:
            fire(name=name, exception=error, response_length=0, **base)
        for size in (0, 10**13, None, -1, 1.5, "12"):
            fire(name="/size", response_length=size, exception=None, **base)
        fire(name="/size", exception=None, **base)
        fire(request_type="GET", name="/size", response_time=5, response_length=1, colour="blue", response=object())
        for error in [
            None, "plain text", (AssertionError, AssertionError("as a pair")), ValueError,
            NoRepr(), WrongStr("x"), Falsy("quiet"), LOOP, {"status": 500},
        ]:
            fire(request_type="WSS", name="hello", response_time=5, response_length=0, exception=error, context={})

    @task
    def work(self):
        if self.left:
            self.left -= 1
            raise KeyError("ticket %d" % self.left)
'''


def events(records, kind):
    return [event for event in decode.parsed(records, 3) if event["type"] == kind]


def test_odd_names_lengths_and_failures_are_all_counted_and_listed(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, ODD)
    try:
        assert cluster.start(target, users=2, spawnRate=2, durationSeconds=4)[0] == 200
        run = cluster.ended()
        records = received(receiver, "run-1")
    finally:
        cluster.close()
    users = 2
    assert decode.totals(records) == {
        ("GET", "/before"): [5 * users, 0], ("GET", u"/caf\ufffd"): [users, 0], ("GET", "/text"): [users, users],
        ("GET", "/after"): [5 * users, 0], ("GET", "/size"): [8 * users, 0], ("WSS", "hello"): [9 * users, 7 * users],
    }
    assert (run["requests"], run["failures"]) == (29 * users, 8 * users)
    failures = {(name, error): count for (_, name, error), count in decode.failures(records).items()}
    assert failures == {key: users for key in [
        ("/text", "ValueError('bad value /caf\\udce9')"), ("hello", "plain text"), ("hello", "<class 'ValueError'>"),
        ("hello", "(<class 'AssertionError'>, AssertionError('as a pair'))"), ("hello", "{'status': 500}"),
        ("hello", "NoRepr (its text cannot be made: RuntimeError)"), ("hello", "WrongStr('x')"),
        ("hello", "ValueError (its text cannot be made: RecursionError)"),
    ]}
    expect_failures_add_up(records)
    sizes = [delta["bytes"] for sample in decode.samples(records) for _, part in sample["parts"] for delta in part.values()]
    assert sum(sizes) == users * (10**13 + 1 + 1)
    # Exceptions of one place are of one kind, and Locust's own messages about them are not counted too.
    ((message, traceback), count), = decode.exceptions(records).items()
    assert (message, count) == ("'ticket 4'", 5 * users) and "in work" in traceback
    assert len(events(records, "script_error")) == 1
    assert {event["data"]["kind"] for event in events(records, "odd_value")} == {"length_negative", "length_text"}
    assert len(events(records, "locust_report_failed")) == 1
    processes = [sample["processes"] for sample in decode.samples(records) if len(sample["processes"]) == 3]
    assert len(processes) >= 3 and all(one["memory"] > 10**6 for sample in processes for one in sample.values())
    assert max(sum(one["users"] for one in sample.values()) for sample in processes) == users


# Each value alone ends Locust's reports for good. Its tries are shortened: they take 9 s.
UNSENDABLE = '''
import decimal
import gevent
import locust.util.exception_handler as handler
from locust import User, constant, task


class Quick(object):
    sleep = staticmethod(lambda seconds: gevent.sleep(0.05))


handler.time = Quick


class Shopper(User):
    wait_time = constant(0.2)
    odd = True

    def fire(self, name, response_time=5, response_length=0):
        self.environment.events.request.fire(
            request_type="GET", name=name, response_time=response_time, response_length=response_length, exception=None,
            context={},
        )

    def on_start(self):
        for _ in range(13):
            self.fire("/good")
        self.fire(object())
        self.fire(("GET", "/pair"))
        self.fire("/decimal", decimal.Decimal("5.5"))
        self.fire("/large", 5, 2**70)
        self.fire("/long", 2**70)

    @task
    def late(self):
        self.fire("/late")
'''


def test_values_that_locust_cannot_send_end_neither_our_metrics_nor_its_own_reports(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, UNSENDABLE)
    try:
        assert cluster.start(target, users=2, spawnRate=2, durationSeconds=8)[0] == 200
        until("our requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) > 36, 5)
        shown = lambda: [entry for entry in cluster.ask("/stats/requests")[1]["stats"] if entry["name"] == "/late"]
        until("Locust's own page", lambda: sum(entry["num_requests"] for entry in shown()) > 5)
        run = cluster.ended()
        records = received(receiver, "run-1")
    finally:
        cluster.close()
    totals = {name: count for (_, name), (count, _) in decode.totals(records).items()}
    assert totals.pop("/late") > 60
    assert totals == {
        "/good": 26, "<object object at 0x....>": 2, "('GET', '/pair')": 2, "/decimal": 2, "/large": 2, "/long": 2,
    }
    assert run["failures"] == 0
    assert {event["data"]["kind"] for event in events(records, "odd_value")} == {"time_type", "length_too_large", "time_too_large"}
    (event,) = events(records, "locust_report_failed")
    assert event["message"].startswith("Locust's own page is behind: worker ") and event["data"]["error"]


# Requests that are made beside the tasks. `fire` works in any thread.
BESIDE = '''
from gevent import monkey
from locust import User, constant, events, task

start_thread = monkey.get_original("_thread", "start_new_thread")


def fire(environment, name):
    environment.events.request.fire(
        request_type="GET", name=name, response_time=5, response_length=0, exception="failed", context={}
    )


@events.test_stop.add_listener
def on_test_stop(environment, **_):
    fire(environment, "/test_stop")


@events.quitting.add_listener
def on_quitting(environment, **_):
    fire(environment, "/quitting")


def in_thread(environment):
    for _ in range(500):
        fire(environment, "/thread")


class Shopper(User):
    wait_time = constant(0.2)

    def on_start(self):
        # A message that cannot be read would end the master of 2.12.1, if its listener raised.
        for odd in ("nonsense", None, {"v": 3}, {"v": 3, "runKey": [1]}):
            self.environment.runner.send_message("load_manager_metrics", odd)
        fire(self.environment, "/on_start")
        start_thread(in_thread, (self.environment,))

    def on_stop(self):
        fire(self.environment, "/on_stop")

    @task
    def nothing(self):
        pass
'''


def test_requests_of_threads_and_of_listeners_at_the_end_are_counted(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, BESIDE)
    try:
        # As on a local cluster, whose workers are of one run.
        assert cluster.start(target, users=4, spawnRate=4, durationSeconds=7, quitWorkers=True)[0] == 200
        until("requests", lambda: (cluster.status()["run"] or {}).get("requests", 0) >= 4 * 501)
        # A worker ends in the middle of the run; the other one gets its users.
        cluster.processes[2].send_signal(signal.SIGTERM)
        cluster.ended()
        records = received(receiver, "run-1")
    finally:
        cluster.close()
    totals = {name: count for (_, name), (count, failures) in decode.totals(records).items() if count == failures}
    users = totals["/on_start"]
    assert users in (4, 6)
    assert totals == {"/on_start": users, "/thread": 500 * users, "/on_stop": users, "/test_stop": 2, "/quitting": 2}
    expect_failures_add_up(records)


LEAVING = '''
import time
from locust import User, constant, task
from locust.exception import StopUser

begun = []


class Shopper(User):
    wait_time = constant(0.05)

    def on_start(self):
        begun.append(time.time())
        self.until = begun[0] + 1.2 + 1.0 * len(begun)

    @task
    def leave(self):
        if time.time() > self.until:
            raise StopUser()
'''


def test_users_are_recorded_each_second_though_locust_reports_less_often(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, LEAVING)
    try:
        assert cluster.start(target, users=8, spawnRate=8, durationSeconds=8)[0] == 200
        cluster.ended()
        records = received(receiver, "run-1")
    finally:
        cluster.close()
    # Of each worker one leaves each second.
    users = [sample["users"]["real"] for sample in decode.samples(records) if "users" in sample]
    peak = users.index(8)
    assert 0 in users[peak:]
    falling = users[peak:][: users[peak:].index(0) + 1]
    assert all(0 <= before - after <= 3 for before, after in zip(falling, falling[1:])) and len(falling) >= 4


RAISING = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)
    left = 5

    @task
    def visit(self):
        self.client.get("/quick")
        self.client.post("/broken", name="/broken")
        if self.left:
            self.left -= 1
            raise KeyError("cart")
"""


def test_workers_with_and_without_the_plugin_are_counted_once(tmp_path, target, receiver):
    cluster = Locust(str(tmp_path), receiver.url, RAISING)
    try:
        cluster.add_worker("worker-3", "locust")
        ready = lambda: [worker for worker in cluster.status()["workers"] if worker["state"] == "ready"]
        until("three workers", lambda: len(ready()) == 3)
        assert cluster.start(target, users=6, spawnRate=6, durationSeconds=5)[0] == 200
        cluster.ended()
        records = received(receiver, "run-1")
    finally:
        cluster.close()
    expect_totals(target, records)
    found = decode.exceptions(records)
    assert {message for message, _ in found} == {"'cart'"} and sum(found.values()) == 6 * 5
    assert len(events(records, "script_error")) == 1 and events(records, "plugin_version_differs") == []
    samples = decode.samples(records)
    assert max(sum(one["users"] for one in sample["processes"].values()) for sample in samples if sample["processes"]) == 6
    # The worker without the plugin does not tell its time.
    of_all = [sample["processes"].values() for sample in samples if len(sample["processes"]) == 4]
    assert [one["aheadMs"] for one in of_all[-1]].count(None) == 1
