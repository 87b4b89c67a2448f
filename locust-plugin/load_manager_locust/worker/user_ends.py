"""Counts users that end by themselves: by an exception outside of a task, e.g. in ``on_start``, or by leaving (StopUser)."""
import traceback

import gevent
from locust.exception import StopUser
from locust.user.users import User

from ..shared import texts, tracebacks
from . import script_values


class UserEnds(object):
    """
    ``died``, ``left``: users that ended by an exception, and by themselves, since the last ``take_counts``. ``newest``:
    {message, onStart, spawning, endsProcess} of the last exception that kept a user from running, ``None`` before the first.
    """

    def __init__(self, events):
        self.events = events
        self.died = 0
        self.left = 0
        self.newest = None
        self.last_user_error = None
        # Names of user classes whose __init__ does not call that of their base.
        self.unbuilt = set()
        # Sends what is known; called before the process ends.
        self.send = lambda: None

    def on_user_error(self, exception=None, **_):
        self.last_user_error = exception

    def check_built(self, user):
        """Newer Locusts refuse such a user in words like these; older ones fail later, or never make a request."""
        if hasattr(user, "environment"):
            return
        name = type(user).__name__
        error = TypeError("%s.__init__ does not call super().__init__(environment)" % name)
        self.newest = _script_error(error, spawning=True)
        if name not in self.unbuilt:
            self.unbuilt.add(name)
            self.events.user_error.fire(user_instance=user, exception=error, tb=None)

    def add_death(self, user, error):
        self.died += 1
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        if hasattr(user, "environment"):
            self.newest = _script_error(error, on_start="on_start" in frames)
        if self.last_user_error is not error:
            # Newer Locusts fire this themselves; it puts the exception into Locust's own page too.
            self.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)

    def add_spawn_error(self, error):
        """Users could not be made: Locust gives up the rest of this step."""
        self.newest = _script_error(error, spawning=True)

    def clear(self):
        self.died, self.left, self.newest = 0, 0, None
        self.unbuilt.clear()

    def take_counts(self):
        """(died, left)"""
        counts = self.died, self.left
        self.died = self.left = 0
        return counts


def _ends_process(error):
    """gevent raises these in the main greenlet, and Locust ends without a word to its master."""
    return isinstance(error, (SystemExit, KeyboardInterrupt, SystemError))


def _script_error(error, on_start=False, spawning=False):
    return {
        "message": _text_of(error), "onStart": on_start, "spawning": spawning, "endsProcess": _ends_process(error),
    }


def _text_of(error):
    name, message = type(error).__name__, script_values.exception_text(error)
    text = message if message.startswith(name) else "%s: %s" % (name, message)
    where = "".join(traceback.format_tb(error.__traceback__))
    return texts.short_text(text, texts.MAX_REASON) + tracebacks.place_of(where)


def install(events):
    """Wraps ``User.run`` and ``User.stop``; returns the UserEnds that it counts into."""
    ends = UserEnds(events)
    original, original_stop = User.run, User.stop

    def run(self):
        try:
            ends.check_built(self)
            result = original(self)
        except (gevent.GreenletExit, StopUser):
            raise
        except BaseException as error:
            try:
                ends.add_death(self, error)
                if _ends_process(error):
                    ends.send()
            except Exception:
                # A failure in counting must not hide the script's own exception, which is raised below.
                pass
            raise
        if not getattr(self, "_load_manager_stopped", False):
            ends.left += 1
        return result

    def stop(self, *args, **kwargs):
        self._load_manager_stopped = True
        return original_stop(self, *args, **kwargs)

    if not getattr(original, "_load_manager", False):
        run._load_manager = True
        User.run, User.stop = run, stop
    events.user_error.add_listener(ends.on_user_error)
    return ends
