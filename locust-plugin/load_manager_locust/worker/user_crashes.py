"""In a worker: users that their script has killed, with an exception outside of a task. Older Locusts only print it."""
import traceback

import gevent
from locust.exception import StopUser
from locust.user.users import User

MOST_TEXT = 300


class Deaths(object):
    """Counted until they are reported; the newest cause stays."""

    def __init__(self):
        self.count = 0
        self.cause = None
        self.told = None

    def on_user_error(self, exception=None, **_):
        self.told = exception

    def died(self, user, error):
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        self.count += 1
        text = "%s: %s" % (type(error).__name__, error)
        self.cause = {"message": text[:MOST_TEXT], "onStart": "on_start" in frames}
        if self.told is not error:
            # As newer versions do it: shown among the exceptions, in Locust's own page too.
            user.environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)

    def report(self):
        count, self.count = self.count, 0
        return count


def install(events):
    deaths = Deaths()
    original = User.run

    def run(self):
        try:
            return original(self)
        except (gevent.GreenletExit, StopUser):
            raise
        except Exception as error:
            try:
                deaths.died(self, error)
            except Exception:
                # Only what Locust itself does then is left.
                pass
            raise

    if not getattr(original, "_load_manager", False):
        run._load_manager = True
        User.run = run
    events.user_error.add_listener(deaths.on_user_error)
    return deaths
