"""What all visitors have in common."""
from locust import HttpUser, between


class Visitor(HttpUser):
    abstract = True
    wait_time = between(0.05, 0.25)

    def on_start(self):
        # The run's id lets the shop count per run; Load Manager sets it before the test starts.
        run_id = getattr(self.environment, "load_manager_run_id", None)
        if run_id:
            self.client.headers["X-Load-Manager-Run"] = run_id

    @property
    def options(self):
        return self.environment.parsed_options
