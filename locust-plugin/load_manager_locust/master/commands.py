"""Carries out the commands of the server: attach, start, set users, stop. They arrive over HTTP or in answers to batches."""
import logging
import os
import time

import gevent

from ..delivery.outbox import Outbox
from ..shared import compat
from .auto_stop import AutoStop
from .load_profile import profile_of
from .refused import Refused, setting_refused
from .run import RUNNING, STARTING, run_url_of, time_limit_of
from .script_settings import RunSettings

logger = logging.getLogger("load_manager")

# Locust's own report, by which a master knows the plugin of a worker, comes every three seconds.
WORKERS_KNOWN_SECONDS = 4.0


class Commands(object):
    """
    ``fence``: the highest that a command has carried. Each command takes its ``payload`` as PROTOCOL.md describes it, and
    raises Refused, or KeyError, TypeError or ValueError where the payload is malformed; nothing has changed then but the
    fence and the destination.
    """

    def __init__(self, controller):
        self.controller = controller
        self.fence = 0
        self._started_run_ids = set()

    def attach(self, payload):
        """Another server, or the same one with other addresses, manages the run of this master from now on."""
        self._take_over(payload)
        run = self.controller.run
        if run is not None and run.run_id == payload.get("runId"):
            run.fence = self.fence
            time_limit, url = time_limit_of(payload), run_url_of(payload)
            run.url = url or run.url
            if payload.get("autoStop") is not None:
                run.auto_stop.set_rule(payload["autoStop"])
            if run.set_time_limit(time_limit):
                self.controller.send_run_to_workers(run)

    def start(self, payload):
        """Starts load once per run id, however often the command comes."""
        settings = RunSettings(payload)
        self._await_plugins(payload["runId"], settings)
        self._take_over(payload)
        controller = self.controller
        run = controller.run
        run_id = payload["runId"]
        if run is not None and run.run_id == run_id:
            run.fence = self.fence
            return
        # Another run, or load of somebody at Locust, has been here since.
        if run_id in self._started_run_ids:
            raise Refused("already_ran", "The load of this run has been here before; a run starts once.", run_id)
        if (run is not None and run.active) or controller.load.is_busy:
            raise Refused("busy", "Locust is busy with another run.", run.run_id if run is not None else None)
        if not compat.live_workers(controller.runner):
            raise Refused("no_workers", "No worker is connected to this master.")
        # The whole command is read before anything is changed.
        profile = profile_of(payload, controller.environment)
        time_limit, auto_stop = time_limit_of(payload), AutoStop(payload.get("autoStop"))
        clock_ahead, url = float(payload.get("clockAheadSeconds") or 0), run_url_of(payload)
        controller.script_settings.apply(settings)
        self._started_run_ids.add(run_id)
        run = controller.new_run(self._outbox_of(run_id), auto_stop=auto_stop, clock_ahead=clock_ahead, profile=profile)
        run.url = url
        run.collector.endpoint_groups = settings.endpoint_groups
        run.set_time_limit(time_limit)
        if payload.get("quitWorkers"):
            run.quit_workers_at_end()
        if payload.get("host"):
            controller.environment.host = payload["host"]
        controller.load.set_stop_timeout(payload.get("stopTimeoutSeconds") or 0)
        controller.send_run_to_workers(run)
        profile.begin(controller, run)

    def _await_plugins(self, run_id, settings):
        """A worker without the plugin cannot be given settings of the script."""
        controller = self.controller
        is_repeated = controller.run is not None and controller.run.run_id == run_id
        if settings.any_field is None or is_repeated or controller.settings.run_dir:
            return
        limit = time.monotonic() + WORKERS_KNOWN_SECONDS
        while True:
            others = [one for one in compat.live_worker_ids(controller.runner) if one not in controller.settings_workers]
            if not others:
                return
            if time.monotonic() >= limit:
                message = "Worker %s does not have the plugin of this version, which %s needs on every worker."
                raise setting_refused(settings.any_field, message % (others[0], settings.any_field))
            gevent.sleep(0.1)

    def _outbox_of(self, run_id):
        settings = self.controller.settings
        spool_path = os.path.join(settings.run_dir, "spool.bin") if settings.run_dir else None
        return Outbox(run_id, self.controller.master_instance_id, settings.spool_bytes, spool_path)

    def set_users(self, payload):
        self._check_fence(payload)
        run = self._current_run(payload["runId"])
        if run.phase not in (STARTING, RUNNING):
            raise Refused("not_running", "The run is %s; its users cannot be changed." % run.phase)
        if run.profile.may_get_users:
            raise Refused("not_running", "The load profile of the run decides how many users it has.")
        # Commands arrive in two ways, so an older one may come after a newer one.
        command_number = payload.get("commandNumber", run.users_command_number)
        if command_number < run.users_command_number:
            return
        users, spawn_rate = payload["users"], payload.get("spawnRate") or run.spawn_rate
        run.users_command_number = command_number
        if (run.target_users, run.spawn_rate) == (users, spawn_rate):
            return
        run.set_target(users, spawn_rate)
        self.controller.load.set_users(users, spawn_rate)

    def stop(self, payload):
        """Returns at once; the load stops in the background."""
        self._check_fence(payload)
        run = self._current_run(payload["runId"])
        if run.phase in (STARTING, RUNNING):
            self.controller.stop_run(run, payload.get("cause") or "manager")

    def follow_answer(self, outbox, answer):
        """The server's answer to a batch: endpoints and texts that it does not know, and commands."""
        run = self.controller.run
        if run is None or run.outbox is not outbox:
            return
        run.collector.resend(answer.get("unknownIds") or [])
        for command in answer.get("commands") or []:
            if command["runId"] != run.run_id:
                continue
            carry_out = {"stop": self.stop, "setUsers": self.set_users}.get(command["type"])
            if carry_out is None:
                logger.warning("the server sent a command that this plugin does not know: %s", command["type"])
                continue
            try:
                carry_out(command)
            except Refused as refused:
                logger.warning("a command of the server was refused: %s", refused)

    def _take_over(self, payload):
        self._check_fence(payload)
        self.controller.sender.set_destination(payload.get("urls") or [], payload.get("token"))

    def _check_fence(self, payload):
        fence = payload.get("fence")
        if fence is None:
            return
        if fence < self.fence:
            raise Refused("stale_fence", "Another server has taken over this cluster (fence %d)." % self.fence)
        self.fence = fence

    def _current_run(self, run_id):
        run = self.controller.run
        if run is None or run.run_id != run_id:
            raise Refused("unknown_run", "This master does not know the run %s." % run_id)
        return run
