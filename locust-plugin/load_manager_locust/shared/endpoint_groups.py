"""Rules that count endpoints together whose names match a pattern, so that names with ids do not fill the run's endpoints."""
import re

MAX_RULES = 100

_TOKEN = re.compile(r"\\[\\*]|\*\*|\*|.", re.DOTALL)


class EndpointGroups(object):
    """
    ``rules``: [{"pattern", "name" or none, "method" or none}], of which the first that matches counts; methods without case. Raises KeyError, TypeError or
    ValueError where a rule is malformed.
    """

    def __init__(self, rules=()):
        self.rules = list(rules)
        if len(self.rules) > MAX_RULES:
            raise ValueError("endpointGroups")
        # [(method or ``None``, match of the pattern, name of the group)]
        self._groups = [
            (_upper(_text(rule.get("method"))), re.compile(expression_of(_text(rule["pattern"]))).match, _text(rule.get("name")) or rule["pattern"])
            for rule in self.rules
        ]

    def name_of(self, method, name):
        """The name of the group of this endpoint, or its own."""
        of_request = _upper(method)
        for wanted, matches, group in self._groups:
            if (wanted is None or wanted == of_request) and matches(name):
                return group
        return name


def expression_of(pattern):
    """
    A regular expression for whole names. Every text between two stars is taken where it comes first, for good: nothing else could
    match later, since no star matches a ``/``, and a pattern of many stars would take for ever to try all places.
    """
    texts, is_open = _texts_of(pattern)
    end = "" if is_open else r"\Z"
    if len(texts) == 1:
        return re.escape(texts[0]) + end
    middle = "".join(
        "(?=(?P<g%d>[^/]+?%s))(?P=g%d)" % (index, re.escape(text), index) for index, text in enumerate(texts[1:-1])
    )
    return "%s%s[^/]+%s%s%s" % (re.escape(texts[0]), middle, "?" if is_open else "", re.escape(texts[-1]), end)


def _texts_of(pattern):
    """The texts before, between and behind the stars, and whether anything may follow."""
    if not pattern:
        raise ValueError("an empty pattern")
    texts, is_open = [""], False
    for token in _TOKEN.findall(pattern):
        if is_open:
            raise ValueError("** is only at the end of a pattern")
        if token == "**":
            is_open = True
        elif token == "*":
            texts.append("")
        else:
            texts[-1] += token[-1]
    return texts, is_open


def _upper(method):
    """A script may name its requests as it likes, and a rule is compared without case."""
    return method.upper() if isinstance(method, str) else method


def _text(value):
    if value is not None and not isinstance(value, str):
        raise TypeError("a text")
    return value
