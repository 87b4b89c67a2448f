"""Starts and stops load in this master's Locust."""
import logging

import gevent

from ..shared import compat

logger = logging.getLogger("load_manager")

BUSY_STATES = ("spawning", "running", "stopping", "cleanup")


class LocustLoad(object):
    """``start_commanded``: Locust's next ``test_start`` belongs to a start from here, not to somebody at Locust's own page."""

    def __init__(self, environment, runner, web_ui):
        self.environment = environment
        self.runner = runner
        self.web_ui = web_ui
        self.start_commanded = False

    @property
    def is_busy(self):
        return self.runner.state in BUSY_STATES

    @property
    def is_idle(self):
        return not self.is_busy and self.runner.user_count == 0

    def set_users(self, users, spawn_rate):
        """Starts load, or changes its users. The greenlet is stored where the Stop of Locust's own page looks for it."""
        compat.kill_spawning(self.web_ui)
        self.start_commanded = True
        greenlet = gevent.spawn(self.runner.start, users, spawn_rate)
        if self.web_ui is not None:
            self.web_ui._swarm_greenlet = greenlet

    def start_shape(self):
        """Starts load by the LoadTestShape of the environment."""
        compat.kill_spawning(self.web_ui)
        compat.end_shape(self.runner)
        self.start_commanded = True
        self.runner.start_shape()

    def end_spawning(self):
        """For a stop, which may be called by the greenlet that spawns."""
        if getattr(self.web_ui, "_swarm_greenlet", None) is not gevent.getcurrent():
            compat.kill_spawning(self.web_ui)

    def stop(self):
        """In a greenlet of its own: stopping takes as long as the users need to finish."""
        gevent.spawn(self._stop)

    def _stop(self):
        try:
            compat.kill_spawning(self.web_ui)
            compat.end_shape(self.runner)
            self.runner.stop()
        except Exception:
            logger.exception("the load could not be stopped; the next try follows")

    def set_stop_timeout(self, seconds):
        """How long users may take to finish their request when load is stopped."""
        self.environment.stop_timeout = seconds
        if self.environment.parsed_options is not None:
            self.environment.parsed_options.stop_timeout = seconds
