"""What can be done with the load of one master: start, change, stop; and the timer that ends it whatever happens."""
import logging
import os
import platform
import signal
import time

import gevent

from .. import __version__
from ..delivery.outbox import Outbox
from ..delivery.sender import Sender
from ..shared import compat
from ..worker import liveness
from ..worker.recorder import MESSAGE
from . import external_runs, status
from .auto_stop import AutoStop
from .run import Run, seconds_of

logger = logging.getLogger("load_manager")

TICK_SECONDS = 0.2
# After the last user has stopped: how long a live worker's last report is waited for.
LAST_REPORTS_SECONDS = 4.0
# A stop that Locust does not confirm, though no user is left.
IDLE_SECONDS = 3.0
# A master that was started for one run ends by itself when nobody has asked for it this long after the run.
LONELY_SECONDS = 3600.0
# A stop that has not taken effect is tried again.
STOP_AGAIN_SECONDS = 5.0
BUSY_STATES = ("spawning", "running", "stopping", "cleanup")


class Refused(Exception):
    """An order that is not followed: ``code`` for programs, the text for people."""

    def __init__(self, code, message, run_id=None):
        super(Refused, self).__init__(message)
        self.code = code
        self.run_id = run_id


class Control(object):
    def __init__(self, environment, runner, web_ui, settings):
        self.environment = environment
        self.runner = runner
        self.web_ui = web_ui
        self.settings = settings
        self.boot = os.urandom(16)
        self.run = None
        self.fence = 0
        self.started = 0
        self.starting = False
        self.idle_since = None
        self.asked_at = time.monotonic()
        self.heartbeat = liveness.Heartbeat(runner)
        self.sender = Sender(settings.urls, settings.token, self._answered)
        self.sender.start()
        gevent.spawn(self._watch)

    @property
    def versions(self):
        return {
            "locustVersion": compat.locust_version(),
            "pluginVersion": __version__,
            "pythonVersion": platform.python_version(),
        }

    def _check_fence(self, fence):
        if fence is None:
            return
        if fence < self.fence:
            raise Refused("stale_fence", "Another server has taken over this cluster (fence %d)." % self.fence)
        self.fence = fence

    def _current(self, run_id):
        run = self.run
        if run is None or run.run_id != run_id:
            raise Refused("unknown_run", "This master does not know the run %s." % run_id)
        return run

    def attach(self, told):
        self._check_fence(told.get("fence"))
        self.sender.attach(told.get("urls") or [], told.get("token"))
        run = self.run
        if run is not None and run.run_id == told.get("run"):
            run.fence = self.fence
            if told.get("autoStop") is not None:
                run.autostop.set(told["autoStop"])
            if run.limit(seconds_of(told)):
                self.tell_workers(run)

    def start(self, told):
        """Begins load once per (run, attempt), however often it is told to."""
        self._check_fence(told.get("fence"))
        self.sender.attach(told.get("urls") or [], told.get("token"))
        run = self.run
        if run is not None and run.run_id == told["runId"] and run.attempt == told["attempt"]:
            run.fence = self.fence
            return
        if (run is not None and run.active) or self.runner.state in BUSY_STATES:
            raise Refused("busy", "Locust is busy with another run.", run.run_id if run is not None else None)
        if not compat.live_workers(self.runner):
            raise Refused("no_workers", "No worker is connected to this master.")
        auto_stop, ahead = AutoStop(told.get("autoStop")), float(told.get("clockAheadSeconds") or 0)
        spool = os.path.join(self.settings.run_dir, "spool.bin") if self.settings.run_dir else None
        outbox = Outbox(told["runId"], told["attempt"], self.boot, self.settings.spool_bytes, spool)
        self.run = run = self._new_run(outbox, told["attempt"], self.fence, False, auto_stop, ahead)
        run.limit(seconds_of(told))
        run.set_users(told["users"], told["spawnRate"])
        if self.environment.shape_class is not None:
            message = "The script's LoadTestShape is switched off; the run's users and spawn rate hold."
            run.event("shape_off", message)
        if told.get("host"):
            self.environment.host = told["host"]
        self._stop_timeout(told.get("stopTimeoutSeconds") or 0)
        self.tell_workers(run)
        self._spawn(told["users"], told["spawnRate"])

    def _new_run(self, outbox, attempt, fence, external, auto_stop=None, ahead=0.0):
        self.started += 1
        key = "%s:%d" % (self.boot.hex(), self.started)
        run = Run(key, self.runner, outbox, attempt, fence, external, self.settings.max_endpoints, auto_stop, ahead)
        self.sender.outboxes.append(outbox)
        self.idle_since = None
        self.environment.load_manager_run_id = outbox.run_id
        return run

    def _stop_timeout(self, seconds):
        self.environment.stop_timeout = seconds
        if self.environment.parsed_options is not None:
            self.environment.parsed_options.stop_timeout = seconds

    def tell_workers(self, run, client_id=None):
        # Before the first user: a worker waits for the next sign of life only once it has heard one.
        self.heartbeat.tell()
        told = {"runId": run.run_id, "key": run.key}
        if run.seconds_left() is not None:
            told["secondsLeft"] = run.seconds_left()
        self.runner.send_message(MESSAGE, told, client_id)

    def _spawn(self, users, spawn_rate):
        """As Locust's own page does it; its Stop finds the greenlet where it looks for it."""
        compat.kill_swarm(self.web_ui)
        self.starting = True
        greenlet = gevent.spawn(self.runner.start, users, spawn_rate)
        if self.web_ui is not None:
            self.web_ui._swarm_greenlet = greenlet

    def set_users(self, told):
        self._check_fence(told.get("fence"))
        run = self._current(told["runId"])
        if run.phase not in ("starting", "running"):
            raise Refused("not_running", "The run is %s; its users cannot be changed." % run.phase)
        # In the answer to figures it may arrive later than what was ordered after it.
        at = told.get("at", run.users_at)
        if at < run.users_at:
            return
        run.users_at = at
        spawn_rate = told.get("spawnRate") or run.spawn_rate
        if (run.users, run.spawn_rate) == (told["users"], spawn_rate):
            return
        run.set_users(told["users"], spawn_rate)
        self._spawn(run.users, run.spawn_rate)

    def stop(self, told):
        """Followed in the background: stopping takes as long as the users do."""
        self._check_fence(told.get("fence"))
        run = self._current(told["runId"])
        if run.phase in ("starting", "running"):
            self._stop_because(run, told.get("cause") or "manager")

    def _stop_because(self, run, cause):
        run.stopping(cause)
        gevent.spawn(self._stop_load)

    def _stop_load(self):
        try:
            compat.kill_swarm(self.web_ui)
            self.runner.stop()
        except Exception:
            logger.exception("the load could not be stopped; it is tried again")

    def on_test_start(self):
        run = self.run
        if self.starting and run is not None and run.active:
            self.starting = False
        else:
            run = self._external_run()
            if run is None:
                return
        run.began(dict(self.versions, boot=self.boot.hex()), self.environment.host)
        self.sender.wake.set()
        # Now that the deadline is known, and before the first order to spawn.
        self.tell_workers(run)

    def _external_run(self):
        """Somebody started load at Locust itself: a run of its own, named when the server has answered."""
        if not self.settings.has_scope or not self.sender.urls:
            logger.info("LOAD_MANAGER_ACCOUNT_ID, _ORG_ID and _PROJECT_ID are not set: this run is not registered.")
            self.run = None
            return None
        outbox = Outbox(None, 1, self.boot, self.settings.spool_bytes)
        self.run = run = self._new_run(outbox, 1, self.fence, external=True)
        users = int(getattr(self.runner, "target_user_count", 0) or 0)
        run.set_users(users, float(getattr(self.runner, "spawn_rate", 0) or 1))
        self.tell_workers(run)
        gevent.spawn(external_runs.register, self, run, "%s:%d" % (self.boot.hex(), self.started))
        return run

    def on_test_stopping(self):
        """Whoever stopped it: without a stop of ours it was Locust's page, or the last worker is gone."""
        run = self.run
        if run is not None and run.active:
            run.stopping("locust_ui" if compat.live_workers(self.runner) else "no_workers")

    def on_test_stop(self):
        run = self.run
        if run is not None and run.active:
            run.stopping("locust_ui" if compat.live_workers(self.runner) else "no_workers")
            run.stopped_at = time.monotonic()

    def on_report(self, client_id, data):
        run = self.run
        if run is None or not run.active:
            return
        key = data["lm"].get("key") if "lm" in data else run.key
        if key != run.key:
            # Joined during the run (Locust before 2.15 has no event for it), or still speaks of the run before.
            self.tell_workers(run, client_id)
            if key is not None:
                return
        run.collector.report(client_id, data)

    def on_worker_connect(self, client_id):
        if self.run is not None and self.run.active:
            self.tell_workers(self.run, client_id)

    def _watch(self):
        while True:
            gevent.sleep(TICK_SECONDS)
            try:
                self.heartbeat.tick()
                self._look()
            except Exception:
                logger.exception("the look at the run failed; the next one follows")

    def _look(self):
        run = self.run
        now = time.monotonic()
        if run is None or not run.active:
            self._end_if_forgotten(now)
            return
        if run.phase == "running":
            run.watch.look(run.users)
        run.collector.tick()
        if run.phase == "running":
            if run.deadline is not None and now >= run.deadline:
                self._stop_because(run, "deadline")
            elif run.too_many_failed():
                self._stop_because(run, "autostop")
        if run.phase != "stopping":
            return
        idle = self.runner.state not in BUSY_STATES and self.runner.user_count == 0
        self.idle_since = (self.idle_since or now) if idle else None
        if run.stopped_at is None and not idle and now - run.stop_tried > STOP_AGAIN_SECONDS:
            run.stop_tried = now
            gevent.spawn(self._stop_load)
        if run.stopped_at is None and self.idle_since is not None and now - self.idle_since > IDLE_SECONDS:
            run.stopped_at = now
        if run.stopped_at is not None and (run.all_reported() or now - run.stopped_at > LAST_REPORTS_SECONDS):
            run.end()
            # Listeners of the script may be asked before ours when the next load begins.
            self.environment.load_manager_run_id = None
            self.starting = False
            self.sender.wake.set()

    def _end_if_forgotten(self, now):
        """Its server is gone for good: the processes of a run must not stay forever. What is spooled stays on disk."""
        if self.settings.run_dir is None or now - self.asked_at < LONELY_SECONDS:
            return
        logger.warning("Nobody has asked for this master for %d s; it ends.", LONELY_SECONDS)
        self.asked_at = now
        os.kill(os.getpid(), signal.SIGTERM)

    def _answered(self, outbox, answer):
        run = self.run
        if run is None or run.outbox is not outbox:
            return
        run.collector.send_names_again(answer.get("unknownEndpoints") or [])
        for command in answer.get("commands") or []:
            if command["runId"] != run.run_id:
                continue
            try:
                (self.stop if command["type"] == "stop" else self.set_users)(command)
            except Refused as refused:
                logger.warning("a command was not followed: %s", refused)

    def status(self):
        return status.of(self)
