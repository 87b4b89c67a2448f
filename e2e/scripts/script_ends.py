"""A script that goes wrong, or ends the test itself, in the way that its host names; the workers take the host at each start."""
import itertools

import gevent
from locust import User, constant, events, task
from locust.exception import StopUser

NUMBERS = itertools.count()


def mode_of(environment):
    return (environment.host or "").split("//")[-1].split(".")[0]


@events.test_start.add_listener
def plan(environment, **kwargs):
    mode = mode_of(environment)
    Shopper.built = 0
    if mode == "stop":
        gevent.spawn_later(2, environment.runner.stop)
    if mode == "listeners":
        raise LookupError("no shop in test_start")


@events.request.add_listener
def check(context=None, **kwargs):
    if context and context.get("mode") == "listeners":
        raise ValueError("no label %d" % next(NUMBERS))


class Shopper(User):
    wait_time = constant(0.4)
    built = made = 0

    def __init__(self, environment):
        mode = mode_of(environment)
        if mode == "nosuper":
            return
        super().__init__(environment)
        Shopper.built += 1
        if mode == "noseat" and Shopper.built == 2:
            raise ConnectionError("no seat left")

    def on_start(self):
        if mode_of(self.environment) == "exit":
            raise SystemExit("no token")

    @task
    def work(self):
        mode = mode_of(self.environment)
        if mode == "raise":
            self.fail()
        if mode == "late":
            gevent.sleep(4)
        self.environment.events.request.fire(
            request_type="GET", name="/", response_time=4, response_length=0, exception=None, context={"mode": mode}
        )
        self.made += 1
        if mode == "late":
            gevent.sleep(60)
        if mode == "leave" and self.made == 5:
            raise StopUser()
        if mode == "quit" and self.made == 5:
            self.environment.runner.quit()

    def fail(self):
        number = next(NUMBERS) % 6
        if number < 3:
            raise ValueError("always the same")
        if number < 5:
            raise KeyError("ticket %d" % next(NUMBERS))
        self.fail_deep(0)

    def fail_deep(self, depth):
        return self.fail_deep(depth + 1)
