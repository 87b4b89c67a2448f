"""How the users of a run change: by a constant target, by the script's LoadTestShape, by stages; one run after the other."""
import os

import decode
from harness import SCRIPT, Locust, expect_totals, received, until
from load_manager_locust.shared import wire
from test_deadline import SCOPE

# What the shape answers at ``t`` seconds is in a file beside the script.
SHAPE = """
from locust import LoadTestShape

class Written(LoadTestShape):
    def tick(self):
        with open("shape.txt") as file:
            return eval(file.read(), {"t": self.get_run_time()})

class Other(LoadTestShape):
    def tick(self):
        return None
"""
SHORT = "(2, 10) if t < 2 else None"
SCRIPT_PROFILE = {"kind": "script"}


class ShapedLocust(Locust):
    def __init__(self, folder, *args, **more):
        self.shape_path = os.path.join(folder, "shape.txt")
        self.count = 0
        Locust.__init__(self, folder, *args, **more)

    def begin(self, target, shape=SHORT, profile=SCRIPT_PROFILE, **more):
        """Starts the next run, and returns its id."""
        ready = lambda: {worker["state"] for worker in self.status()["workers"]} == {"ready"}
        until("ready workers", ready)
        with open(self.shape_path, "w") as file:
            file.write(shape)
        self.count += 1
        run_id = "run-%d" % self.count
        # Neither of them is sent where the profile decides.
        command = {"users": None, "spawnRate": None, "loadProfile": profile, "durationSeconds": 20}
        command.update(more, runId=run_id, fence=3)
        status, answer = self.start(target, **command)
        assert status == 200, answer
        return run_id

    def end_of(self, run_id):
        """The ended run of the status."""

        def ended():
            run = self.status()["run"]
            return run if run["runId"] == run_id and run["phase"] == "ended" else None

        return until("the end of %s" % run_id, ended)


class PickingLocust(ShapedLocust):
    """In its page people choose the User classes and the shape."""

    def launch(self, role, args, *more):
        ShapedLocust.launch(self, role, args + (["--class-picker"] if role == "master" else []), *more)


def changes(values):
    """Each value that is not the one before it."""
    found = []
    for value in values:
        if found[-1:] != [value]:
            found.append(value)
    return found


def event_types(receiver, run_id):
    return [event["type"] for event in decode.parsed(received(receiver, run_id), wire.EVENT)]


def test_each_run_of_a_master_has_its_own_profile(tmp_path, target, receiver):
    locust = PickingLocust(str(tmp_path), receiver.url, SCRIPT + SHAPE, **SCOPE)
    try:
        for run_id in ("run-1", "run-2"):
            assert locust.begin(target) == run_id
            assert locust.end_of(run_id)["stopCause"] == "shape_ended"
        constant = locust.begin(target, profile=None, users=3, spawnRate=10, durationSeconds=2)
        assert (locust.end_of(constant)["stopCause"], locust.status()["run"]["targetUsers"]) == ("deadline", 3)
        assert event_types(receiver, constant) == ["shape_off"]
        # Somebody takes no shape in Locust's page, which then has none for good.
        until("ready", lambda: {worker["state"] for worker in locust.status()["workers"]} == {"ready"})
        form = "user_count=2&spawn_rate=10&host=%s&user_classes=Visitor&shape_class=Default" % target.url
        assert locust.ask("/swarm", form=form)[0] == 200
        until("a run", lambda: (locust.status()["run"] or {}).get("runId") == "external-1")
        locust.stop_at_locust()
        locust.end_of("external-1")
        last = locust.begin(target)
        assert locust.end_of(last)["stopCause"] == "shape_ended"
        assert event_types(receiver, last) == ["shape_on"]
    finally:
        locust.close()


def test_the_end_of_a_shape_is_told_from_every_other_end(tmp_path, target, receiver):
    locust = ShapedLocust(str(tmp_path), receiver.url, SCRIPT + SHAPE, **SCOPE)
    try:
        cases = [
            ("(2, 10)", "deadline", {"durationSeconds": 2}),
            ("(2, 10)", "manager", {}),
            ("(2, 10)", "locust_ui", {}),
            # No user is left, and no more can come.
            ("(2, 10) if t < 1 else (0, 10) if t < 3 else 1 / 0", "shape_failed", {}),
            ("(2, 0)", "shape_failed", {}),
            ("1 / 0", "shape_failed", {}),
            ("None", "shape_ended", {}),
            # Users stay where they are.
            ("(2, 10) if t < 1 else 1 / 0", "deadline", {"durationSeconds": 4}),
            (SHORT, "shape_ended", {}),
        ]
        for shape, cause, more in cases:
            run_id = locust.begin(target, shape, **more)
            if cause in ("manager", "locust_ui"):
                until("users", lambda: locust.status()["userCount"] == 2)
            if cause == "manager":
                users = {"runId": run_id, "fence": 3, "users": 5, "spawnRate": 1}
                assert locust.ask("/load-manager/users", users)[0] == 409
                assert locust.ask("/load-manager/stop", {"runId": run_id, "fence": 3})[0] == 200
            elif cause == "locust_ui":
                locust.stop_at_locust()
            run = locust.end_of(run_id)
            assert (shape, run["stopCause"]) == (shape, cause)
            assert (shape, run["shapeError"] is not None) == (shape, "1 / 0" in shape or "(2, 0)" in shape)
    finally:
        locust.close()


def test_stages_need_no_server_and_refuse_what_they_cannot_be(tmp_path, target, receiver):
    locust = ShapedLocust(str(tmp_path), receiver.url, SCRIPT)
    try:
        for profile in ({"kind": "spike"}, {"kind": "stages", "stages": []}, {"kind": "stages", "stages": [{"users": 1}]}):
            assert locust.start(target, loadProfile=profile)[0] == 400
        status, answer = locust.start(target, loadProfile=SCRIPT_PROFILE)
        assert (status, answer["error"], answer["field"]) == (409, "setting_refused", "loadProfile")
        assert locust.status()["run"] is None
        stages = [
            {"durationSeconds": 1, "users": 0},
            {"durationSeconds": 2, "users": 6},
            # Its ramp is cut off.
            {"durationSeconds": 2, "users": 0, "spawnRate": 1},
            {"durationSeconds": 4, "users": 9},
        ]
        run_id = locust.begin(target, profile={"kind": "stages", "stages": stages}, durationSeconds=9)
        assert locust.end_of(run_id)["stopCause"] == "deadline"
        expect_totals(target, received(receiver, run_id))
        assert event_types(receiver, run_id) == []
        seen = [one["users"] for one in decode.samples(received(receiver, run_id)) if one.get("users")]
        assert changes(users["target"] for users in seen) == [0, 6, 0, 9]
        # One user a second leaves, the first at once, and the next stage goes on from there. The end of a second need not lie
        # in the one second with four.
        reals = changes(users["real"] for users in seen)
        cut_off = reals[reals.index(6) + 1 : reals.index(9)]
        assert cut_off[0] in (4, 5) and min(cut_off) in (4, 5)
    finally:
        locust.close()
