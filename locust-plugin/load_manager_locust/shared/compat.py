"""The differences between Locust's versions (2.12.1 to 2.47)."""
import sys

import locust
from locust import argument_parser, runners
from locust.rpc.protocol import Message
from locust.user.task import filter_tasks_by_tags
from locust.util.load_locustfile import load_locustfile

try:
    # 2.40 and newer: User classes of functions as of pytest, where a script has no class of its own.
    from locust.util.load_locustfile import load_locustfile_pytest
except ImportError:
    load_locustfile_pytest = None


def locust_version():
    return getattr(locust, "__version__", "") or "2.12.1"


def repair_version():
    """Debian's 2.12.1 has an empty version, and its master refuses every worker without a version as too old."""
    if not getattr(runners, "__version__", None):
        runners.__version__ = locust_version()
        locust.__version__ = locust_version()


def ignore_settings_files():
    """
    Locust reads ``locust.conf`` and ``pyproject.toml`` of its working directory: those of a script must not start a run of
    their own (``headless``, ``autostart``) or end one (``run-time``).
    """
    make_parser = argument_parser.get_empty_argument_parser

    def without_files(add_help=True, default_config_files=()):
        return make_parser(add_help=add_help, default_config_files=[])

    argument_parser.get_empty_argument_parser = without_files


def _is_older_than(major, minor):
    parts = (locust_version().split(".") + ["0"])[:2]
    return [int(part) if part.isdigit() else 0 for part in parts] < [major, minor]


# From 2.19 on Locust ends a worker whose master has been silent for a minute.
LACKS_MASTER_TIMEOUT = _is_older_than(2, 19)

# A worker's state as a number of the wire format; 0: any other.
STATE_NUMBERS = {"ready": 1, "spawning": 2, "running": 3, "missing": 4, "stopped": 5}
LIVE_STATES = ("ready", "spawning", "running")


def available_user_classes(environment):
    """{name: User class}: every one of the script, also those that do not run by themselves (weight 0)."""
    return environment.available_user_classes or environment.user_classes_by_name


def take_out_tasks(user_class, tags, exclude_tags):
    """The tasks of a User class, and of what is nested in it, that do not fit. ``None``: no such tags."""
    filter_tasks_by_tags(user_class, tags, exclude_tags)


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


def memory_bytes(node):
    """Resident memory, as a worker has last said; 0 before that."""
    return getattr(node, "memory_usage", 0) or 0


def last_heartbeat(runner):
    """When a worker has last heard of its master, as a value that changes each time; before 2.19 Locust's master sends nothing."""
    return getattr(runner, "last_heartbeat_timestamp", None)


def knows_worker(runner, worker_id):
    clients = getattr(runner, "clients", None)
    return clients is not None and worker_id in clients


def tell_to_quit(runner, worker_id):
    """By Locust's own message: the worker stops its users, and its process ends."""
    runner.send_message("quit", None, worker_id)


def target_users_by_class(runner):
    return dict(getattr(runner, "target_user_classes_count", None) or {})


def chosen_classes(runner):
    """The names of the User classes that the master gives users."""
    return set(getattr(runner, "user_classes_by_name", None) or {})


def set_users_of(runner, worker_id, classes):
    """``classes``: {class: users} of a worker, as the reports of Locust set it."""
    if knows_worker(runner, worker_id):
        runner.clients[worker_id].user_classes_count = classes


def has_shape_running(runner):
    """Whether Locust follows a LoadTestShape."""
    return getattr(runner, "shape_greenlet", None) is not None


def shape_of(environment):
    """The LoadTestShape that Locust would follow: the first of the script; ``None``: the script has none."""
    known = getattr(environment, "available_shape_classes", None) or {}
    return environment.shape_class or next(iter(known.values()), None)


def shape_error(runner):
    """What a LoadTestShape has raised, or Locust because of what it gave: Locust does not ask it any more then."""
    return getattr(getattr(runner, "shape_greenlet", None), "exception", None)


def end_shape(runner):
    """
    Locust itself does not end a shape that has not started users yet, and a shape that begins with the users of the one before
    would be taken for unchanged.
    """
    greenlet = getattr(runner, "shape_greenlet", None)
    if greenlet is not None:
        greenlet.kill(block=True)
        runner.shape_greenlet = None
    runner.shape_last_tick = None


def kill_spawning(web_ui):
    """
    Ends the greenlet that spawns users: ``runner.stop()`` does not end it, ramp-up would go on, and Locust would be "running"
    for good at its end.
    """
    greenlet = getattr(web_ui, "_swarm_greenlet", None)
    if greenlet is not None:
        greenlet.kill(block=True)
        web_ui._swarm_greenlet = None


def locust_parser():
    """A parser of Locust's own options alone."""
    parser = argument_parser.get_empty_argument_parser()
    argument_parser.setup_parser_arguments(parser)
    return parser


def full_parser():
    """A parser of Locust's options and the script's. Calls the script's listeners, as Locust's own page does each time."""
    return argument_parser.get_parser()


def locust_option_names():
    """Names and flags of Locust's own options, with ``_`` between words: ``num_users`` and ``users``."""
    if not _locust_option_names:
        for action in locust_parser()._actions:
            flags = [flag.lstrip("-") for flag in action.option_strings if flag.startswith("--")]
            _locust_option_names.update(name.replace("-", "_") for name in [action.dest] + flags)
    return _locust_option_names


_locust_option_names = set()


def marks_secrets():
    """Whether ``add_argument`` of this Locust knows ``is_secret``."""
    return any(hasattr(action, "is_secret") for action in locust_parser()._actions)


def is_secret(action, is_text):
    """
    Where Locust has no mark for secrets, an option that takes any text is one, unless the script has set ``is_secret`` on what
    ``add_argument`` returns.
    """
    return bool(getattr(action, "is_secret", is_text and not marks_secrets()))


def command_line():
    return sys.argv[1:]


def load_script(path):
    """Imports the script. → ({name: User class}, [load shape])"""
    found = load_locustfile(path)
    classes = next(part for part in found if isinstance(part, dict))
    shapes = found[-1]
    if not classes and load_locustfile_pytest is not None:
        classes = load_locustfile_pytest(path)
    return classes, shapes if isinstance(shapes, list) else [shapes] if shapes else []


def can_be_sent(value):
    """Whether Locust's messages can hold the value."""
    try:
        Message("spawn", {"value": value}, None).serialize()
        return True
    except (TypeError, ValueError, OverflowError):
        return False


def listen_first(hook, listener):
    """Before the listeners of the script: one that raises StopUser or RescheduleTask ends the event for those after it."""
    hook.add_listener(listener)
    hook._handlers.remove(listener)
    hook._handlers.insert(0, listener)
