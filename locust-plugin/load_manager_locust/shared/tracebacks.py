"""The line of the script in a traceback."""
import re

# The path and the number of a line of a formatted traceback.
_LINE = re.compile(r'File "([^"]+)", line (\d+)')
# Parts of the paths of Python, of installed packages and of the plugin.
_NOT_THE_SCRIPT = ("site-packages", "dist-packages", "/lib/python", "load_manager_locust", "<frozen")


def place_of(traceback):
    """For people, to follow a message: `` (locustfile.py, line 7)``; empty where the traceback has no line of the script."""
    for path, line in reversed(_LINE.findall(traceback)):
        if not any(part in path for part in _NOT_THE_SCRIPT):
            return " (%s, line %s)" % (re.split(r"[/\\]", path)[-1], line)
    return ""
