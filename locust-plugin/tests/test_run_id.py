"""The run id that a script in the master finds in ``test_start``."""
from harness import SCRIPT, Locust, until
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
