"""A script with listeners of the older kind: they are in the master and in every worker, and each process posts its own totals."""
import json
import os
import urllib.error
import urllib.request

import flask
import gevent
from locust import HttpUser, between, events, task
from locust.runners import WorkerRunner

URL = os.environ["LOAD_MANAGER_URL"] + "/v1/internal/locust/"
SCOPE = {
    "accountId": os.environ["LOAD_MANAGER_ACCOUNT_ID"],
    "orgId": os.environ["LOAD_MANAGER_ORG_ID"],
    "projectId": os.environ["LOAD_MANAGER_PROJECT_ID"],
}
run = {"id": None}
context = {}


def call(name, body):
    request = urllib.request.Request(
        URL + name,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Locust-Token": os.environ["LOAD_MANAGER_TOKEN"]},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        print(name, error.read().decode(), flush=True)
        return {}


def totals(environment):
    stats = environment.stats
    return {
        "totalRequests": stats.total.num_requests,
        "totalFailures": stats.total.num_failures,
        "currentUsers": environment.runner.user_count,
        "requestStats": {
            "%s %s" % (method, name): {
                "method": method,
                "name": name,
                "numRequests": entry.num_requests,
                "numFailures": entry.num_failures,
                "avgResponseTime": entry.avg_response_time,
            }
            for (name, method), entry in list(stats.entries.items())
        },
    }


def post_forever(environment):
    while True:
        gevent.sleep(1)
        if run["id"] is not None:
            call("metrics", {"runId": run["id"], "metrics": totals(environment)})


@events.init.add_listener
def on_init(environment, **kwargs):
    gevent.spawn(post_forever, environment)
    if environment.web_ui:

        @environment.web_ui.app.route("/controlplane/set-context", methods=["POST"])
        def set_context():
            context.update(flask.request.get_json())
            print("context", json.dumps(context), flush=True)
            return {"success": True}


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    if context:
        run["id"] = context.pop("runId")
        context.clear()
        call("test-start", {"runId": run["id"]})
        return
    # Every process registers, and gets the run that the first one has made.
    answer = call("register-external", dict(SCOPE, targetUsers=10, spawnRate=10))
    run["id"] = answer.get("runId")
    call("test-start", {"runId": run["id"]})


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    call("test-stop", {"runId": run["id"], "finalMetrics": totals(environment)})


class Visitor(HttpUser):
    wait_time = between(0.05, 0.2)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = run["id"]

    @task(3)
    def home(self):
        self.client.get("/")

    @task(1)
    def checkout(self):
        self.client.post("/checkout", json={})
