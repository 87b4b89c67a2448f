"""Texts that scripts make: repaired and shortened, so that they can be sent and stored, and named by an id."""
import hashlib
import re

# In characters; a name beyond that is shortened, so that the names of two endpoints stay different.
MAX_NAME = 1000
MAX_ERROR = 2000
MAX_TRACEBACK = 8000
# An exception in the reason of a run.
MAX_REASON = 300
_DIGEST = 8
# In the place of a hidden value. Shorter ones than this are in most texts, and tell nothing.
_HIDDEN = "***"
_SHORTEST_HIDDEN = 8
_always_hidden = set()
_hidden_values = []
# Memory addresses in the texts of objects: each object would be a kind of its own.
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")

# Kinds of errors and of exceptions that are told apart in a run; the further ones are counted under OTHER_TEXT.
MAX_KINDS = 200


def repaired(text):
    """The text with U+FFFD in place of each lone surrogate, which UTF-8 cannot express."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def short_name(text):
    """A name or method of an endpoint as it is counted."""
    text = repaired(text)
    if len(text) <= MAX_NAME:
        return text
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:_DIGEST]
    return text[: MAX_NAME - 1 - _DIGEST] + u"\u2026" + digest


def hide(values):
    """From now on errors, exceptions and reasons have ``***`` in the place of these values, and of each line of them."""
    _always_hidden.clear()
    _always_hidden.update(_lines_of(values))
    hide_for_run(())


def hide_for_run(values):
    """The same for values of one run, in the place of those of the run before."""
    _hidden_values[:] = sorted(_always_hidden | _lines_of(values), key=len, reverse=True)


def _lines_of(values):
    return {line for value in values for line in value.split("\n") if len(line) >= _SHORTEST_HIDDEN}


def without_hidden(text):
    for value in _hidden_values:
        text = text.replace(value, _HIDDEN)
    return text


def texts_in(value):
    """The texts of an option's value, which may be a list."""
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def without_addresses(text):
    return _ADDRESS.sub("at 0x....", text) if "0x" in text else text


def short_text(text, most):
    """The text of an error, or a traceback, of at most ``most`` characters."""
    # Before anything is cut off: a part of a hidden value would not be found.
    text = without_hidden(text)
    if len(text) > most:
        text = text[: 2 * most]
    text = without_addresses(repaired(text))
    return text if len(text) <= most else text[:most]


def text_id(text):
    """8 bytes. ``text`` has been repaired."""
    return hashlib.sha256(text.encode("utf-8")).digest()[:8]


OTHER_TEXT = "(other)"
OTHER_TEXT_ID = text_id(OTHER_TEXT)
