"""Asks at the start whether the server is reached and takes our batches, and logs the answer: nothing else may be sent for days."""
import logging

import gevent

from ..delivery.sender import SAMPLES
from ..shared import wire

logger = logging.getLogger("load_manager")

RETRY_SECONDS = 5


def start(controller):
    missing = controller.settings.missing
    if missing:
        logger.warning("Runs that are started at Locust itself are not registered at Load Manager: %s", _not_set(missing))
    if controller.sender.urls:
        gevent.spawn(_greet, controller)


def _not_set(names):
    return "%s %s not set." % (", ".join(names), "is" if len(names) == 1 else "are")


def _greet(controller):
    """Repeated until the server has taken it; each kind of refusal is logged once."""
    sender = controller.sender
    batch = wire.batch("", controller.master_instance_id, [])
    told = set()
    while True:
        urls = sender.urls
        response = sender.post(SAMPLES, data=batch, headers={"Content-Type": "application/vnd.load-manager.batch"})
        status = None if response is None else response.status_code
        if status == 200:
            logger.info("connected to Load Manager at %s%s", sender.urls[0], _scope_of(controller.settings))
            return
        if status not in told:
            told.add(status)
            _log_refusal(status, urls, sender.last_error if response is None else response.text[:300])
        gevent.sleep(RETRY_SECONDS)


def _scope_of(settings):
    if not settings.has_scope:
        return ""
    names = [settings.scope[field] for field in ("accountId", "orgId", "projectId", "envId") if field in settings.scope]
    return "; runs that are started here are of %s" % "/".join(names)


def _log_refusal(status, urls, reason):
    where = ", ".join(urls)
    if status is None:
        logger.warning("Load Manager does not answer at LOAD_MANAGER_URL (%s); the plugin goes on trying: %s", where, reason)
    elif status == 401:
        message = "Load Manager at %s refuses LOAD_MANAGER_TOKEN: it must be the server's security.locustCallbackToken."
        logger.error(message, where)
    else:
        logger.error("Load Manager at %s does not take metrics of this plugin (status %d): %s", where, status, reason)
