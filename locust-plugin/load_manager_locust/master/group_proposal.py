"""Proposes rules for endpoints whose names differ only in an id or in another single part."""
import re

from ..shared.endpoint_groups import EndpointGroups

# So many names make a family. A real interface rarely has as many endpoints that differ in one part.
LEAST_NAMES = 50
MAX_RULES = 10
MAX_LISTED = 3
# How long a run collects names between two looks: families that appear together get one event.
LOOK_SECONDS = 10

_DELIMITER = re.compile("([/?&=])")
# A number, a UUID, a hash or a date.
_ID = re.compile(r"(?=.*[0-9])(?:[0-9]+|[0-9a-fA-F-]{8,})\Z")
_STAR = None


class GroupProposal(object):
    """Looks at the names of the run now and then, never at its requests, and tells one proposal. ``known``: {id: (method, name)}."""

    def __init__(self, known, event):
        self.known = known
        self.event = event
        self.is_told = False
        self.seen = 0
        self.next_look = None

    def look(self, second, is_last=False):
        if self.next_look is None:
            self.next_look = second + LOOK_SECONDS
        if self.is_told or (second < self.next_look and not is_last):
            return
        self.next_look = second + LOOK_SECONDS
        if len(self.known) < self.seen + LEAST_NAMES and not is_last:
            return
        self.seen = len(self.known)
        rules = proposed_rules(self.known.values())
        if rules:
            self.is_told = True
            self.event("endpoint_groups_proposed", message_of(rules), {"proposal": [{"pattern": one} for one, _, _ in rules]})


def message_of(rules):
    listed = ["%s %s" % (method, pattern) if method else pattern for pattern, methods, _ in rules for method in methods]
    more = " and %d more" % (len(listed) - MAX_LISTED) if len(listed) > MAX_LISTED else ""
    count = sum(names for _, _, names in rules)
    return "%d endpoints differ only in a part of their name; group them as %s%s." % (count, ", ".join(listed[:MAX_LISTED]), more)


def proposed_rules(endpoints):
    """[(pattern, [method], number of names)], the largest first; ``endpoints``: (method, name) of each."""
    # {(method, shape): [name]}; a shape is the name in parts, with _STAR in the place of each id.
    shapes = {}
    for method, name in set(endpoints):
        shapes.setdefault((method, _shape_of(name)), []).append(name)
    families = {kind: names for kind, names in shapes.items() if len(names) >= LEAST_NAMES and _STAR in kind[1]}
    families.update(_differing_in_one_part({kind: names for kind, names in shapes.items() if kind not in families}))
    rules = {}
    for (method, shape), names in sorted(families.items(), key=lambda family: family[0][0]):
        pattern = _pattern_of(shape)
        if pattern is None or not _matches_all(pattern, method, names):
            continue
        methods, count = rules.get(pattern, ([], 0))
        rules[pattern] = methods + [method], count + len(names)
    found = [(pattern, methods, count) for pattern, (methods, count) in rules.items()]
    return sorted(found, key=lambda rule: (-rule[2], rule[0]))[:MAX_RULES]


def _shape_of(name):
    """Parts at even places, delimiters between them."""
    parts = _DELIMITER.split(name)
    return tuple(_STAR if _is_value(parts, place) and _ID.match(part) else part for place, part in enumerate(parts))


def _is_value(parts, place):
    """Whether it is a part of a path, or the value of a parameter."""
    return place % 2 == 0 and place > 0 and parts[place - 1] in "/=" and parts[place] != ""


def _differing_in_one_part(shapes):
    """{(method, shape with one more star): [name]}; each name is in the largest family that it can be in."""
    found = {}
    while True:
        families = {}
        for method, shape in shapes:
            for place, part in enumerate(shape):
                if part is not _STAR and _is_value(shape, place):
                    family = method, shape[:place] + (_STAR,) + shape[place + 1:]
                    families.setdefault(family, []).append((method, shape))
        usable = [family for family in families if len(families[family]) >= LEAST_NAMES and _pattern_of(family[1]) is not None]
        if not usable:
            return found
        largest = max(usable, key=lambda family: (len(families[family]), repr(family)))
        found[largest] = [name for kind in families[largest] for name in shapes.pop(kind)]


def _pattern_of(shape):
    """``None``: the pattern would match whatever comes."""
    if not any(part is not _STAR and part.strip("/?&=") for part in shape):
        return None
    return "".join("*" if part is _STAR else part.replace("\\", "\\\\").replace("*", "\\*") for part in shape)


def _matches_all(pattern, method, names):
    groups = EndpointGroups([{"pattern": pattern, "name": "\0"}])
    return all(groups.name_of(method, name) == "\0" for name in names)
