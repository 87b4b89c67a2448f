"""``load-manager-locust <Locust's own arguments>``: starts Locust with the plugin installed."""
import sys

from .shared import pidfile, settings


def main():
    """Does not return: ends the process with Locust's exit code."""
    environment = settings.from_environment()
    if environment.run_dir and environment.role:
        # Before the import of Locust, which may fail: the server must be able to find the process in any case.
        pidfile.write(environment.run_dir, environment.role)
    import locust  # noqa: F401  (first: it patches the standard library for gevent)

    from . import plugin
    from .shared import compat

    compat.repair_version()
    plugin.install()
    from locust.main import main as locust_main

    sys.exit(locust_main())


if __name__ == "__main__":
    main()
