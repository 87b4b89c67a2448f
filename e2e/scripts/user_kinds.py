"""Every kind of user that scripts have, which write down what they do: each kind has names of its own."""
import itertools
import os
import time

import gevent
from locust import (
    FastHttpUser, HttpUser, SequentialTaskSet, TaskSet, User, between, constant, constant_pacing, constant_throughput, events, task,
)
from locust.exception import StopUser
from locust.runners import WorkerRunner

FILE = open("oracle-%d.csv" % os.getpid(), "a", 1)
COUNTER = itertools.count(1)


@events.request.add_listener
def write_down(request_type, name, response_time, exception=None, **_):
    FILE.write("%.6f,%s,%s,%r,%d\n" % (time.time(), request_type, name, float(response_time), exception is not None))


@events.request.add_listener
def leave_at_failure(name, exception=None, **_):
    if name == "leaver" and exception is not None:
        raise StopUser()


def fire(environment, method, name, exception=None, **more):
    environment.events.request.fire(
        request_type=method, name=name, response_time=2.5, response_length=7, exception=exception, context={}, **more
    )


@events.init.add_listener
def on_init(environment, **_):
    Grpc.prefix = "/shop.Products"


@events.test_start.add_listener
def on_test_start(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        fire(environment, "EVENT", "test_start")


@events.test_stop.add_listener
def on_test_stop(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        fire(environment, "EVENT", "test_stop")


class OfShop(object):
    """Its requests carry the run's id, so that the shop counts them."""

    @property
    def headers(self):
        return {"X-Load-Manager-Run": str(self.environment.load_manager_run_id)}


class Fast(OfShop, FastHttpUser):
    wait_time = constant(0.1)

    @task
    def product(self):
        self.client.get("/products/5", name="fast", headers=self.headers)

    @task
    def lost(self):
        self.client.get("/nowhere", name="fast-404", headers=self.headers)


class ByHand(OfShop, HttpUser):
    """Judges its answers itself."""

    wait_time = constant(0.1)

    @task
    def judged(self):
        with self.client.get("/products", name="by-hand-failure", headers=self.headers, catch_response=True) as response:
            response.failure("too few products")
        with self.client.get("/nowhere", name="by-hand-success", catch_response=True) as response:
            response.success()
        with self.client.get("/", name="by-hand-usual", headers=self.headers, catch_response=True):
            pass


if hasattr(FastHttpUser, "rest"):

    class Rest(OfShop, FastHttpUser):
        wait_time = constant(0.1)

        @task
        def cart(self):
            with self.rest("POST", "/cart", name="rest", json={"id": 1}, headers=self.headers) as response:
                assert response.js["endpoint"] == "/cart"
            with self.rest("POST", "/cart", name="rest-wrong", json={}, headers=self.headers) as response:
                assert response.js["endpoint"] == "/till", "the wrong place"


class GrpcClient(object):
    """As an interceptor of a gRPC channel tells its calls."""

    def __init__(self, environment, prefix):
        self.environment = environment
        self.prefix = prefix

    def __getattr__(self, method):
        def call(message):
            gevent.sleep(0.01)
            error = ConnectionError("UNAVAILABLE") if next(COUNTER) % 5 == 0 else None
            fire(self.environment, "grpc", "%s/%s" % (self.prefix, method), error, response={"echo": message}, start_time=time.time())

        return call


class Grpc(User):
    prefix = "?"
    wait_time = constant(0.05)

    def __init__(self, environment):
        super().__init__(environment)
        self.stub = GrpcClient(environment, self.prefix)

    @task
    def get(self):
        self.stub.Get("a message")


class WebSocket(User):
    """Messages arrive in a greenlet of their own, while the user sends."""

    wait_time = constant(0.1)

    def on_start(self):
        self.reader = gevent.spawn(self.read)

    def read(self):
        while True:
            gevent.sleep(0.03)
            fire(self.environment, "WSR", "ticker")

    @task
    def send(self):
        fire(self.environment, "WSS", "order")

    def on_stop(self):
        self.reader.kill()
        fire(self.environment, "WSS", "bye")


class Sequence(User):
    wait_time = constant(0.05)

    @task
    class Steps(SequentialTaskSet):
        @task
        def first(self):
            fire(self.user.environment, "SEQ", "1")

        @task
        def second(self):
            fire(self.user.environment, "SEQ", "2")

        @task
        class Third(SequentialTaskSet):
            @task
            def inner(self):
                fire(self.user.environment, "SEQ", "3")
                self.interrupt(reschedule=False)


class Nested(User):
    wait_time = between(0.02, 0.05)

    @task(3)
    class Shelf(TaskSet):
        @task(5)
        def look(self):
            fire(self.user.environment, "NEST", "look")

        @task
        def leave(self):
            fire(self.user.environment, "NEST", "leave")
            self.interrupt()

        @task
        class Box(TaskSet):
            @task
            def open_it(self):
                fire(self.user.environment, "NEST", "open")
                self.interrupt(reschedule=False)

    @task
    def walk(self):
        fire(self.environment, "NEST", "walk")


class Throughput(User):
    wait_time = constant_throughput(5)

    @task
    def tick(self):
        gevent.sleep(0.1)
        fire(self.environment, "PACE", "throughput")


class Pacing(User):
    wait_time = constant_pacing(0.5)

    @task
    def tick(self):
        gevent.sleep(0.2)
        fire(self.environment, "PACE", "pacing")


class Leaver(User):
    """A listener ends it at its first failure."""

    wait_time = constant(0.1)
    made = 0

    @task
    def work(self):
        self.made += 1
        fire(self.environment, "LEAVE", "leaver", ValueError("enough") if self.made == 4 else None)
