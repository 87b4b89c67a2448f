"""Requests with values that Locust's own statistics cannot hold or send, made by users that then wait."""
from decimal import Decimal

from locust import User, constant, events, task
from locust.runners import WorkerRunner

ODD_NAME = b"/caf\xe9".decode("utf-8", "surrogateescape")


@events.quitting.add_listener
def quitting(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        environment.events.request.fire(
            request_type="GET", name="/quitting", response_time=1, response_length=0, exception=None, context={}
        )


class Quiet(User):
    abstract = True
    wait_time = constant(1)

    def fire(self, name, method="GET", time=5, size=0, exception=None, **more):
        self.environment.events.request.fire(
            request_type=method, name=name, response_time=time, response_length=size, exception=exception, context={}, **more
        )

    @task
    def idle(self):
        pass


class LoneSurrogate(Quiet):
    """12 requests at 4 endpoints; the failure's text has the surrogate too."""

    def on_start(self):
        for _ in range(5):
            self.fire("/before")
        self.fire(ODD_NAME)
        self.fire("/text", exception=ValueError("bad value " + ODD_NAME))
        for _ in range(5):
            self.fire("/after")


class OddLengths(Quiet):
    """8 requests."""

    def on_start(self):
        for size in (0, 10**13, None, -1, 1.5, "12"):
            self.fire("/size", size=size)
        self.environment.events.request.fire(
            request_type="GET", name="/size", response_time=5, exception=None, context={}
        )
        self.fire("/size", size=1, colour="blue", response=object())


class NoRepr(Exception):
    def __repr__(self):
        raise RuntimeError("repr failed")

    __str__ = __repr__


class WrongStr(Exception):
    def __str__(self):
        return 5


class Falsy(Exception):
    def __bool__(self):
        return False


LOOP = ValueError("loop")
LOOP.args = (LOOP,)


class OddExceptions(Quiet):
    """9 requests, 7 of them failures: None and Falsy() are none."""

    def on_start(self):
        for exception in (
            None, "plain text", (AssertionError, AssertionError("as a pair")), ValueError,
            NoRepr(), WrongStr("x"), Falsy("quiet"), LOOP, {"status": 500},
        ):
            self.fire("hello", method="WSS", exception=exception)


class Label(object):
    def __str__(self):
        return "/label"


class Unsendable(Quiet):
    """5 requests: Locust cannot send a name that is no text, a Decimal, a number beyond 64 bits."""

    def on_start(self):
        self.fire(Label())
        self.fire("/times", time=Decimal("1.5"))
        self.fire("/times", size=2**70)
        self.fire("/times", time=float("nan"))
        self.fire("/times", time="fast")
