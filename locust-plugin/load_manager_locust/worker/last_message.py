"""Runs something when a worker's users have stopped, and when its process ends."""


def after_stop(runner, action):
    """
    ``action()`` is called when all users have stopped and all listeners of ``test_stop`` have run, before Locust tells its
    master; also by a stop that finds nothing to stop.
    """
    original = runner.stop

    def stop(*args, **kwargs):
        result = original(*args, **kwargs)
        action()
        return result

    runner.stop = stop


def after_quitting(runner, action):
    """
    ``action()`` is called when all listeners of ``quitting`` have run and all users have stopped: a process that ends calls
    ``quit`` next, which ends the connection to the master.
    """
    original = runner.quit

    def quit_runner(*args, **kwargs):
        runner.stop()
        action()
        return original(*args, **kwargs)

    runner.quit = quit_runner
