"""User classes and tags of a run, in a real Locust whose master and workers take several runs."""
import decode
import pytest

from harness import Locust, received, until

SCRIPT = """
from locust import TaskSet, User, constant, tag, task

def fire(user, name):
    user.environment.events.request.fire(
        request_type="GET", name=name, response_time=1.0, response_length=1, exception=None, context={}
    )

class Reader(User):
    wait_time = constant(0.05)
    @tag("read", "quick")
    @task
    def read(self):
        fire(self, "/reader/read")
    @tag("slow")
    @task
    def search(self):
        fire(self, "/reader/search")

class Writer(User):
    wait_time = constant(0.05)
    weight = 3
    @task
    class Cart(TaskSet):
        @tag("write")
        @task
        def write(self):
            fire(self.user, "/writer/write")
        @task
        def leave(self):
            fire(self.user, "/writer/leave")
            self.interrupt(reschedule=False)

class Rare(User):
    weight = 0
    wait_time = constant(0.05)
    @task
    def rare(self):
        fire(self, "/rare")
"""


@pytest.fixture
def locust(tmp_path, receiver):
    locust = Locust(str(tmp_path), receiver.url, script=SCRIPT)
    yield locust
    locust.close()


def names_of(locust, receiver, target, run_id, **settings):
    """The names of the requests of one whole run with these settings, and its users by class."""
    start = lambda: locust.start(target, runId=run_id, users=8, spawnRate=8, durationSeconds=2, **settings)
    status, answer = until("the start", lambda: (lambda reply: reply if reply[0] == 200 or "field" in reply[1] else None)(start()), 10)
    if status != 200:
        return answer["field"], answer["message"]
    until("the end", lambda: (lambda run: run["runId"] == run_id and run["phase"] == "ended")(locust.status()["run"]))
    return {name for _, name in decode.totals(received(receiver, run_id))}


READER, WRITER = {"/reader/read", "/reader/search"}, {"/writer/write", "/writer/leave"}


def test_each_run_has_its_own_classes_and_tags_and_none_is_left_over(locust, receiver, target):
    names = lambda run_id, **settings: names_of(locust, receiver, target, run_id, **settings)
    assert names("all") == READER | WRITER
    assert names("one", userClasses=[{"name": "Reader"}]) == READER
    assert names("tags", includeTags=["read", "write"]) == {"/reader/read", "/writer/write"}
    assert names("without", excludeTags=["slow", "write"]) == {"/reader/read", "/writer/leave"}
    assert names("rare", userClasses=[{"name": "Rare", "weight": 1}, {"name": "Reader"}], excludeTags=["slow"]) == {
        "/rare", "/reader/read"
    }
    assert names("again") == READER | WRITER


def users_by_class(locust, receiver, target, run_id, classes):
    assert until("the start", lambda: locust.start(
        target, runId=run_id, users=8, spawnRate=100, durationSeconds=3, userClasses=classes)[0] == 200)
    until("the end", lambda: (lambda run: run["runId"] == run_id and run["phase"] == "ended")(locust.status()["run"]))
    seconds = [sample["users"] for sample in decode.samples(received(receiver, run_id)) if sample.get("users")]
    # The second with most users: before it some are still to come, after it they leave.
    classes = max(seconds, key=lambda users: sum(count for count, _ in users["classes"].values()))["classes"]
    return {name: count for name, (count, _) in classes.items()}


def test_weights_and_counts_are_those_of_the_run(locust, receiver, target):
    users = lambda run_id, *classes: users_by_class(locust, receiver, target, run_id, list(classes))
    reader, writer = {"name": "Reader", "weight": 3}, {"name": "Writer", "weight": 1}
    assert users("weights", reader, writer) == {"Reader": 6, "Writer": 2}
    assert users("fixed", {"name": "Reader", "fixedCount": 1}, writer) == {"Reader": 1, "Writer": 7}
    # Those of the script.
    assert users("script", {"name": "Reader"}, {"name": "Writer"}) == {"Reader": 2, "Writer": 6}


def test_what_does_not_fit_the_script_is_refused_and_changes_nothing(locust, receiver, target):
    for settings, field, part in (
        (dict(userClasses=[{"name": "Reader"}, {"name": "Shoper"}]), "userClasses[1].name", "it has Rare, Reader, Writer"),
        (dict(userClasses=[{"name": "Rare"}]), "userClasses[0].weight", "Rare has the weight 0"),
        (dict(includeTags=["read", "wrong"]), "includeTags[1]", "the tag wrong; there is quick, read, slow, write"),
        (dict(includeTags=["read"]), "includeTags", "no task is left in Writer"),
        (dict(excludeTags=["read", "slow"]), "excludeTags", "no task is left in Reader"),
    ):
        status, answer = locust.start(target, runId="refused", **settings)
        assert (status, answer["error"], answer["field"]) == (409, "setting_refused", field)
        assert part in answer["message"]
    for odd in ([{"name": 5}], [{}], [{"name": "Reader", "weight": 0}], "Reader", [{"name": "Reader", "fixedCount": True}]):
        assert locust.start(target, runId="refused", userClasses=odd)[0] == 400
    assert locust.status()["run"] is None
    assert names_of(locust, receiver, target, "refused") == READER | WRITER
