"""Notes an exception that kills the greenlet in which Locust makes users: Locust prints it, and the users never come."""
import gevent


def install(runner, ends, recorder):
    """Wraps ``runner.start_worker``; ``ends``: UserEnds."""
    original = runner.start_worker

    def start_worker(*args, **kwargs):
        try:
            return original(*args, **kwargs)
        except gevent.GreenletExit:
            raise
        except BaseException as error:
            ends.add_spawn_error(error)
            recorder.exception(error, error.__traceback__)
            raise

    runner.start_worker = start_worker
