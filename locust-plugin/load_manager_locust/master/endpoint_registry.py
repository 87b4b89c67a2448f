"""The endpoints of a run. Names that contain ids have no end, so beyond a limit endpoints are counted together."""
from ..shared import wire
from ..shared.wire import OTHER, OTHER_ID


class EndpointRegistry(object):
    """
    ``on_full(max_endpoints)`` is called once, when the first endpoint beyond ``max_endpoints`` appears. ``merged``: the ids that are
    counted as OTHER.
    """

    def __init__(self, max_endpoints, on_full):
        self.max_endpoints = max_endpoints
        self.on_full = on_full
        # Both {endpoint id: (method, name)}; ``unsent`` is what the next sample has to name.
        self.known = {}
        self.unsent = {}
        self.merged = set()

    def register(self, key, method, name):
        """Returns the id under which this endpoint is counted: ``key``, or OTHER_ID."""
        if key in self.known:
            return key
        if key != OTHER_ID and len(self.known) - (OTHER_ID in self.known) >= self.max_endpoints:
            self._merge(key)
            self._add(OTHER_ID, OTHER)
            return OTHER_ID
        if key == OTHER_ID and not self.merged:
            # A worker has reached the limit by itself.
            self._merge(key)
        self._add(key, (method, name))
        return key

    def _merge(self, key):
        if not self.merged:
            self.on_full(self.max_endpoints)
        self.merged.add(key)

    def _add(self, key, name):
        if key not in self.known:
            self.known[key] = self.unsent[key] = name

    def counted_as(self, key):
        return OTHER_ID if key in self.merged else key

    def resend(self, keys):
        for key in keys:
            if key in self.known:
                self.unsent[key] = self.known[key]

    def names_section(self):
        """The encoded names that have not been sent; empty if there are none."""
        names = [(key,) + name for key, name in self.unsent.items()]
        self.unsent = {}
        return wire.names_section(names) if names else b""
