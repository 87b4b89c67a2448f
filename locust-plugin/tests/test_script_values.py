"""Whatever a script gives to ``request.fire`` has a form in which it is counted."""
import datetime
import decimal
import fractions
import numbers

import gevent
import pytest

from load_manager_locust.shared import texts
from load_manager_locust.worker import script_values as values
from load_manager_locust.worker.error_texts import ErrorTexts

BEYOND_FLOAT = 10**400


class Broken(object):
    def __str__(self):
        raise RuntimeError("str")

    __repr__ = __str__


class Worse(object):
    def __str__(self):
        raise BaseException("str")

    __repr__ = __str__

    def __bool__(self):
        raise BaseException("bool")


class Text(str):
    def __str__(self):
        return Text("own")


class Fast(float):
    def __lt__(self, other):
        raise RuntimeError("lt")

    __gt__ = __float__ = __lt__


class NoName(type):
    @property
    def __name__(cls):
        raise RuntimeError("name")


Nameless = NoName("Nameless", (Broken,), {})

TIMES = [
    (None, None, None), (0, 0, None), (-0.0, 0, None), (5, 5000, None), (1.5, 1500, None), (True, 1000, None),
    (fractions.Fraction(1, 2), 500, None), (86400000, 86400000000, None),
    (86400000.1, None, "too_large"), (2**63, None, "too_large"), (BEYOND_FLOAT, None, "too_large"),
    (-1, None, "negative"), (-BEYOND_FLOAT, None, "negative"), (-0.001, None, "negative"), (float("-inf"), None, "negative"),
    (float("inf"), None, "infinite"), (float("nan"), None, "nan"),
    ("5", None, "text"), (b"5", None, "text"), ("", None, "text"),
    (decimal.Decimal("5"), None, "type"), (decimal.Decimal("sNaN"), None, "type"), (5j, None, "type"),
    (datetime.timedelta(seconds=1), None, "type"), ([5], None, "type"), (Broken(), None, "type"), (Worse(), None, "type"),
    (Fast(5), None, "type"), (object(), None, "type"),
]


@pytest.mark.parametrize("value, us, odd", TIMES, ids=lambda value: type(value).__name__)
def test_response_times(value, us, odd):
    assert values.microseconds(value) == (us, odd)
    assert us is None or type(values.microseconds(value)[0]) is int


LENGTHS = [
    (None, 0, None), (0, 0, None), (12, 12, None), (10**13, 10**13, None), (1.5, 1, None), (True, 1, None), (2**44, 2**44, None),
    (2**44 + 1, 0, "too_large"), (BEYOND_FLOAT, 0, "too_large"), (-1, 0, "negative"), ("12", 0, "text"), (b"", 0, "text"),
    (float("nan"), 0, "nan"), (float("inf"), 0, "infinite"), (decimal.Decimal(3), 0, "type"), (Worse(), 0, "type"),
]


@pytest.mark.parametrize("value, length, odd", LENGTHS, ids=lambda value: type(value).__name__)
def test_lengths(value, length, odd):
    assert values.length(value) == (length, odd)
    assert type(values.length(value)[0]) is int


@numbers.Real.register
class Float32(object):
    """As numpy's numbers: no float, but a number."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        return self.value


def test_numbers_of_other_libraries_are_numbers():
    assert values.microseconds(Float32(5.0)) == (5000, None) and values.length(Float32(5.0)) == (5, None)
    assert values.microseconds(Float32(float("nan"))) == (None, "nan")
    assert values.microseconds(Float32(float("inf"))) == (None, "infinite")


def test_names_of_any_type_are_text():
    given = [5, None, b"x", ("GET", 1), Text("x"), Broken(), Worse(), Nameless()]
    expected = ["5", "None", "b'x'", "('GET', 1)", "own"]
    expected += ["(unprintable %s)" % name for name in ("Broken", "Worse", "Nameless")]
    made = [values.endpoint_text(value) for value in given]
    assert made == expected and {type(text) for text in made} == {str}


class NoRepr(Exception):
    def __repr__(self):
        raise RuntimeError("repr failed")

    __str__ = __repr__


class WrongStr(Exception):
    def __str__(self):
        return 5


class EmptyRepr(Exception):
    def __repr__(self):
        return ""


LOOP = ValueError("loop")
LOOP.args = (LOOP,)

ERRORS = [
    ("plain text", "plain text"), (ValueError("bad"), "ValueError('bad')"), (ValueError, "<class 'ValueError'>"),
    ({"status": 500}, "{'status': 500}"), (WrongStr("x"), "WrongStr('x')"), ("  ", "str (without a text)"),
    (NoRepr(), "NoRepr (its text cannot be made: RuntimeError)"), (EmptyRepr(), "EmptyRepr (without a text)"),
    (LOOP, "ValueError (its text cannot be made: RecursionError)"), (Worse(), "Worse (its text cannot be made: BaseException)"),
    (u"bad \udce9", u"bad \ufffd"),
]


@pytest.mark.parametrize("error, text", ERRORS, ids=lambda value: type(value).__name__)
def test_errors_have_the_text_that_locust_gives_them(error, text):
    assert values.error_text(error) == text
    known = ErrorTexts()
    assert [known.of(error) for _ in range(3)] == [text] * 3


class Numbered(Exception):
    """Its text, and whether it is a failure, change with each question."""

    asked = 0

    def __repr__(self):
        Numbered.asked += 1
        return "Numbered(%d)" % self.asked

    def __bool__(self):
        return Numbered.asked < 2


class OwnArgs(Exception):
    args = property(lambda self: ("other",))


class Meta(type):
    __hash__ = None


class Unhashable(Exception, metaclass=Meta):
    pass


def test_a_known_text_is_that_of_the_same_error_only():
    known = ErrorTexts()
    for kind in (ValueError, KeyError, OwnArgs, Unhashable, WrongStr, lambda text: text, lambda text: [text], Text):
        for text in ("a", "b", "at 0x7f1", "x" * 5000, u"\udce9"):
            error = kind(text)
            assert [known.of(error), known.of(kind(text))] == [values.error_text(error)] * 2
    # One and True are equal and have different texts.
    assert [known.of(ValueError(value)) for value in (1, True, 1.0)] == ["ValueError(1)", "ValueError(True)", "ValueError(1.0)"]
    assert [known.of(Numbered("x")) for _ in range(3)] == ["Numbered(1)", "Numbered(2)", None]
    assert [known.of(error) for error in (None, "", 0)] == [None] * 3
    for number in range(2000):
        assert known.of(KeyError(str(number))) == "KeyError('%d')" % number
    assert sum(len(texts) for texts in known.known.values() if texts) == 500


def test_texts_of_exceptions():
    assert values.exception_text(KeyError("cart")) == "'cart'"
    assert values.exception_text(WrongStr("x")) == "WrongStr (its text cannot be made: TypeError)"
    assert values.exception_text(ValueError()) == "ValueError (without a text)"


def test_addresses_make_no_kinds_of_errors():
    first, second = values.error_text(ValueError(object())), values.error_text(ValueError(object()))
    assert first == second and "at 0x....>" in first
    assert values.error_text("status 0x1F at line 3") == "status 0x1F at line 3"


def test_an_error_is_a_failure_by_its_truth():
    given = [(None, False), ("", False), (0, False), ("x", True), (ValueError(), True), (Worse(), True)]
    assert [values.is_failure(error) for error, _ in given] == [expected for _, expected in given]


def test_what_ends_a_greenlet_is_passed_on():
    class Killed(object):
        def __str__(self):
            raise gevent.GreenletExit()

    with pytest.raises(gevent.GreenletExit):
        values.endpoint_text(Killed())


def test_names_are_shortened_and_stay_different():
    long = "/item/" + 65000 * "x"
    short = texts.short_name(long)
    assert len(short) == 1000 and short[:991] == long[:991] and short[991] == u"\u2026"
    assert short != texts.short_name(long + "y") and texts.short_name(short) == short
    assert texts.short_name("x" * 1000) == "x" * 1000


def test_lone_surrogates_are_replaced_and_nothing_else():
    assert texts.repaired(u"/caf\xe9 \U0001f600") == u"/caf\xe9 \U0001f600"
    assert texts.repaired(u"a\udce9b\ud800") == u"a\ufffdb\ufffd"
    assert texts.repaired(u"\ud83d\ude00") == u"\U0001f600"


def test_texts_are_cut():
    assert len(texts.short_text("x" * 10**7, texts.MAX_ERROR)) == 2000
    assert len(values.example_of(["x" * 10**6])) == 100
    assert values.example_of("5" * 10**6) == "'" + "5" * 99
