"""Visitors of the demo shop that can be chosen among: User classes, tags, options, a variable, a shape."""
import os

from locust import HttpUser, LoadTestShape, constant, events, tag, task


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--category", default="books", help="What is looked at.").is_secret = False
    parser.add_argument("--page", type=int, default=1)
    parser.add_argument("--polite", action="store_true", help="Waits longer.")
    parser.add_argument("--kind", choices=["new", "used"], default="new")
    parser.add_argument("--words", nargs="*", default=[]).is_secret = False
    parser.add_argument("--api-key", default="").is_secret = True


class Visitor(HttpUser):
    abstract = True
    wait_time = constant(0.05)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id


class Reader(Visitor):
    @tag("quick")
    @task
    def product(self):
        given = self.environment.parsed_options
        key = "key" if given.api_key == "key-of-the-shop" else "no-key"
        words = "+".join(given.words)
        parts = (given.category, given.kind, given.polite, words, key, os.environ.get("STAGE", "none"))
        name = "/%s" % "/".join(str(part) for part in parts)
        self.client.get("/products/%d" % given.page, name=name)

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


class Steps(LoadTestShape):
    def tick(self):
        return (3, 3) if self.get_run_time() < 3 else None
