"""Keeps Locust's own reports going, which end for good at the first value of a script that Locust cannot send."""
import logging

from locust import runners
from locust.exception import RPCError

from . import script_values

logger = logging.getLogger("load_manager")


def install(runner, note):
    """
    Wraps Locust's ``_send_stats``. ``note(text)`` is called with the reason why a report could not be made: at once, and not
    only when Locust has tried for the last time. Locust logs each try.
    """
    original_message = runners.Message
    original = runner._send_stats

    class Message(original_message):
        def serialize(self):
            try:
                return super(Message, self).serialize()
            except Exception as error:
                if self.type == "stats":
                    note(_reason_of(error))
                raise

    def send_stats(*args, **kwargs):
        try:
            return original(*args, **kwargs)
        except RPCError:
            # Locust tells its connection's errors and goes on by itself.
            raise
        except Exception as error:
            note(_reason_of(error))
            logger.error("Locust's own report could not be sent; its page is behind: %s", _reason_of(error))

    runners.Message = Message
    runner._send_stats = send_stats


def _reason_of(error):
    return script_values.error_text(error)
