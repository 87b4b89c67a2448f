"""
``python -m load_manager_locust.outline ENTRYPOINT RESULT``: imports a script and writes what it defines to the file RESULT, as JSON.
The server starts it in a folder with the script's files, and limits its time; PROTOCOL.md describes the result. What the script starts ends with it
(``subreaper.py``).
"""
import json
import os
import sys
import traceback

MIB = 1024 * 1024
MEMORY_BYTES = 2048 * MIB
FILE_BYTES = 16 * MIB
# More than the server waits: it says the reason better. They count where the server was killed.
CPU_SECONDS = 15
SECONDS = 20

# What is beyond them is left out.
MAX_CLASSES = 200
MAX_TASKS = 500
MAX_OPTIONS = 200
MAX_CHOICES = 200
MAX_TAGS = 500
MAX_TEXT = 200
MAX_HELP = 1000
MAX_ERROR = 2000


def no_cores():
    """Of this process neither, which ends as the one that imports the script."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


def limit_resources():
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # The system allows less already.
            pass


def _short(value, most=MAX_TEXT):
    return str(value).encode("utf-8", "replace").decode("utf-8")[:most]


def _problem(error, folder, entrypoint):
    """Where the script's own code was when it raised, and what it raised."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    inside = [(path, line) for path, line in places if os.path.realpath(path).startswith(folder + os.sep)]
    path, line = inside[-1] if inside else (os.path.join(folder, entrypoint), None)
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    if isinstance(error, SystemExit):
        text = "The script ends Python while it is imported (%s)" % text
    found = {"file": _short(os.path.relpath(os.path.realpath(path), folder)), "message": _short(text, MAX_ERROR)}
    return dict(found, line=line) if line else found


def _task(task, weight):
    from .shared import tagged_tasks

    tags = set(getattr(task, "locust_tag_set", ()))
    if hasattr(task, "tasks"):
        tags |= tagged_tasks.tags_of([task])
    return {"name": _short(task.__name__), "weight": weight, "tags": sorted(map(_short, tags))[:MAX_TAGS]}


def _user_class(name, user_class):
    weights = {}
    for task in user_class.tasks:
        weights[task] = weights.get(task, 0) + 1
    found = {
        "name": _short(name),
        "weight": float(user_class.weight),
        "fixedCount": int(user_class.fixed_count),
        "tasks": [_task(task, weight) for task, weight in weights.items()][:MAX_TASKS],
    }
    return dict(found, host=_short(user_class.host)) if isinstance(user_class.host, str) else found


def _plain(value):
    """A default as JSON; ``None`` where there is none."""
    if isinstance(value, (list, tuple)):
        return [_short(one) for one in value][:MAX_CHOICES]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)) and abs(value) < 2 ** 53:
        return value
    return _short(value)


def _help(action, secret):
    """As argparse would show it, with `%(default)s` and the like filled in."""
    values = {key: value for key, value in vars(action).items() if value != "==SUPPRESS=="}
    if secret:
        values["default"] = "***"
    if action.choices is not None:
        values["choices"] = ", ".join(map(str, action.choices))
    try:
        return action.help % dict(values, prog="locust")
    except Exception:
        return action.help


def _option(name, actions):
    from .shared import script_options

    action = actions[0]
    is_list = action.nargs in ("*", "+") or isinstance(action.nargs, int) and action.nargs > 0
    secret = script_options.is_secret(actions)
    found = {
        "name": _short(name),
        "flags": [_short(flag) for one in actions for flag in one.option_strings],
        "type": script_options.kind_of(action),
        "secret": secret,
        "required": any(one.required for one in actions),
    }
    if is_list or type(action).__name__ in ("_AppendAction", "_ExtendAction"):
        found["multiple"] = True
    if script_options.is_count(action) or action.type is int:
        found["whole"] = True
    if action.choices is not None:
        found["choices"] = [_short(one) for one in action.choices][:MAX_CHOICES]
    if isinstance(action.help, str) and action.help != "==SUPPRESS==":
        found["help"] = _short(_help(action, secret), MAX_HELP)
    default = _plain(action.default)
    return found if secret or default is None else dict(found, default=default)


def _options(folder, entrypoint):
    """(options, problems of the listeners that add them)"""
    import locust

    from .shared import compat, script_options

    parser, problems = compat.locust_parser(), []
    # Locust itself would log what a listener raises, and go on without its options.
    for listener in locust.events.init_command_line_parser._handlers:
        try:
            listener(parser=parser)
        except (Exception, SystemExit) as error:
            problems.append(_problem(error, folder, entrypoint))
    actions = script_options.own_actions(parser)
    return [_option(name, actions[name]) for name in list(actions)[:MAX_OPTIONS]], problems


def outline_of(entrypoint):
    """Imports the script. Never raises."""
    folder = os.path.realpath(os.getcwd())
    try:
        from .shared import compat, tagged_tasks

        classes, shapes = compat.load_script(os.path.abspath(entrypoint))
        options, problems = _options(folder, entrypoint)
        found = {
            "locustVersion": compat.locust_version(),
            "userClasses": [_user_class(name, classes[name]) for name in list(classes)[:MAX_CLASSES]],
            "shapeClasses": [_short(type(shape).__name__) for shape in shapes],
            "options": options,
            "tags": sorted(map(_short, tagged_tasks.tags_of(classes.values())))[:MAX_TAGS],
            "locustOptions": sorted(compat.locust_option_names()),
        }
        return {"problems": problems, "found": found}
    except BaseException as error:
        return {"problems": [_problem(error, folder, entrypoint)]}


def _write(path, outline):
    """The file appears with all of its content, or not at all."""
    with open(path + ".part", "w") as file:
        json.dump(outline, file)
    os.replace(path + ".part", path)


def main():
    from . import subreaper

    no_cores()
    subreaper.run(write_outline, SECONDS)


def write_outline():
    from .launcher import import_nothing_of_the_script

    entrypoint, result = sys.argv[1:]
    import_nothing_of_the_script()
    process = os.getpid()
    try:
        import locust  # noqa: F401  (first: it patches the standard library for gevent)

        from .shared import compat
    except Exception as error:
        _write(result, {"problems": [], "failed": _short("%s: %s" % (type(error).__name__, error), MAX_ERROR)})
        return

    compat.repair_version()
    compat.ignore_settings_files()
    # Locust's own import is not the script's.
    limit_resources()
    sys.argv[:] = ["locust", "-f", entrypoint]
    outline = outline_of(entrypoint)
    # A script may have made copies of this process.
    if os.getpid() == process:
        _write(result, outline)
    # Without the script's threads, and what it registered for the end.
    os._exit(0)


if __name__ == "__main__":
    main()
