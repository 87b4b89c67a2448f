"""Who has called ``stop`` or ``quit`` of Locust's runner: the call stack tells it, on all versions of Locust."""
import os
import sys

import gevent
import locust

_LOCUST = os.path.dirname(os.path.abspath(locust.__file__)) + os.sep
_PLUGIN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_GEVENT = os.path.dirname(os.path.abspath(gevent.__file__)) + os.sep
# The functions between the caller and a listener of ``test_stopping``.
_BETWEEN = {("event.py", "fire"), ("runners.py", "stop"), ("runners.py", "quit")}
# How Locust stops a test because the script has raised StopTest.
_STOP_TEST = "runners.py", "handler"


def locust_caller():
    """(file, function) of Locust that has called; ``None``: the script has, or a greenlet that does nothing else."""
    frame = sys._getframe(1)
    while frame is not None:
        path, function = os.path.abspath(frame.f_code.co_filename), frame.f_code.co_name
        if path.startswith(_LOCUST):
            caller = path[len(_LOCUST) :], function
            if caller not in _BETWEEN:
                return None if caller == _STOP_TEST else caller
        elif not path.startswith((_PLUGIN, _GEVENT)):
            return None
        frame = frame.f_back
    return None
