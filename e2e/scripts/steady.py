"""Each user makes ten requests a second, without a target."""
from locust import User, constant_pacing, task


class Steady(User):
    wait_time = constant_pacing(0.1)

    @task
    def request(self):
        self.environment.events.request.fire(
            request_type="GET", name="/steady", response_time=5, response_length=10, exception=None, context={}
        )
