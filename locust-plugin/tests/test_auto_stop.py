"""A run whose requests fail is stopped, with or without a server."""
import decode
import pytest
from harness import Locust, received, until

from load_manager_locust.master.auto_stop import AutoStop

BROKEN = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def broken(self):
        self.client.get("/broken")
"""


@pytest.fixture
def broken(tmp_path, receiver):
    cluster = Locust(str(tmp_path), receiver.url, BROKEN)
    yield cluster
    cluster.close()


def evaluated(auto_stop, load_started, seconds):
    """Evaluates as each second closes; returns {first open second: evidence}."""
    found = {}
    for second, (requests, failures) in enumerate(seconds):
        auto_stop.count(second, requests, failures)
        evidence = auto_stop.evaluate(load_started, second + 1)
        if evidence is not None:
            found[second + 1] = evidence
    return found


def test_the_rule_is_evaluated_over_its_window():
    rule = {"enabled": True, "failedPercent": 90, "windowSeconds": 5, "minRequests": 100}
    bad, good = (30, 30), (30, 0)
    assert list(evaluated(AutoStop(rule), 0.0, [bad] * 9)) == [5]
    # Load started within a second, which is therefore partial: the window begins after it.
    assert list(evaluated(AutoStop(rule), 0.7, [bad] * 9)) == [6]
    # 4 of 5 seconds are 80 %; once the good second has left the window, all requests in it have failed.
    assert list(evaluated(AutoStop(rule), 0.0, [good] + [bad] * 9)) == [6]
    assert evaluated(AutoStop(rule), 0.0, [(19, 19)] * 9) == {}
    assert evaluated(AutoStop(dict(rule, enabled=False)), 0.0, [bad] * 9) == {}
    assert list(evaluated(AutoStop(), 0.0, [(2, 2)] * 70)) == [60]
    (evidence,) = evaluated(AutoStop(rule), 0.0, [(100, 95)] * 5).values()
    assert evidence == {
        "requests": 500, "failures": 475, "failedPercent": 95.0, "windowSeconds": 5,
        "from": "1970-01-01T00:00:00.000Z", "to": "1970-01-01T00:00:05.000Z",
    }
    with pytest.raises((TypeError, ValueError)):
        AutoStop({"windowSeconds": "long"})


def test_it_stops_while_the_server_is_down_and_the_evidence_arrives_later(broken, target, receiver):
    receiver.close()
    rule = {"enabled": True, "failedPercent": 90, "windowSeconds": 5, "minRequests": 20}
    assert broken.start(target, autoStop=rule)[0] == 200
    run = broken.ended()
    assert run["stopCause"] == "auto_stop"
    assert 5 <= (run["stopIssuedAtMs"] - run["testStartedAtMs"]) / 1000.0 < 12
    before = sum(target.counts.values())
    receiver.open()
    records = received(receiver, "run-1")
    (event,) = [event for event in decode.parsed(records, 3) if event["type"] == "auto_stop"]
    assert event["data"] == run["autoStop"]
    assert event["data"]["failures"] == event["data"]["requests"] >= 20
    (final,) = decode.parsed(records, 5)
    assert final["stopCause"] == "auto_stop" and final["requests"] == before == sum(target.counts.values())


def test_when_switched_off_the_run_goes_on_to_its_deadline(broken, target, receiver):
    rule = {"enabled": False, "failedPercent": 1, "windowSeconds": 5, "minRequests": 1}
    assert broken.start(target, autoStop=rule, durationSeconds=9)[0] == 200
    run = until("the end", lambda: (lambda run: run if run["phase"] == "ended" else None)(broken.status()["run"]), 30)
    assert run["stopCause"] == "deadline"
