"""Clocks that go on evenly when somebody sets the machine's wall clock while Locust runs."""
import time

from locust import runners

# A smaller offset may be the network's delay, and does not move a whole second.
NOTABLE_SECONDS = 1


class Clock(object):
    """Calling it returns Unix seconds: the wall clock at the last ``set``, plus the monotonic time since then."""

    def __init__(self, ahead=0.0):
        """``ahead``: by how many seconds this machine's wall clock is known to be ahead of the time that counts."""
        self.set(ahead)

    def set(self, ahead=0.0):
        self.wall = time.time() - time.monotonic()
        self.base = self.wall - ahead

    def __call__(self):
        return self.base + time.monotonic()

    def jumped(self):
        """By how many seconds somebody has set the wall clock since the last ``set``; negative: back."""
        return time.time() - time.monotonic() - self.wall


class SteadyTime(object):
    """The module ``time``, except that ``time()`` neither goes back nor jumps."""

    def __init__(self):
        self.time = Clock()

    def __getattr__(self, name):
        return getattr(time, name)


def replace_locust_clock():
    """
    Gives Locust's runners a clock that nobody can set. Locust's workers ignore a message to spawn that seems older than the
    one before, and end when their master seems silent for a minute: with the wall clock, setting it would leave runs without
    users, or end workers.
    """
    runners.time = SteadyTime()


def iso_time(seconds):
    """Unix seconds as the server's answers write them: ISO 8601, UTC, milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return "%s.%03dZ" % (whole, int(seconds * 1000) % 1000)
