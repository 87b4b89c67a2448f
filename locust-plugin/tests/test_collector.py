"""Messages and reports of workers in the master: everything is counted once."""
import decode
import pytest
from test_messages import sent

from load_manager_locust.delivery.outbox import Outbox
from load_manager_locust.master import worker_quit
from load_manager_locust.master.controller import Controller
from load_manager_locust.master.run import Run
from load_manager_locust.shared import messages, wire
from load_manager_locust.shared.texts import text_id
from load_manager_locust.worker.recorder import Recorder


class Node(object):
    def __init__(self, worker_id):
        self.id = worker_id
        self.state = "running"
        self.user_classes_count = {"Visitor": 9}
        self.cpu_usage = 40
        self.memory_usage = 5

    @property
    def user_count(self):
        return sum(self.user_classes_count.values())


class Nodes(dict):
    @property
    def all(self):
        return self.values()


class Runner(object):
    """What the master's part of the plugin uses of Locust's runner."""

    state = "running"
    target_user_classes_count = {"Visitor": 10}

    def __init__(self, *workers):
        self.clients = Nodes((worker, Node(worker)) for worker in workers)
        self.sent = []

    def send_message(self, kind, payload, worker_id=None):
        self.sent.append((kind, worker_id, payload))

    @property
    def user_count(self):
        return sum(node.user_count for node in self.clients.values())


class Master(object):
    """A controller with a run that has begun, without Locust and without greenlets."""

    def __init__(self, *workers):
        self.runner = Runner(*workers)
        self.outbox = Outbox("run-1", b"b" * 16, 10**9)
        self.controller = controller = Controller.__new__(Controller)
        controller.runner = self.runner
        controller.master_instance_id = type("Id", (), {"hex": lambda self: "a"})()
        controller.plugin_workers, controller.unreadable_workers = set(), set()
        controller.heartbeat = type("Heartbeat", (), {"send": lambda self: None})()
        controller.run = self.run = Run("a:1", self.runner, self.outbox)
        self.run.begin({}, None)

    def hear(self, worker_id, payload):
        self.controller.on_metrics(worker_id, payload)

    @property
    def records(self):
        """Of the run, which ends."""
        self.run.finish()
        return decode.batch(self.outbox.next_batch(10**9)[1])["records"]

    def events(self, kind):
        return [event for event in decode.parsed(self.records, 3) if event["type"] == kind]


def message(*errors, **more):
    """A message with one request for each error; ``None``: it succeeded."""
    recorder = Recorder()
    for error in errors:
        recorder.request("GET", "/", 10.0, 5, error)
    (payload,) = sent(recorder)
    return dict(payload, **more)


LOCUST_ENTRY = {
    "method": "GET", "name": "/", "num_requests": 5, "num_failures": 2, "num_none_requests": 0, "total_response_time": 50.0,
    "min_response_time": 10.0, "max_response_time": 10.0, "total_content_length": 0, "response_times": {10: 5},
}
LOCUST_ERRORS = {"x": {"method": "GET", "name": "/", "error": "bad at 0x7f00", "occurrences": 1}}


def report(**more):
    return dict({"stats": [LOCUST_ENTRY], "errors": LOCUST_ERRORS, "user_count": 1}, **more)


def test_a_message_is_counted_once_and_locusts_report_of_the_same_worker_not_at_all():
    master = Master("w1")
    first = message(None, "failed")
    for _ in range(3):
        master.hear("w1", first)
        master.controller.on_report("w1", report(lm=messages.mark("a:1")))
    master.hear("w2", message(None))
    assert decode.totals(master.records) == {("GET", "/"): [3, 1]}
    assert decode.failures(master.records) == {("GET", "/", "failed"): 1}
    assert master.run.collector.final_workers == {"w1", "w2"} and master.runner.sent == []
    assert (master.run.collector.requests, master.run.collector.failures) == (3, 1)


def test_a_worker_of_a_master_before_this_one_is_told_to_quit():
    master = Master("w1")
    for run in (master.run, None):
        master.controller.run = run
        del master.runner.sent[:]
        master.hear("w2", dict(message(None), runKey="b:1"))
        master.controller.on_report("w2", report(lm=messages.mark("b:1")))
        assert [(kind, worker) for kind, worker, _ in master.runner.sent if kind == "quit"] == [("quit", "w2")] * 2
        # One that this master knows, or that has been told no run, is none.
        master.hear("w1", dict(message(None), runKey="b:1"))
        master.controller.on_report("w3", report(lm=messages.mark(None)))
        assert len([kind for kind, _, _ in master.runner.sent if kind == "quit"]) == 2


def test_workers_that_quit_at_the_end_are_asked_once_and_waited_for_but_not_for_ever(monkeypatch):
    master = Master("w1", "w2")
    run = master.run
    run.quit_workers_at_end()
    master.hear("w1", message(None))
    # w2 has not told that its users have stopped: it is asked, and not waited for.
    assert run.is_waiting_for_workers() and run.is_waiting_for_workers()
    assert sorted(master.runner.sent) == [("quit", "w1", None), ("quit", "w2", None)]
    monkeypatch.setattr(worker_quit, "QUIT_SECONDS", -1)
    assert not run.is_waiting_for_workers()
    monkeypatch.undo()
    master.hear("w1", message(None, number=2, quitting=True))
    assert not run.is_waiting_for_workers()
    assert decode.totals(master.records) == {("GET", "/"): [2, 0]}


def test_a_message_that_is_missing_has_an_event_and_one_that_cannot_be_read_is_missing():
    master = Master("w1")
    master.hear("w1", message(None))
    master.hear("w1", message(None, number=2, counts="nonsense"))
    master.hear("w1", message(None, number=3))
    master.hear("w1", "nonsense")
    master.hear("w1", {"v": messages.VERSION})
    assert decode.totals(master.records) == {("GET", "/"): [2, 0]}
    (event,) = master.events("messages_missing")
    assert event["data"] == {"worker": "w1", "from": 2, "to": 2}


def test_a_worker_of_another_run_or_of_none_is_told_the_run_and_not_counted():
    master = Master("w1")
    master.hear("w1", message(None, runKey="b:1"))
    master.controller.on_report("w1", report(lm=messages.mark(None)))
    assert [(kind, worker, payload["runKey"]) for kind, worker, payload in master.runner.sent] == [(messages.RUN, "w1", "a:1")] * 2
    assert master.runner.sent[0][2]["loadStarted"] is True
    assert decode.totals(master.records) == {}


@pytest.mark.parametrize("mark, version", [({"v": 4, "runKey": "a:1"}, "4"), ({"v": 2}, "2"), ({}, "None"), ("text", "unknown")])
def test_a_worker_of_another_version_is_counted_from_locusts_report(mark, version, caplog):
    master = Master("w1")
    for _ in range(2):
        master.controller.on_report("w1", report(lm=mark))
        master.hear("w1", message(None, v=4))
    assert decode.totals(master.records) == {("GET", "/"): [10, 4]}
    unlisted = "(Locust's list of failures has no text for it)"
    assert decode.failures(master.records) == {("GET", "/", "bad at 0x...."): 2, ("GET", "/", unlisted): 2}
    (event,) = master.events("plugin_version_differs")
    assert event["data"] == {"worker": "w1", "workerVersion": version, "masterVersion": messages.VERSION}
    assert [record.levelname for record in caplog.records] == ["WARNING"] and "w1" in caplog.text


def test_a_worker_without_the_plugin_is_counted_without_a_warning(caplog):
    master = Master("w1")
    master.controller.on_report("w1", report())
    master.controller.on_exception("w1", "'cart'", "File x")
    master.controller.on_exception("w1", "'other'", "File x")
    assert decode.totals(master.records) == {("GET", "/"): [5, 2]} and caplog.records == []
    assert decode.exceptions(master.records) == {("'cart'", "File x"): 2}
    assert len(master.events("script_error")) == 1


def test_reports_of_locust_with_odd_values_are_counted():
    master = Master("w1")
    odd = {"name": 5, "method": None, "num_requests": 1, "total_response_time": float("nan"), "min_response_time": "x",
           "max_response_time": -1, "response_times": {"-5.0": 1}}
    master.controller.on_report("w1", {"stats": [odd, dict(LOCUST_ENTRY, name=u"/\ufffd")]})
    master.controller.on_report("w1", {})
    assert decode.totals(master.records) == {("", "5"): [1, 0], ("GET", u"/\ufffd"): [5, 2]}


def test_exceptions_of_a_worker_with_the_plugin_are_counted_once():
    master = Master("w1", "w2")
    recorder = Recorder()
    try:
        raise KeyError("cart")
    except KeyError as error:
        recorder.exception(exception=error, tb=error.__traceback__)
    master.controller.on_report("w1", report(lm=messages.mark("a:1")))
    (payload,) = sent(recorder)
    master.controller.on_exception("w1", "'cart'", "File x")
    master.hear("w1", payload)
    master.controller.on_exception("w2", "'cart'", "File y")
    found = decode.exceptions(master.records)
    assert sorted(found.values()) == [1, 1] and {message for message, _ in found} == {"'cart'"}


def test_kinds_of_all_workers_together_are_limited():
    master = Master("w1", "w2")
    for worker in ("w1", "w2"):
        master.hear(worker, message(*["%s %d" % (worker, number) for number in range(150)]))
        for number in range(150):
            master.controller.on_exception(worker + " without", "message", "place %s %d" % (worker, number))
    found = decode.failures(master.records)
    assert len(found) == 201 and found[("GET", "/", "(other)")] == 100 and sum(found.values()) == 300
    exceptions = decode.exceptions(master.records)
    assert len(exceptions) == 201 and exceptions[("(other)", "(other)")] == 100
    assert len(master.events("errors_capped")) == len(master.events("exceptions_capped")) == 1


def test_failures_of_endpoints_beyond_the_limit_are_listed_with_them():
    master = Master("w1", "w2")
    master.run.collector.endpoints.max_endpoints = 1
    for worker in ("w1", "w2"):
        recorder = Recorder()
        for name in ("/a", "/b", "/c"):
            recorder.request("GET", name, 1.0, 0, "failed")
        master.hear(worker, sent(recorder)[0])
    assert decode.totals(master.records) == {("GET", "/a"): [2, 2], ("", "(other)"): [4, 4]}
    assert decode.failures(master.records) == {("GET", "/a", "failed"): 2, ("", "(other)", "failed"): 4}


def test_odd_values_and_a_failed_report_of_locust_have_one_event_each():
    master = Master("w1", "w2")
    odd = [("time_text", "GET", "/", "'5'"), ("length_nan", "", "/x", "nan")]
    for worker in ("w1", "w2"):
        master.hear(worker, message(None, oddValues=odd, locustReportError="TypeError('no')"))
    first, second = master.events("odd_value")
    assert first["data"] == {"worker": "w1", "kind": "time_text", "method": "GET", "name": "/", "example": "'5'"}
    assert "a text as response time: '5' at GET /" in first["message"] and "without a time" in first["message"]
    assert "at /x" in second["message"] and "length of 0" in second["message"]
    (event,) = master.events("locust_report_failed")
    assert event["message"].startswith("Locust's own page is behind") and "TypeError" in event["data"]["error"]


def test_users_and_processes_of_a_second_are_what_the_workers_said_of_it():
    master = Master("w1", "w2")
    now = master.run.collector.clock()
    second = int(now)
    master.run.collector.tick()
    recorder = Recorder(clock=lambda: second + 1.01)
    master.run.collector.clock.base += 1.02 + second - now
    (payload,) = sent(recorder, final=False)
    master.hear("w1", dict(payload, users={"Visitor": 4, "Buyer": 1}, cpu=77.5, memory=123))
    # Locust's own view has the new figures too.
    assert master.runner.clients["w1"].user_count == 5 and master.runner.user_count == 14
    (sample,) = [one for one in decode.samples(master.records) if one["second"] == second]
    assert sample["users"] == {"target": 0, "real": 14, "classes": {"Visitor": (10, 13), "Buyer": (0, 1)}}
    assert sample["processes"]["w1"]["cpu"] == 77.5 and sample["processes"]["w1"]["memory"] == 123
    assert (sample["processes"]["w1"]["users"], sample["processes"]["w1"]["state"]) == (5, 3)
    assert sample["processes"]["w2"] == {"state": 3, "users": 9, "cpu": 40.0, "memory": 5, "aheadMs": None}
    assert sample["processes"]["master"]["users"] == 0 and sample["processes"]["master"]["memory"] >= 0
    assert abs(sample["processes"]["w1"]["aheadMs"]) < 1000


def test_names_and_texts_are_sent_again_when_the_server_asks():
    master = Master("w1")
    master.hear("w1", message("failed"))
    master.hear("w1", message("failed", number=2))
    ids = [wire.endpoint_id("GET", "/").hex()]
    ids += [text_id("failed").hex(), "00" * 8]
    master.run.collector.next_second = int(master.run.collector.clock()) + 1
    master.hear("w1", message("failed", number=3))
    master.run.collector.resend(ids)
    master.hear("w1", message(None, number=4))
    samples = decode.samples(master.records)
    assert [len(sample["names"]) for sample in samples if sample["names"]] == [1, 1]
    assert [list(sample["texts"].values()) for sample in samples if sample["texts"]] == [["failed"], ["failed"]]
