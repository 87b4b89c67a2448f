"""The plugin's own routes in Locust's web server, and the guard that keeps others from changing a managed run."""
import hmac
import time

from flask import jsonify, request

from . import status
from .refused import Refused

# Locust's own routes that change load. Stop is not among them: it always works.
GUARDED_PATHS = ("/swarm", "/stats/reset", "/user")


def install(app, controller, settings):
    def is_authorized():
        # An attach may have brought a newer token than that of the environment; the server may still use either.
        tokens = [token for token in {settings.token, controller.sender.token} if token]
        if not tokens:
            return True
        given = request.headers.get("Authorization", "")
        return any(hmac.compare_digest(given.encode(), ("Bearer " + token).encode()) for token in tokens)

    def view_of(command):
        """A Flask view that carries out a command and answers with the status; without a command it only answers."""

        def view():
            if not is_authorized():
                return jsonify(error="unauthorized", message="The token is not the master's LOAD_MANAGER_TOKEN."), 401
            controller.last_request_at = time.monotonic()
            try:
                if command is not None:
                    payload = request.get_json(force=True, silent=True)
                    if not isinstance(payload, dict):
                        return jsonify(error="malformed", message="Send a JSON object."), 400
                    command(payload)
                return jsonify(status.status_of(controller))
            except Refused as refused:
                answer = {"error": refused.code, "message": str(refused), "runId": refused.run_id}
                if refused.field is not None:
                    answer["field"] = refused.field
                return jsonify(answer), 409
            except (KeyError, TypeError, ValueError) as error:
                return jsonify(error="malformed", message="%s is missing or wrong" % error), 400

        return view

    app.add_url_rule("/load-manager/status", "load_manager_status", view_of(None), methods=["GET"])
    commands = controller.commands
    for name, command in (
        ("attach", commands.attach),
        ("start", commands.start),
        ("users", commands.set_users),
        ("stop", commands.stop),
    ):
        app.add_url_rule("/load-manager/" + name, "load_manager_" + name, view_of(command), methods=["POST"])

    @app.before_request
    def guard_managed_run():
        """Answers 409 where somebody else would change a run of Load Manager."""
        run = controller.run
        if run is None or not run.active or run.external:
            return None
        if not request.path.rstrip("/").endswith(GUARDED_PATHS):
            return None
        address = run.address(controller.sender.urls)
        message = "The run %s of Load Manager is on: %s. Stop it first, or change it there." % (run.run_id, address)
        return jsonify(success=False, message=message, runId=run.run_id, url=address), 409
