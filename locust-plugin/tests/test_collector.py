"""Reports of workers in the master's collector."""
import decode
from load_manager_locust.master.collector import Collector
from load_manager_locust.shared import messages
from load_manager_locust.shared.clock import Clock
from load_manager_locust.worker.recorder import Recorder


class Runner(object):
    """What the collector uses of a master's runner."""

    clients = None
    user_count = 1
    exceptions = {}


LOCUST_ENTRY = {
    "method": "GET", "name": "/", "num_requests": 5, "num_failures": 2, "num_none_requests": 0, "total_response_time": 50.0,
    "min_response_time": 10.0, "max_response_time": 10.0, "total_content_length": 0, "response_times": {10: 5},
}


def collected(report):
    """The totals of a run in which one worker sent one report, whose Locust part counts five requests."""
    samples = []
    emit = lambda kind, body: samples.append((len(samples), kind, body))
    collector = Collector(Runner(), emit, event=None, count=lambda *_: None, clock=Clock())
    collector.begin()
    collector.add_report("worker-1", {"lm": report, "stats": [LOCUST_ENTRY]})
    collector.finish()
    return decode.totals(samples), collector


def report_of_one_request():
    recorder = Recorder()
    recorder.final = True
    recorder.request("GET", "/", 10, 0, None)
    return recorder.report()


def test_the_plugins_report_is_used_instead_of_locusts():
    totals, collector = collected(report_of_one_request())
    assert totals == {("GET", "/"): [1, 0]} and collector.final_workers == {"worker-1"}


def test_a_report_of_another_version_is_refused_and_locusts_is_used(caplog):
    for report in (dict(report_of_one_request(), v=messages.REPORT_VERSION + 1), {"v": 1}, {}, "text"):
        caplog.clear()
        totals, collector = collected(report)
        assert totals == {("GET", "/"): [5, 2]} and collector.final_workers == set()
        collector.add_report("worker-1", {"lm": report})
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "worker-1" in caplog.text and "Locust's own report" in caplog.text


def test_a_worker_without_the_plugin_gets_no_warning():
    assert messages.report_of({}) is None and messages.foreign_version_of({}) is None
