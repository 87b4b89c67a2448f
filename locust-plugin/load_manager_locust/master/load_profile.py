"""
How the number of users of a run changes: it keeps a target, follows the script's LoadTestShape, or goes through stages of
the run. A profile starts the load, and the supervisor's timer lets it go on, so it needs no server.
"""
import time

from ..shared import compat
from .refused import setting_refused
from .stop_causes import SHAPE_ENDED, SHAPE_FAILED

MAX_STAGES = 100
# Users of the step before a failure may still be on their way.
NO_USERS_SECONDS = 3.0


def profile_of(payload, environment):
    """
    Of a start of the server. Raises KeyError, TypeError or ValueError where the payload is malformed, Refused where the
    script has no shape to follow.
    """
    given = payload.get("loadProfile") or {"kind": "constant"}
    shape = compat.shape_of(environment)
    if given["kind"] == "constant":
        return ConstantLoad(payload["users"], payload["spawnRate"], shape)
    if given["kind"] == "stages":
        return StagedLoad(given["stages"], shape)
    if given["kind"] != "script":
        raise ValueError("loadProfile")
    if shape is None:
        message = "The script has no LoadTestShape, which the load profile script follows."
        raise setting_refused("loadProfile", message)
    return ShapedLoad(shape)


def _say_off(run, shape, instead):
    if shape is not None:
        run.event("shape_off", "The script's LoadTestShape is switched off: %s." % instead)


class ConstantLoad(object):
    """``may_get_users``: more users may come although all have left."""

    may_get_users = False
    # What the shape has raised.
    error = None

    def __init__(self, users, spawn_rate, shape=None):
        self.users, self.spawn_rate = users, spawn_rate
        self.shape = shape

    def begin(self, controller, run):
        _say_off(run, self.shape, "the run's own users and spawn rate apply")
        run.set_target(self.users, self.spawn_rate)
        controller.load.set_users(self.users, self.spawn_rate)

    def check(self, controller, run):
        """Called several times a second from the start on, until the load is stopped."""

    def follow(self, run, runner):
        """Called at ``test_start``: the target of the run where Locust has it from elsewhere."""


class StagedLoad(object):
    """``stages``: [{durationSeconds, users, spawnRate?}]; without ``spawnRate`` the users of a stage are there at once."""

    may_get_users = True
    error = None

    def __init__(self, stages, shape=None):
        if not 1 <= len(stages) <= MAX_STAGES:
            raise ValueError("stages")
        self.stages = [
            (float(one["durationSeconds"]), int(one["users"]), float(one.get("spawnRate") or 0)) for one in stages
        ]
        # Locust starts this many users in one step, so that it never takes a second one.
        self.at_once = float(max([1] + [users for _, users, _ in self.stages]))
        self.shape = shape
        self.current = None

    def begin(self, controller, run):
        _say_off(run, self.shape, "the stages of the run apply")
        self._enter(0, controller, run)

    def check(self, controller, run):
        if run.test_started_at is None:
            return
        index = self._index_at(time.monotonic() - run.test_started_at)
        if index != self.current:
            self._enter(index, controller, run)

    def follow(self, run, runner):
        pass

    def _index_at(self, seconds):
        end = 0.0
        for index, (duration, _, _) in enumerate(self.stages):
            end += duration
            if seconds < end:
                return index
        return len(self.stages) - 1

    def _enter(self, index, controller, run):
        """The ramp of the stage before ends where it is."""
        self.current = index
        _, users, spawn_rate = self.stages[index]
        spawn_rate = spawn_rate or self.at_once
        run.set_target(users, spawn_rate)
        controller.load.set_users(users, spawn_rate)


class ShapedLoad(object):
    """Locust itself asks the shape; this one watches what becomes of it. ``error``: what the shape has raised."""

    may_get_users = True

    def __init__(self, shape):
        self.shape = shape
        self.error = None
        self.failed_at = None

    def begin(self, controller, run):
        environment = controller.environment
        known = len(getattr(environment, "available_shape_classes", None) or {})
        name = type(self.shape).__name__
        others = ", the first of %d in the script" % known if known > 1 else ""
        run.event("shape_on", "The users follow the script's LoadTestShape %s%s." % (name, others), {"shape": name})
        # Somebody may have chosen another one, or none, in Locust's page.
        environment.shape_class = self.shape
        self.shape.runner = controller.runner
        controller.load.start_shape()

    def check(self, controller, run):
        runner = controller.runner
        if run.test_started_at is not None:
            self.follow(run, runner)
        error = compat.shape_error(runner)
        if error is not None:
            self._note_failure(run, error)
            has_no_users = runner.user_count == 0 and time.monotonic() - self.failed_at > NO_USERS_SECONDS
            if run.test_started_at is None or has_no_users:
                controller.stop_run(run, SHAPE_FAILED)
        elif run.test_started_at is None and not compat.has_shape_running(runner):
            # It has ended at its first tick, where Locust has nothing to stop yet.
            controller.stop_run(run, SHAPE_ENDED)

    def follow(self, run, runner):
        """Locust makes whole users: as many as the shape's number has."""
        run.set_target(max(0, int(runner.target_user_count or 0)), float(runner.spawn_rate or 0))

    def _note_failure(self, run, error):
        if self.error is not None:
            return
        self.failed_at = time.monotonic()
        self.error = ("%s: %s" % (type(error).__name__, error))[:1000]
        message = "The script's LoadTestShape %s has failed, and Locust asks it no more; the users stay as they are: %s"
        run.event("shape_failed", message % (type(self.shape).__name__, self.error), {"error": self.error})
