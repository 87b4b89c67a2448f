"""Requests of the demo shop whose names have ids; every tenth product counts as a failure."""
import itertools

from locust import HttpUser, constant, task

NUMBERS = itertools.count(1)


class Visitor(HttpUser):
    wait_time = constant(0.01)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id

    @task(9)
    def product(self):
        number = next(NUMBERS)
        with self.client.get("/products/%d" % number, catch_response=True) as response:
            if number % 10 == 0:
                response.failure("sold out")

    @task(1)
    def cart(self):
        self.client.post("/cart", json={})
