"""Visitors of the demo shop in three User classes, with tags."""
from locust import HttpUser, constant, tag, task


class Visitor(HttpUser):
    abstract = True
    wait_time = constant(0.05)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id


class Reader(Visitor):
    @tag("quick")
    @task
    def home(self):
        self.client.get("/")

    @tag("slow")
    @task
    def products(self):
        self.client.get("/products")


class Buyer(Visitor):
    weight = 3

    @tag("quick")
    @task
    def cart(self):
        self.client.post("/cart", json={})


class Payer(Visitor):
    # Only runs that ask for it have it.
    weight = 0

    @task
    def checkout(self):
        self.client.post("/checkout", json={})
