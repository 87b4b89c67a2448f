"""Runs that somebody starts in Locust's own page: they are registered at the server, which gives them their id."""
import logging

import gevent

from ..delivery.outbox import Outbox
from ..delivery.sender import REGISTER

logger = logging.getLogger("load_manager")

RETRY_SECONDS = 5


def create(controller):
    """
    Makes a run of the load that is starting and registers it in the background. Returns ``None`` where the plugin is not
    configured for it; the load then has no run.
    """
    settings = controller.settings
    if not settings.has_scope or not controller.sender.urls:
        logger.info("This run is not registered at Load Manager: %s not set.", ", ".join(settings.missing))
        controller.run = None
        return None
    run = controller.new_run(Outbox(None, controller.master_instance_id, settings.spool_bytes), external=True)
    runner = controller.runner
    users = int(getattr(runner, "target_user_count", 0) or 0)
    run.set_target(users, float(getattr(runner, "spawn_rate", 0) or 1))
    controller.send_run_to_workers(run)
    gevent.spawn(_register, controller, run)
    return run


def _register(controller, run):
    """
    Asks until the server has answered; records wait meanwhile. The run key identifies the run, so that asking again cannot
    register it twice.
    """
    body = dict(
        controller.settings.scope,
        targetUsers=max(1, run.target_users),
        spawnRate=run.spawn_rate,
        externalKey=run.run_key,
    )
    while run.run_id is None:
        response = controller.sender.post(REGISTER, json=body)
        if response is not None and response.status_code < 300:
            answer = response.json()
            run.outbox.run_id = answer["runId"]
            logger.info("This run is registered at Load Manager as %s.", run.run_id)
            run.set_time_limit(answer.get("maxSeconds"))
            break
        reason = controller.sender.last_error if response is None else response.text[:500]
        logger.warning("This run could not be registered at Load Manager; the next try follows: %s", reason)
        gevent.sleep(RETRY_SECONDS)
    if controller.run is run and run.active:
        controller.environment.load_manager_run_id = run.run_id
        controller.send_run_to_workers(run)
    controller.sender.wake.set()
