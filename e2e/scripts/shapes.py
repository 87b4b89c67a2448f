"""Load shapes for the tests: the variable SHAPE names the one that the script has; without it there is none."""
import os

from locust import HttpUser, LoadTestShape, constant, task


class Browser(HttpUser):
    wait_time = constant(0.2)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id

    @task
    def front_page(self):
        self.client.get("/")


class Steps(LoadTestShape):
    """Up, a float, a pause, up again, the end."""

    use_common_options = True

    def tick(self):
        steps = [(2, 4), (4, 2.5), (6, 0), (8, 3)]
        seconds = self.get_run_time()
        return next(((users, 10) for end, users in steps if seconds < end), None)


class Raises(LoadTestShape):
    def tick(self):
        if self.get_run_time() < 2:
            return 2, 10
        raise ValueError("no plan for later")


class RaisesAtOnce(LoadTestShape):
    def tick(self):
        raise ValueError("no plan at all")


class EndsAtOnce(LoadTestShape):
    def tick(self):
        return None


_chosen = os.environ.get("SHAPE", "")
for _name in ("Steps", "Raises", "RaisesAtOnce", "EndsAtOnce"):
    if _name not in _chosen.split(","):
        del globals()[_name]
