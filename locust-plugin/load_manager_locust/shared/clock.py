"""Time for what is counted. The wall clock of a machine may be set while Locust runs; what passes is measured without it."""
import time

from locust import runners

# Offsets below it are the way through the network, and no matter for whole seconds.
NOTABLE_SECONDS = 1


class Clock(object):
    """Calling it gives Unix seconds: the wall clock as it was when last set, and what has passed since."""

    def __init__(self, ahead=0.0):
        """``ahead``: by how much the wall clock here is known to be ahead of whoever's time counts."""
        self.set(ahead)

    def set(self, ahead=0.0):
        self.wall = time.time() - time.monotonic()
        self.base = self.wall - ahead

    def __call__(self):
        return self.base + time.monotonic()

    def jumped(self):
        """By how much somebody has set the wall clock since."""
        return time.time() - time.monotonic() - self.wall


class SteadyTime(object):
    """The module ``time``, but for a ``time()`` that never goes back and never leaps."""

    def __init__(self):
        self.time = Clock()

    def __getattr__(self, name):
        return getattr(time, name)


def steady_locust():
    """
    Locust's workers drop every order to spawn that seems older than the last one, and end themselves when a minute seems to
    have passed without their master: a clock that is set would leave runs without users, or kill workers.
    """
    runners.time = SteadyTime()
