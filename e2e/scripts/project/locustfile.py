"""A project of several files: what it takes from each shows in the names of its endpoints."""
from common.users import Shopper


class Visitor(Shopper):
    """Locust runs the classes of this file only."""

    weight = 1
