"""Users whose task has a request at its begin and one at its end, and whose on_stop makes one more."""
import time

from locust import HttpUser, task


class Careful(HttpUser):
    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id

    @task
    def work(self):
        self.client.get("/")
        time.sleep(1.5)
        self.client.get("/products")

    def on_stop(self):
        self.client.post("/cart")
