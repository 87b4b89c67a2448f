"""The plugin's own pages in Locust's web server, and the guard of Locust's."""
import functools
import hmac
import time

from flask import jsonify, request

from .control import Refused

GUARDED = ("/swarm", "/stats/reset", "/user")


def install(app, control, settings):
    def authorized():
        # The token may have been rotated by an attach since this process began; both are the server's.
        tokens = [token for token in {settings.token, control.sender.token} if token]
        if not tokens:
            return True
        given = request.headers.get("Authorization", "")
        return any(hmac.compare_digest(given.encode(), ("Bearer " + token).encode()) for token in tokens)

    def guarded(function):
        @functools.wraps(function)
        def view():
            if not authorized():
                return jsonify(error="unauthorized", message="LOAD_MANAGER_TOKEN is another."), 401
            control.asked_at = time.monotonic()
            try:
                if request.method == "POST":
                    told = request.get_json(force=True, silent=True)
                    if not isinstance(told, dict):
                        return jsonify(error="malformed", message="Send a JSON object."), 400
                    function(told)
                return jsonify(control.status())
            except Refused as refused:
                return jsonify(error=refused.code, message=str(refused), runId=refused.run_id), 409
            except (KeyError, TypeError, ValueError) as error:
                return jsonify(error="malformed", message="%s is missing or wrong" % error), 400

        return view

    orders = {"attach": control.attach, "start": control.start, "users": control.set_users, "stop": control.stop}
    app.add_url_rule("/load-manager/status", "load_manager_status", guarded(lambda told: None), methods=["GET"])
    for name, order in orders.items():
        path, endpoint = "/load-manager/" + name, "load_manager_" + name
        view = guarded(functools.wraps(order)(lambda told, order=order: order(told)))
        app.add_url_rule(path, endpoint, view, methods=["POST"])

    @app.before_request
    def keep_out():
        """Nobody changes a managed run but Load Manager; Stop always works."""
        run = control.run
        if run is None or not run.active or run.external:
            return None
        if not request.path.rstrip("/").endswith(GUARDED):
            return None
        where = control.sender.urls[0] + "/v1/runs/" + run.run_id if control.sender.urls else run.run_id
        message = "Load Manager runs a test here: %s. Stop it first, or change it there." % where
        return jsonify(success=False, message=message, runId=run.run_id, url=where), 409
