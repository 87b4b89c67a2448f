"""Counts what each worker is given: the name of each request says it."""
import os

from locust import User, constant, events, task

STAGE = os.environ["STAGE"]


@events.test_start.add_listener
def on_test_start(environment, **_):
    if os.environ.get("LOAD_MANAGER_ROLE") == "master":
        raise RuntimeError("master of %s with %s" % (os.environ["STAGE"], os.environ["SHOP_TOKEN"]))


class Reader(User):
    wait_time = constant(0.1)

    @task
    def read(self):
        name = "/%s/%s" % (STAGE, os.environ["LOAD_MANAGER_ROLE"])
        error = ValueError("refused: %s" % os.environ["SHOP_TOKEN"])
        self.environment.events.request.fire(
            request_type="GET", name=name, response_time=1.0, response_length=1, exception=error, context={}
        )
