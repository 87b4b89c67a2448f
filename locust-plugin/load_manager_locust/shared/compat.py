"""The differences between Locust's versions (2.12.1 to 2.47)."""
import gevent
import locust
from locust import runners


def locust_version():
    return getattr(locust, "__version__", "") or "2.12.1"


def repair_version():
    """Debian's 2.12.1 has an empty version, and its master refuses every worker without a version as too old."""
    if not getattr(runners, "__version__", None):
        runners.__version__ = locust_version()
        locust.__version__ = locust_version()


def _is_older_than(major, minor):
    parts = (locust_version().split(".") + ["0"])[:2]
    return [int(part) if part.isdigit() else 0 for part in parts] < [major, minor]


# From 2.19 on Locust ends a worker whose master has been silent for a minute.
LACKS_MASTER_TIMEOUT = _is_older_than(2, 19)

# A worker's state as a number of the wire format; 0: any other.
STATE_NUMBERS = {"ready": 1, "spawning": 2, "running": 3, "missing": 4, "stopped": 5}
LIVE_STATES = ("ready", "spawning", "running")


def workers_of(runner):
    """All worker nodes that the master knows."""
    clients = getattr(runner, "clients", None)
    return list(clients.all) if clients is not None else []


def live_workers(runner):
    return [node for node in workers_of(runner) if node.state in LIVE_STATES]


def live_worker_ids(runner):
    return [node.id for node in live_workers(runner)]


def cpu_percent(node):
    """Of one core, as a worker has last said; 0 before that."""
    return getattr(node, "cpu_usage", 0) or 0


def target_users_by_class(runner):
    return dict(getattr(runner, "target_user_classes_count", None) or {})


def real_users_by_class(runner):
    return dict(getattr(runner, "reported_user_classes_count", None) or {})


def is_in_shape(runner):
    """Whether the current greenlet is the one in which Locust follows a LoadTestShape."""
    shape_greenlet = getattr(runner, "shape_greenlet", None)
    return shape_greenlet is not None and shape_greenlet is gevent.getcurrent()


def kill_spawning(web_ui):
    """Ends the greenlet that spawns users: ``runner.stop()`` does not end it, and ramp-up would go on."""
    greenlet = getattr(web_ui, "_swarm_greenlet", None)
    if greenlet is not None:
        greenlet.kill(block=True)
        web_ui._swarm_greenlet = None
