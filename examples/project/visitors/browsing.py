"""Visitors who look around."""
from locust import tag, task

from .catalogue import any_product
from .visitor import Visitor


class Browser(Visitor):
    weight = 3

    @task(2)
    def home(self):
        self.client.get("/")

    @task(5)
    def product(self):
        number = any_product(self.options.category)
        # One name for all products; else every number would be an endpoint of its own.
        self.client.get("/products/%d" % number, name="/products/[id]")


class Searcher(Visitor):
    weight = 1

    @tag("search")
    @task
    def products(self):
        self.client.get("/products")
