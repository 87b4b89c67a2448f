"""The imports of the launcher, the package and the workers."""
import os
import subprocess
import sys

import harness

# A fake Locust: prints what it finds when it is imported, and exits.
STAND_IN = """
import os, sys
print(os.path.exists(os.path.join(os.environ["LOAD_MANAGER_RUN_DIR"], "master.json")), end="")
sys.exit(0)
"""


def output_of(code):
    env = {"PYTHONPATH": harness.PACKAGE, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.check_output([sys.executable, "-c", code], env=env)


def test_the_pid_file_is_written_before_locust_is_imported(tmp_path):
    (tmp_path / "locust.py").write_text(STAND_IN)
    env = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), harness.PACKAGE]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LOAD_MANAGER_RUN_DIR": str(tmp_path),
        "LOAD_MANAGER_ROLE": "master",
    }
    output = subprocess.check_output([sys.executable, "-m", "load_manager_locust"], env=env)
    assert output == b"True"


def launch(folder, args):
    """Runs the launcher as the server does: in the script's folder. → its output"""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": harness.PACKAGE,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "LOAD_MANAGER_RUN_DIR": str(folder.parent),
        "LOAD_MANAGER_ROLE": "master",
    }
    command = [sys.executable, "-m", "load_manager_locust"] + args
    return subprocess.run(command, env=env, cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()


SCRIPT = """
import os, sys
import common.users
import requests
print("ENV", os.environ.get("PYTHONSAFEPATH"), "REQUESTS", hasattr(requests, "Session"))
print("PATH", os.path.realpath(sys.path[0]) == os.path.realpath(os.getcwd()), common.users.NAME)
from common.users import ShopUser
"""
USERS = """
from locust import HttpUser, task
NAME = "users"
class ShopUser(HttpUser):
    @task
    def t(self):
        pass
"""


def script_folder(tmp_path):
    folder = tmp_path / "script"
    (folder / "common").mkdir(parents=True)
    (folder / "common" / "__init__.py").write_text("")
    (folder / "common" / "users.py").write_text(USERS)
    (folder / "locustfile.py").write_text(SCRIPT)
    return folder


def test_files_of_the_script_are_imported_by_the_script_and_by_nobody_before(tmp_path):
    folder = script_folder(tmp_path)
    # Each would end Locust's start where it were imported in the place of the module of that name.
    for name in ("requests", "flask", "configargparse", "pkgutil", "colorsys", "tests"):
        (folder / (name + ".py")).write_text("raise SystemExit('imported ' + __file__)\n")
    output = launch(folder, ["-f", "locustfile.py", "--list"])
    assert "ENV None REQUESTS True" in output
    assert "PATH True users" in output
    assert "ShopUser" in output
    assert "imported" not in output


def test_settings_files_of_the_script_do_not_count(tmp_path):
    folder = script_folder(tmp_path)
    (folder / "locust.conf").write_text("no-such-option-of-locust = 1\nlocustfile = other.py\n")
    (folder / "pyproject.toml").write_text("[tool.locust]\nlocustfile = 'other.py'\n")
    output = launch(folder, ["--list"])
    assert "other.py" not in output
    assert "ShopUser" in output


def test_the_package_alone_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import load_manager_locust; "
    code += "print(sorted(set(sys.modules) - before), end='')"
    assert output_of(code) == b"['load_manager_locust']"


def test_a_worker_imports_nothing_of_the_master():
    code = "import locust, sys, load_manager_locust.worker.install; "
    code += "print([name for name in sys.modules if '_locust.master' in name or '_locust.delivery' in name], end='')"
    assert output_of(code) == b"[]"
