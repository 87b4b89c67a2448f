"""Notes that the script stops this worker, by ``runner.stop()`` or ``runner.quit()``: the master cannot see that."""
import gevent

from ..shared import stop_caller


class ScriptStop(object):
    """``called``: the script has stopped this worker's users, and no other run and no test has started since."""

    def __init__(self, runner, is_own_stop):
        """``is_own_stop()``: whether it is the plugin that stops the users."""
        self.runner = runner
        self.is_own_stop = is_own_stop
        self.called = False
        runner.stop = self._wrapped(runner.stop)
        runner.quit = self._wrapped(runner.quit)

    def clear(self):
        self.called = False

    def _wrapped(self, original):
        def call(*args, **kwargs):
            if not self.is_own_stop() and stop_caller.locust_caller() is None:
                self.called = True
                if gevent.getcurrent() in self.runner.user_greenlets:
                    # Locust kills the user that calls, and with it the stop before it has ended.
                    gevent.spawn(original, *args, **kwargs)
                    return None
            return original(*args, **kwargs)

        return call
