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


def test_the_package_alone_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import load_manager_locust; "
    code += "print(sorted(set(sys.modules) - before), end='')"
    assert output_of(code) == b"['load_manager_locust']"


def test_a_worker_imports_nothing_of_the_master():
    code = "import locust, sys, load_manager_locust.worker.install; "
    code += "print([name for name in sys.modules if '_locust.master' in name or '_locust.delivery' in name], end='')"
    assert output_of(code) == b"[]"
