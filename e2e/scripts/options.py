"""A visitor of the demo shop with options of its own: the names of its requests say what it was given."""
from locust import HttpUser, constant, events, task

AT_INIT = []


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--category", default="books", help="what is looked at")
    parser.add_argument("--page", type=int, default=1)
    parser.add_argument("--complain", action="store_true", help="calls each answer a failure")
    parser.add_argument("--kind", choices=["new", "used"], default="new")
    parser.add_argument("--words", nargs="*", default=[])
    # Locust 2.12.1 does not take is_secret as an argument.
    parser.add_argument("--api-key", default="").is_secret = True
    for action in parser._actions:
        if action.dest == "category":
            action.is_secret = False


@events.init.add_listener
def on_init(environment, **_):
    AT_INIT.append(environment.parsed_options.category)


class Visitor(HttpUser):
    wait_time = constant(0.05)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id

    @task
    def product(self):
        given = self.environment.parsed_options
        key = "key" if given.api_key == "key-of-the-shop" else "no-key"
        parts = (AT_INIT[0], given.category, given.page + 1, given.kind, "+".join(given.words), key)
        name = "/%s" % "/".join(str(part) for part in parts)
        with self.client.get("/products/%d" % given.page, name=name, catch_response=True) as response:
            if given.complain:
                response.failure("no right with %s" % given.api_key)
