"""The texts of failures. A target that fails does so with few texts, so each is made once: making one costs as much as counting it."""
from . import script_values

MAX_KNOWN = 500
# Longer ones, such as whole pages, would take too much memory.
MAX_LENGTH = 500


class ErrorTexts(object):
    """
    A known text is found by what makes it: the type of an exception and its only argument, a ``str``, or the ``str`` that is given
    as an exception. Where a type has a ``repr`` or a truth of its own, its code is asked each time.
    """

    def __init__(self):
        # {type: {str: text}}; ``False``: the text depends on more than the type and the arguments.
        self.known = {}
        self.known_count = 0

    def of(self, exception):
        """As it is counted; ``None``: by Locust's rule it is no failure."""
        kind = type(exception)
        # A metaclass might have a hash of its own.
        if type(kind) is type:
            known = self.known.get(kind)
            if known is None:
                known = self._known_of(kind)
            if known is not False:
                if kind is str:
                    made_of = exception
                else:
                    args = exception.args
                    made_of = args[0] if len(args) == 1 else None
                if type(made_of) is str:
                    return known.get(made_of) or self._remembered(exception, known, made_of)
        return _made(exception)

    def _remembered(self, exception, known, made_of):
        text = _made(exception)
        if text is not None and self.known_count < MAX_KNOWN and len(made_of) <= MAX_LENGTH:
            known[made_of] = text
            self.known_count += 1
        return text

    def _known_of(self, kind):
        known = {} if kind is str or _is_plain(kind) else False
        if len(self.known) < MAX_KNOWN:
            self.known[kind] = known
        return known


def _made(exception):
    return script_values.error_text(exception) if script_values.is_failure(exception) else None


def _is_plain(kind):
    return (
        issubclass(kind, BaseException)
        and kind.__repr__ is BaseException.__repr__
        and kind.args is BaseException.args
        and kind.__getattribute__ is BaseException.__getattribute__
        and not any("__bool__" in vars(base) or "__len__" in vars(base) for base in kind.__mro__)
    )
