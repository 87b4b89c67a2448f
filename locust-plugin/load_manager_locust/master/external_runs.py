"""Runs that somebody started in Locust's own page get their name from the server."""
import logging

import gevent

from ..delivery.sender import REGISTER

logger = logging.getLogger("load_manager")

AGAIN_SECONDS = 5


def register(control, run, external_key):
    """Asks until the server has answered; figures wait meanwhile. The same key is the same run, however often asked."""
    body = dict(
        control.settings.scope,
        targetUsers=max(1, run.users),
        spawnRate=run.spawn_rate,
        externalKey=external_key,
    )
    while run.run_id is None:
        response = control.sender.post(REGISTER, json=body)
        if response is not None and response.status_code < 300:
            answer = response.json()
            run.outbox.run_id = answer["runId"]
            run.limit(answer.get("maxSeconds"))
            break
        reason = control.sender.last_error if response is None else response.text[:500]
        logger.warning("This run could not be registered at Load Manager; it is tried again: %s", reason)
        gevent.sleep(AGAIN_SECONDS)
    if control.run is run and run.active:
        control.environment.load_manager_run_id = run.run_id
        control.tell_workers(run)
    control.sender.wake.set()
