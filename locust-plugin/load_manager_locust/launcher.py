"""``load-manager-locust <Locust's own arguments>``: starts Locust with the plugin installed."""
import os
import sys

from .shared import pidfile, settings


def import_nothing_of_the_script():
    """
    The working directory is the script's folder, and `python -m` puts it first on the path: until Locust loads the script, and puts
    it there itself, a file of the script must not be imported in the place of a module of that name. From 3.11 on
    PYTHONSAFEPATH sees to it, which programs that the script starts should not inherit.
    """
    os.environ.pop("PYTHONSAFEPATH", None)
    here = os.getcwd()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]


def main():
    """Does not return: ends the process with Locust's exit code."""
    environment = settings.from_environment()
    if environment.run_dir and environment.role:
        # Before the import of Locust, which may fail: the server must be able to find the process in any case.
        pidfile.write(environment.run_dir, environment.role)
        import_nothing_of_the_script()
    import locust  # (first: it patches the standard library for gevent)

    from . import plugin
    from .shared import compat, script_options

    compat.repair_version()
    if environment.run_dir and environment.role:
        compat.ignore_settings_files()
    if environment.script_options:
        script_options.apply_at_start(environment.script_options, environment.hidden_options, locust.events)
    plugin.install()
    from locust.main import main as locust_main

    sys.exit(locust_main())


if __name__ == "__main__":
    main()
