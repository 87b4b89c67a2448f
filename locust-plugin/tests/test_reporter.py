"""The sender in a worker, without Locust's connection."""
import pytest
from locust.exception import RPCError

from load_manager_locust.shared import messages
from load_manager_locust.worker.last_message import after_quitting, after_stop
from load_manager_locust.worker.recorder import Recorder
from load_manager_locust.worker.reporter import MAX_UNSENT, Reporter


class Clock(object):
    now = 1000.5

    def __call__(self):
        return self.now

    def set(self):
        pass

    def jumped(self):
        return 0.0


class UserEnds(object):
    newest = None

    def take_counts(self):
        return 0, 0


class Runner(object):
    """What the reporter uses of a worker's runner. ``broken``: what sending raises."""

    user_classes_count = {"Visitor": 3}
    broken = None

    def __init__(self):
        self.sent = []
        self.calls = []

    def send_message(self, kind, payload):
        if self.broken is not None:
            raise self.broken
        assert kind == messages.METRICS
        self.sent.append(messages.Metrics(payload))

    def stop(self):
        self.calls.append("stop")

    def quit(self):
        self.stop()
        self.calls.append("quit")


@pytest.fixture
def reporter():
    clock = Clock()
    recorder = Recorder(clock=clock)
    return Reporter(Runner(), recorder, UserEnds(), clock)


def second(reporter, requests=1, **more):
    for _ in range(requests):
        reporter.recorder.request("GET", "/", 1.0, 0, None)
    reporter.clock.now += 1
    reporter.report(**more)


def requests(sent):
    return sum(count for message in sent for _, count, _ in message.counts)


def test_nothing_is_sent_before_a_run_is_named_and_nothing_is_lost(reporter):
    second(reporter)
    second(reporter)
    assert reporter.runner.sent == []
    reporter.recorder.set_run("a:1")
    second(reporter)
    (message,) = reporter.runner.sent
    assert (message.number, message.run_key, requests([message]), message.users) == (1, "a:1", 3, {"Visitor": 3})


def test_numbers_count_per_run(reporter):
    for key in ("a:1", "a:2"):
        reporter.recorder.set_run(key)
        second(reporter)
        second(reporter)
    assert [(message.run_key, message.number) for message in reporter.runner.sent] == [("a:1", 1), ("a:1", 2), ("a:2", 1), ("a:2", 2)]


def test_after_the_last_message_only_what_is_counted_later_is_sent(reporter):
    reporter.recorder.set_run("a:1")
    second(reporter, final=True)
    second(reporter, requests=0)
    second(reporter, requests=0, final=True)
    assert [message.final for message in reporter.runner.sent] == [True]
    # A thread of the script, at an endpoint of its own, in a second that is still open.
    reporter.recorder.request("GET", "/late", 1.0, 0, "failed")
    reporter.report()
    second(reporter, requests=0)
    assert requests(reporter.runner.sent) == 2
    names = {name for message in reporter.runner.sent for _, _, name in message.names}
    texts = {text for message in reporter.runner.sent for _, text in message.texts}
    assert names == {"/", "/late"} and texts == {"failed"}
    # The next load of the same run.
    reporter.begin_load()
    second(reporter, requests=0)
    assert reporter.runner.sent[-1].users == {"Visitor": 3}


def test_what_a_broken_connection_does_not_take_is_sent_later_in_order(reporter):
    reporter.recorder.set_run("a:1")
    reporter.runner.broken = RPCError("broken")
    for _ in range(5):
        second(reporter)
    second(reporter, final=True)
    reporter.runner.broken = None
    second(reporter, requests=0)
    assert [message.number for message in reporter.runner.sent] == [1, 2, 3, 4, 5, 6]
    assert requests(reporter.runner.sent) == 6 and reporter.runner.sent[-1].final


def test_what_is_kept_for_a_broken_connection_is_limited(reporter):
    reporter.recorder.set_run("a:1")
    reporter.runner.broken = RPCError("broken")
    for _ in range(2 * MAX_UNSENT):
        second(reporter)
    assert len(reporter.unsent) == MAX_UNSENT


def test_a_message_that_cannot_be_sent_at_all_does_not_stop_the_next(reporter):
    reporter.recorder.set_run("a:1")
    reporter.runner.broken = TypeError("can not serialize")
    second(reporter)
    reporter.runner.broken = None
    second(reporter)
    assert [message.number for message in reporter.runner.sent] == [2]


def test_counts_are_sent_though_users_are_not_known(reporter):
    reporter.recorder.set_run("a:1")
    reporter.runner.user_classes_count = None
    second(reporter)
    (message,) = reporter.runner.sent
    assert requests([message]) == 1 and message.users is None


def test_a_failed_report_of_locust_is_told_once_a_run(reporter):
    reporter.recorder.set_run("a:1")
    reporter.note_report_error("TypeError('no')")
    second(reporter)
    reporter.note_report_error("TypeError('no')")
    second(reporter)
    assert [message.locust_report_error for message in reporter.runner.sent] == ["TypeError('no')", None]


def test_the_end_of_a_stop_and_of_a_process():
    runner = Runner()
    after_stop(runner, lambda: runner.calls.append("last"))
    after_quitting(runner, lambda: runner.calls.append("very last"))
    runner.stop()
    assert runner.calls == ["stop", "last"]
    del runner.calls[:]
    runner.quit()
    assert runner.calls == ["stop", "last", "very last", "stop", "last", "quit"]
