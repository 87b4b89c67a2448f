"""Finds listeners of the script that raise: Locust catches what they raise, and writes it to its log."""
import logging
import sys
import traceback

from . import texts, tracebacks

# How Locust's message begins, on all versions.
_BEGIN = "Uncaught exception in event handler"
MAX_KINDS = 5


class ListenerErrors(logging.Handler):
    """
    Of the log, since Locust has no event for it, and its events are too hot to be wrapped. ``tell(event, message, traceback)``
    is called once per event and line that raises, at most ``MAX_KINDS`` times.
    """

    def __init__(self, events, tell):
        super(ListenerErrors, self).__init__(logging.ERROR)
        self.events = events
        self.tell = tell
        self.kinds = set()
        logging.getLogger().addHandler(self)

    def clear(self):
        """Another run begins."""
        self.kinds.clear()

    def emit(self, record):
        try:
            error = sys.exc_info()[1]
            if error is not None and isinstance(record.msg, str) and record.msg.startswith(_BEGIN):
                self._note(error)
        except Exception:
            # What is logged here would come here again.
            pass

    def _note(self, error):
        first = last = error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        event = self._name_of(first.tb_frame.f_locals.get("self"))
        if _is_of_older_events(first.tb_frame.f_locals.get("handler")):
            return
        kind = event, last.tb_frame.f_code.co_filename, last.tb_lineno
        if kind in self.kinds or len(self.kinds) >= MAX_KINDS:
            return
        self.kinds.add(kind)
        where = texts.short_text("".join(traceback.format_tb(first)), texts.MAX_ERROR)
        text = traceback.format_exception_only(type(error), error)[-1].strip()
        self.tell(event, texts.short_text(text, texts.MAX_REASON) + tracebacks.place_of(where), where)

    def _name_of(self, hook):
        names = [name for name, one in vars(self.events).items() if one is hook]
        return names[0] if names else "(an event of its own)"


def _is_of_older_events(handler):
    """Up to 2.14 Locust itself listens to ``request``, for older events, and raises where a script leaves out an argument such as ``context``."""
    return getattr(handler, "__module__", None) == "locust.event"
