"""What a script gives to ``request.fire``, in the form in which it is counted. Nothing here raises whatever the script gives."""
import numbers

import gevent

from ..shared import texts

# A request that took longer than a day has no time, so that no sum of a second comes near 2^53 microseconds.
MAX_MS = 86400000.0
# In bytes, 16 TiB; a longer response counts as one of 0 bytes.
MAX_LENGTH = 2**44
MAX_EXAMPLE = 100
# These are meant for the greenlet or the process in which a script's own code runs, not for the text of a value.
PASS_ON = (gevent.GreenletExit, gevent.Timeout, KeyboardInterrupt, SystemExit)


def _type_name(value):
    """Also of a class whose metaclass hides it."""
    return type.__dict__["__name__"].__get__(type(value))


def _made(make, value):
    """(the text that ``make`` makes of a value, ``None``), or (``None``, the type of what it raised)."""
    try:
        text = make(value)
        # It may be an object of a class of the script's own.
        return (text if type(text) is str else str.__str__(text)), None
    except PASS_ON:
        raise
    except BaseException as error:
        return None, _type_name(error)


def endpoint_text(value):
    """A name or a method that is no ``str`` as text."""
    text, problem = _made(str, value)
    if problem is not None:
        return "(unprintable %s)" % _type_name(value)
    return text if isinstance(value, str) else texts.without_addresses(text)


def is_failure(exception):
    """By Locust's own rule, its truth."""
    try:
        return bool(exception)
    except PASS_ON:
        raise
    except BaseException:
        return True


def _locust_text(error):
    return str(error) if isinstance(error, str) else repr(error)


def error_text(exception):
    """The error of a failed request, as Locust words it."""
    return _described(_locust_text, exception)


def exception_text(exception):
    """The message of an exception that a task has raised."""
    return _described(str, exception)


def _described(make, value):
    text, problem = _made(make, value)
    if problem is not None:
        text = "%s (its text cannot be made: %s)" % (_type_name(value), problem)
    elif not text or text.isspace():
        text = "%s (without a text)" % _type_name(value)
    return texts.short_text(text, texts.MAX_ERROR)


def example_of(value):
    """An odd value for people to read."""
    text, problem = _made(repr, value[:MAX_EXAMPLE] if type(value) in (str, bytes) else value)
    if problem is not None:
        text = "%s (its text cannot be made: %s)" % (_type_name(value), problem)
    return texts.short_text(text, MAX_EXAMPLE)


def microseconds(value):
    """A response time in ms → (whole microseconds or ``None``, what is odd about it or ``None``)."""
    if value is None:
        return None, None
    number, problem = _number(value, MAX_MS)
    return (None, problem) if problem else (int(round(number * 1000)), None)


def length(value):
    """The length of a response → (whole bytes, what is odd about it or ``None``)."""
    if value is None:
        return 0, None
    number, problem = _number(value, MAX_LENGTH)
    return (0, problem) if problem else (int(number), None)


def _number(value, most):
    """(a number from 0 to ``most``, ``None``), or (``None``, what is odd about the value)."""
    try:
        if isinstance(value, (str, bytes)):
            return None, "text"
        if not isinstance(value, numbers.Real):
            return None, "type"
        number = float(value)
        if number != number:
            return None, "nan"
        if number < 0:
            return None, "negative"
        if number > most:
            return None, "infinite" if number == float("inf") else "too_large"
        return number, None
    except OverflowError:
        # A whole number or a fraction that no float can express.
        return None, "too_large" if value > 0 else "negative"
    except PASS_ON:
        raise
    except BaseException:
        return None, "type"
