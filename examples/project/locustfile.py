"""Visitors of the demo shop, as a project: a package, data, packages of Python, three User classes, tags and options of its own."""
from locust import events

from visitors.browsing import Browser, Searcher
from visitors.buying import Buyer

__all__ = ["Browser", "Searcher", "Buyer"]


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--basket", type=int, default=2, help="how many products a buyer puts into the cart")
    parser.add_argument("--category", choices=["books", "toys", "all"], default="all", help="what visitors look at")
