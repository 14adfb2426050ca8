"""Programs that run while something is measured: started, waited for, and ended by their id."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

# Debian keeps servers where not every user looks.
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
os.environ["PATH"] = SEARCH
ROOT = pathlib.Path(__file__).resolve().parents[3]


class Trouble(Exception):
    """The bench cannot go on; says what was wrong and how to mend it."""


def wait_for(what, ready, process, seconds=60):
    """The first true value of ready()."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = ready()
        if value:
            return value
        if process.poll() is not None:
            raise Trouble(f"{what}: the program ended with status {process.returncode}")
        time.sleep(0.01)
    raise Trouble(f"{what} did not happen within {seconds} s")


def published(path):
    """A file of name=number pairs, once it is complete; else nothing."""
    text = path.read_text() if path.exists() else ""
    if not text.endswith("\n"):
        return None
    return {name: int(number) for name, number in (pair.split("=") for pair in text.replace(",", " ").split())}


def stop(process, how=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    """A port nobody listens on; for programs that cannot tell which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def raise_descriptor_limit():
    """As many descriptors as this user may have, for every program that is started; their number."""
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 200_000:
        hard = 200_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return hard


def require(*commands):
    missing = [command for command in commands if shutil.which(command, path=SEARCH) is None]
    if missing:
        raise Trouble(f"{' and '.join(missing)} not found: deploy/install build test installs what the bench wants")


def build(jobs=None):
    """The folder of the release build, made anew where something has changed."""
    for command in (["cmake", "--preset", "release"],
                    ["ninja", "-C", "build/release", "-j", str(jobs or len(os.sched_getaffinity(0))),
                     "tollgate", "mock-upstream", "load-generator"]):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Trouble(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
    return ROOT / "build/release"
