"""Finds or makes the environment with the packages of a script. Runs with the Python of the cluster, and imports nothing of it.

Arguments: the folder of environments, a file with the requirements, the file for the result, and `find` where none is to be made. An environment is a folder
`<key>.<random>` with the packages, in which the cluster's own packages are seen as well; the key is that of the Python, its
packages and the requirements. It counts once `complete.json` is there, which is written last. While another process makes the same one, this one waits;
the result says meanwhile which of both it does (`stage`).
"""

import contextlib

import glob
import hashlib
import json
import os
import re
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import time
import venv
from importlib import metadata

try:
    import fcntl
except ImportError:
    fcntl = None

#: Changes with the way in which environments are made.
FORMAT = "1"
COMPLETE = "complete.json"
SITES = [folder for folder in site.getsitepackages() if os.path.isdir(folder)]


class Refused(Exception):
    """The packages cannot be installed; the message is for people."""


def write(path, value):
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(path + ".part", path)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints():
    """The packages that Locust needs, with everything that these need, as they are installed: `name==version`."""
    installed = {}
    for found in metadata.distributions():
        installed.setdefault(normal(found.metadata["Name"] or ""), found)
    if "locust" not in installed:
        raise Refused("%s has no Locust installed as a package" % sys.executable)
    wanted, seen = ["locust"], set()
    while wanted:
        name = wanted.pop()
        if name in seen or name not in installed:
            continue
        seen.add(name)
        for requirement in installed[name].requires or []:
            wanted.append(normal(re.match(r"[\w.-]+", requirement.strip()).group()))
    return ["%s==%s" % (name, installed[name].version) for name in sorted(seen)]


def key_of(pinned, requirements):
    parts = [FORMAT, sys.executable, sys.version, *SITES, *pinned, requirements]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def python_of(folder):
    return os.path.join(folder, "bin", "python")


def complete_one(environments, key):
    """A complete environment with this key; the time of its use is noted, so that it is not removed."""
    for mark in sorted(glob.glob(os.path.join(glob.escape(environments), key + ".*", COMPLETE))):
        try:
            os.utime(mark)
            with open(mark, encoding="utf-8") as file:
                return {"python": python_of(os.path.dirname(mark)), **json.load(file)}
        except (OSError, ValueError):
            continue
    return None


@contextlib.contextmanager
def alone(environments, key, on_wait):
    """
    No other process of this machine is here with this key meanwhile. The kernel frees the lock of a process that ends, however
    it does. One file has the locks of all keys, each at its own place.
    """
    with open(environments + ".lock", "a", encoding="ascii") as file:
        if fcntl is not None:
            place = int(key[:12], 16)
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                on_wait()
                fcntl.lockf(file, fcntl.LOCK_EX, 1, place)
        yield


def see_own_packages(folder):
    """The cluster's own packages, with what its .pth files add, come after those of the environment."""
    lines = ["import site; site.addsitedir(%s)\n" % ascii(path) for path in SITES]
    version = "python%d.%d" % sys.version_info[:2]
    packages = os.path.join(folder, "lib", version, "site-packages")
    with open(os.path.join(packages, "cluster.pth"), "w", encoding="ascii") as file:
        file.writelines(lines)
    return packages


def without_credentials(line):
    return re.sub(r"://[^/@\s]+@", "://***@", line)


def reason_in(lines):
    """The lines in which pip says why it failed."""
    errors = [line for line in lines if line.startswith("ERROR:") and "ResolutionImpossible" not in line]
    conflict = []
    if "The conflict is caused by:" in lines:
        for line in lines[lines.index("The conflict is caused by:") :]:
            if line.startswith("To fix this"):
                break
            conflict.append(line.strip())
    return " ".join([*(errors[-3:] or lines[-3:]), *conflict[:8]])[:1000] or "pip failed"


def install(folder, requirements, pinned):
    """Runs pip, with its output in ours. Raises Refused with the lines in which pip says why."""
    for name, text in (("constraints.txt", "\n".join(pinned) + "\n"), ("requirements.txt", requirements)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    pip = [python_of(folder), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check"]
    options = ["--no-warn-script-location", "--progress-bar", "off"]
    lines = []
    with subprocess.Popen(
        [*pip, "install", *options, "-r", "requirements.txt", "-c", "constraints.txt"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for raw in process.stdout:
            line = without_credentials(raw.rstrip())
            print(line, flush=True)
            if line.strip() != "":
                lines = [*lines[-199:], line]
    if process.returncode == 0:
        return
    if any("No module named pip" in line for line in lines):
        raise Refused("%s has no pip" % sys.executable)
    raise Refused(reason_in(lines))


def make(environments, key, requirements, pinned):
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix=key + ".", dir=environments)
    try:
        venv.EnvBuilder(symlinks=True).create(folder)
        packages = see_own_packages(folder)
        install(folder, requirements, pinned)
        found = metadata.distributions(path=[packages])
        installed = sorted("%s %s" % (one.metadata["Name"], one.version) for one in found)
        made = {"installed": installed, "seconds": round(time.monotonic() - began, 1)}
        write(os.path.join(folder, COMPLETE), made)
        return {"python": python_of(folder), **made}
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def result_of(environments, path, only_find, on_stage):
    pinned = constraints()
    os.makedirs(environments, exist_ok=True)
    with open(path, encoding="utf-8") as file:
        requirements = file.read()
    key = key_of(pinned, requirements)
    known = complete_one(environments, key)
    if known is not None:
        return {"cached": True, **known}
    if only_find:
        return {"missing": True}
    with alone(environments, key, lambda: on_stage("waiting")):
        # The one that was waited for.
        known = complete_one(environments, key)
        if known is not None:
            return {"cached": True, **known}
        on_stage("installing")
        return {"cached": False, **make(environments, key, requirements, pinned)}


def end(*_):
    """A SIGTERM ends it as an exception does, so that no part is left."""
    sys.exit(143)


def main():
    signal.signal(signal.SIGTERM, end)
    environments, requirements, result, *mode = sys.argv[1:]
    try:
        found = result_of(environments, requirements, mode == ["find"], lambda stage: write(result, {"stage": stage}))
    except Refused as error:
        found = {"error": str(error)}
    except Exception as error:
        found = {"error": "%s: %s" % (type(error).__name__, error)}
    write(result, found)


if __name__ == "__main__":
    main()
