"""Visitors who buy."""
import requests
from locust import tag, task

from .catalogue import any_product
from .visitor import Visitor


class Buyer(Visitor):
    weight = 1

    @task(4)
    def fill_cart(self):
        for _ in range(self.options.basket):
            with self.client.post("/cart", json={"product": any_product(self.options.category)}, catch_response=True) as answer:
                if answer.status_code != requests.codes.created and answer.status_code != requests.codes.ok:
                    answer.failure("the cart was not filled")

    @tag("payment")
    @task(1)
    def pay(self):
        self.client.post("/checkout", json={})
