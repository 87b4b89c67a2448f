"""Counts users that end by an exception outside of a task, e.g. in ``on_start``. Older Locusts only print such a one."""
import traceback

import gevent
from locust.exception import StopUser
from locust.user.users import User

MAX_TEXT = 300


class UserCrashes(object):
    """``count``: since the last ``take_count``. ``newest``: {message, onStart} of the last crash, ``None`` before the first."""

    def __init__(self):
        self.count = 0
        self.newest = None
        self.last_user_error = None

    def on_user_error(self, exception=None, **_):
        self.last_user_error = exception

    def add(self, user, error):
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        self.count += 1
        text = "%s: %s" % (type(error).__name__, error)
        self.newest = {"message": text[:MAX_TEXT], "onStart": "on_start" in frames}
        if self.last_user_error is not error:
            # Newer Locusts fire this themselves; it puts the exception into Locust's own page too.
            user.environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)

    def take_count(self):
        count, self.count = self.count, 0
        return count


def install(events):
    """Wraps ``User.run``; returns the UserCrashes that it counts into."""
    crashes = UserCrashes()
    original = User.run

    def run(self):
        try:
            return original(self)
        except (gevent.GreenletExit, StopUser):
            raise
        except Exception as error:
            try:
                crashes.add(self, error)
            except Exception:
                # A failure in counting must not hide the script's own exception, which is raised below.
                pass
            raise

    if not getattr(original, "_load_manager", False):
        run._load_manager = True
        User.run = run
    events.user_error.add_listener(crashes.on_user_error)
    return crashes
