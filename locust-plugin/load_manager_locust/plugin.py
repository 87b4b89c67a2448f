"""Hooks the plugin into a Locust process, master or worker."""
import logging

from locust import events
from locust.runners import MasterRunner, WorkerRunner

from .shared import clock
from .shared import settings as settings_module

logger = logging.getLogger("load_manager")
_installed = []


def install():
    """Once per process; what is to be done is known when Locust has made its runner."""
    if _installed:
        return
    _installed.append(True)
    clock.steady_locust()
    events.init.add_listener(_on_init)


def _on_init(environment, runner=None, web_ui=None, **_):
    # An exception in here would end Locust from 2.32.5 on.
    try:
        settings = settings_module.from_environment()
        if isinstance(runner, WorkerRunner):
            from .worker import recorder

            recorder.install(environment, runner, settings)
        elif isinstance(runner, MasterRunner):
            from .master import install as master

            master.install(environment, runner, web_ui, settings)
        else:
            logger.warning("Load Manager needs a master and workers (--master, --worker); nothing is recorded here.")
    except Exception:
        logger.exception("Load Manager's plugin could not be installed; Locust runs without it")
