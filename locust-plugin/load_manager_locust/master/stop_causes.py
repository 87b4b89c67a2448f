"""Why Locust stops a test: told from who has called its runner."""
from ..shared import compat, stop_caller

LOCUST_UI, DEADLINE, SHAPE_ENDED = "locust_ui", "deadline", "shape_ended"
SHAPE_FAILED = "shape_failed"
SCRIPT, NO_WORKERS, MASTER_ENDED = "script", "no_workers", "master_ended"
# {(file, function) of Locust: the cause}
_CAUSES = {
    ("web.py", "stop"): LOCUST_UI,
    # The run time that was given in Locust's own page, or by --run-time.
    ("web.py", "_stop_runners"): DEADLINE,
    ("main.py", "stop_and_optionally_quit"): DEADLINE,
    ("main.py", "timelimit_stop"): DEADLINE,
    ("runners.py", "shape_worker"): SHAPE_ENDED,
    # SIGTERM, Ctrl-C: the process ends.
    ("main.py", "shutdown"): MASTER_ENDED,
    ("runners.py", "on_quitting"): MASTER_ENDED,
    ("runners.py", "start"): MASTER_ENDED,
}


def cause_now(run):
    """The cause of the stop that is being carried out by the current greenlet, as in PROTOCOL.md."""
    caller = stop_caller.locust_caller()
    if caller is None:
        return SCRIPT
    if caller in _CAUSES:
        return _CAUSES[caller]
    if compat.live_workers(run.runner):
        return LOCUST_UI
    return SCRIPT if _has_script_stopped_the_last(run) else NO_WORKERS


def _has_script_stopped_the_last(run):
    """The workers that were lost before have been seen to be lost."""
    monitor = run.worker_monitor
    stopped = run.stopped_by_script
    return bool(stopped) and all(worker in stopped or worker in monitor.lost_ids for worker in monitor.worker_ids)
