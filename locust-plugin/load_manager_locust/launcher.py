"""``load-manager-locust <Locust's own arguments>``: Locust with the plugin inside, whatever the script says."""
import sys

from .shared import pidfile, settings


def main():
    told = settings.from_environment()
    if told.run_dir and told.role:
        pidfile.write(told.run_dir, told.role)
    import locust  # noqa: F401  (first: it patches the standard library for gevent)

    from . import plugin
    from .shared import compat

    compat.mend_version()
    plugin.install()
    from locust.main import main as locust_main

    sys.exit(locust_main())


if __name__ == "__main__":
    main()
