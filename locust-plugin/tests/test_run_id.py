"""Runs that are started in Locust's own page: their id, and their end by a LoadTestShape."""
from harness import SCRIPT, Locust, expect_totals, received, until
from test_deadline import SCOPE, swarm

LISTENER = """
from locust import events
from locust.runners import MasterRunner

@events.test_start.add_listener
def tell(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        import urllib.request
        urllib.request.urlopen("%s/began/%s" % (environment.host, environment.load_manager_run_id))
"""


SHAPE = """
from locust import LoadTestShape

class Short(LoadTestShape):
    def tick(self):
        return (4, 4) if self.get_run_time() < 3 else None
"""


def test_the_end_of_a_load_test_shape_is_the_cause_of_the_stop(tmp_path, target, receiver):
    locust = Locust(str(tmp_path), receiver.url, SCRIPT + SHAPE, **SCOPE)
    try:
        swarm(locust, target)
        until("a run", lambda: locust.status()["run"])
        assert locust.ended()["stopCause"] == "shape_ended"
        expect_totals(target, received(receiver, "external-1"))
    finally:
        locust.close()


def test_load_started_at_locust_after_a_run_does_not_have_that_runs_id(tmp_path, target, receiver):
    locust = Locust(str(tmp_path), receiver.url, SCRIPT + LISTENER, **SCOPE)
    try:
        assert locust.start(target, durationSeconds=2)[0] == 200
        locust.ended()
        # Locust's workers reconnect after a run.
        until("workers", lambda: [worker["state"] for worker in locust.status()["workers"]] == ["ready", "ready"])
        swarm(locust, target)
        until("its name", lambda: (locust.status()["run"] or {}).get("runId") == "external-1")
        began = {path: count for (_, path), count in target.counts.items() if path.startswith("/began/")}
        assert began == {"/began/run-1": 1, "/began/None": 1}
    finally:
        locust.close()
