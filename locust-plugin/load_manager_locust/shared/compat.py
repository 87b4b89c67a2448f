"""Where Locust's versions differ (2.12.1 to 2.47)."""
import locust
from locust import runners


def locust_version():
    return getattr(locust, "__version__", "") or "2.12.1"


def mend_version():
    """Debian's 2.12.1 does not know its own version, and then refuses every worker as too old."""
    if not getattr(runners, "__version__", None):
        runners.__version__ = locust_version()
        locust.__version__ = locust_version()


def _lacks_watchdog():
    parts = (locust_version().split(".") + ["0"])[:2]
    return [int(part) if part.isdigit() else 0 for part in parts] < [2, 19]


# From 2.19 on a worker ends by itself when its master has been silent for a minute.
LACKS_WATCHDOG = _lacks_watchdog()


def workers_of(runner):
    """All worker nodes that the master knows."""
    clients = getattr(runner, "clients", None)
    return list(clients.all) if clients is not None else []


STATES = {"ready": 1, "spawning": 2, "running": 3, "missing": 4, "stopped": 5}


def live_workers(runner):
    return [node for node in workers_of(runner) if node.state in ("ready", "spawning", "running")]


def target_by_class(runner):
    return dict(getattr(runner, "target_user_classes_count", None) or {})


def real_by_class(runner):
    return dict(getattr(runner, "reported_user_classes_count", None) or {})


def kill_swarm(web_ui):
    """Ends the greenlet that spawns users: ``runner.stop()`` alone does not, and ramp-up would go on."""
    greenlet = getattr(web_ui, "_swarm_greenlet", None)
    if greenlet is not None:
        greenlet.kill(block=True)
        web_ui._swarm_greenlet = None
