/** What a new load test starts with: it runs as it is, and shows where the own requests go. */
export const STARTER_SCRIPT = `from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    wait_time = between(1, 2)

    @task
    def home(self):
        self.client.get("/")
`;
