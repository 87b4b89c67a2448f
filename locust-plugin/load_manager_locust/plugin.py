"""Installs the plugin into a Locust process, master or worker."""
import logging

from locust import events
from locust.runners import MasterRunner, WorkerRunner

from .shared import clock, texts
from .shared import settings as settings_module

logger = logging.getLogger("load_manager")
_installed = []


def install():
    """Waits for Locust's ``init`` event, which has the runner. Further calls in the same process do nothing."""
    if _installed:
        return
    _installed.append(True)
    clock.replace_locust_clock()
    events.init.add_listener(_on_init)


def _on_init(environment, runner=None, web_ui=None, **_):
    # From 2.32.5 on Locust ends when a listener of ``init`` raises.
    try:
        settings = settings_module.from_environment()
        texts.hide(settings.hidden)
        if isinstance(runner, WorkerRunner):
            from .worker import install as worker

            worker.install(environment, runner, settings)
        elif isinstance(runner, MasterRunner):
            from .master import install as master

            master.install(environment, runner, web_ui, settings)
        else:
            logger.warning(
                "Load Manager records nothing in this process: start Locust as a master with workers (--master, --worker)."
            )
    except Exception:
        logger.exception("Load Manager's plugin could not be installed; Locust runs without it")
