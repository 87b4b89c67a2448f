"""A package of the project, with data that it reads by paths relative to the project's folder."""
import csv

from locust import HttpUser, between, events, task

with open("data/products.csv", encoding="utf-8", newline="") as products:
    PRODUCTS = [row["id"] for row in csv.DictReader(products)]


@events.test_start.add_listener
def import_late(**_):
    # After the start, too, the project's folder is on the path.
    from common import carts

    Shopper.cart_of = staticmethod(carts.cart_of)


class Shopper(HttpUser):
    abstract = True
    wait_time = between(0.05, 0.15)

    def on_start(self):
        run_id = getattr(self.environment, "load_manager_run_id", None)
        if run_id:
            self.client.headers["X-Load-Manager-Run"] = run_id
        self.turn = 0

    @task(3)
    def product(self):
        self.turn += 1
        product = PRODUCTS[self.turn % len(PRODUCTS)]
        self.client.get("/products/" + product, name="/products/[id]")

    @task(1)
    def cart(self):
        body = self.cart_of(PRODUCTS[0])
        self.client.post("/cart", data=body, headers={"Content-Type": "application/json"})
