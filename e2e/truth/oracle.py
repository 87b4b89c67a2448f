"""Records every request it makes, independently of Load Manager: time, method, name, response time, failed."""
import os
import random
import time

from locust import HttpUser, User, constant, events, task

FILE = open("oracle-%d.csv" % os.getpid(), "a", 1)


@events.request.add_listener
def write_down(request_type, name, response_time, exception=None, **_):
    duration = "" if response_time is None else repr(float(response_time))
    FILE.write("%.6f,%s,%s,%s,%d\n" % (time.time(), request_type, name, duration, exception is not None))


def fire(user, name, response_time, exception=None):
    user.environment.events.request.fire(
        request_type="SIM",
        name=name,
        response_time=response_time,
        response_length=10,
        exception=exception,
        context={},
    )


class Simulated(User):
    """Simulated requests: latencies from 0.2 ms to 60 s, without a time, failures, and 2,000 names."""

    wait_time = constant(0.01)

    @task(10)
    def wide(self):
        fire(self, "/wide", 0.2 * 300000 ** random.random())

    @task(5)
    def usual(self):
        fire(self, "/usual", random.lognormvariate(3, 0.5))

    @task
    def timeless(self):
        fire(self, "/none", None)

    @task
    def failing(self):
        fire(self, "/fails", random.uniform(1, 1000), ValueError("always"))

    @task(10)
    def named(self):
        fire(self, "/name/%d" % random.randrange(2000), random.uniform(1, 10))


class Visitor(HttpUser):
    """Real requests, which the shop counts too."""

    wait_time = constant(0.05)

    @task(3)
    def home(self):
        self.client.get("/", headers={"x-load-manager-run": str(self.environment.load_manager_run_id)})

    @task
    def product(self):
        headers = {"x-load-manager-run": str(self.environment.load_manager_run_id)}
        self.client.get("/products/7", name="/products/[id]", headers=headers)
