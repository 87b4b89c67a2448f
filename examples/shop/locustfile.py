"""Visitors of the demo shop: they mostly browse, sometimes fill a cart, and rarely pay."""
import random

from locust import HttpUser, between, task


class Visitor(HttpUser):
    wait_time = between(0.05, 0.25)

    def on_start(self):
        # The run's id lets the shop count per run; Load Manager sets it before the test starts.
        run_id = getattr(self.environment, "load_manager_run_id", None)
        if run_id:
            self.client.headers["X-Load-Manager-Run"] = run_id

    @task(4)
    def home(self):
        self.client.get("/")

    @task(6)
    def products(self):
        self.client.get("/products")

    @task(8)
    def product(self):
        # One name for all products; else every id would be an endpoint of its own.
        self.client.get("/products/%d" % random.randint(1, 500), name="/products/[id]")

    @task(3)
    def cart(self):
        self.client.post("/cart", json={"product": random.randint(1, 500)})

    @task(1)
    def checkout(self):
        self.client.post("/checkout", json={})
