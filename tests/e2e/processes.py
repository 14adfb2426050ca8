"""The programs an end-to-end test in Python is made of: the simulator, and the real gateway in
front of it as the demo configures it. Ports are zero and published in files; a `with` block
stops what it started."""
import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOLLGATE_BUILD_DIR", ROOT / "build/dev"))
# What a sanitizer keeps for itself is not the gateway's.
SANITIZED = os.environ.get("TOLLGATE_SANITIZED") == "1"
KEY = "tg-end-to-end-key"
PATHS = {"REKA": "/reka/v1", "OPENROUTER": "/openrouter/api/v1", "HAIMAKER": "/haimaker/v1", "ONPREM": "/onprem/v1"}
KEYS = {"REKA": "reka-test", "OPENROUTER": "sk-or-v1-test", "HAIMAKER": "sk-test"}


def wait_for(what, ready, seconds=60, process=None):
    """The first true value of ready(); fails when time is up or `process` has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = ready()
        if value:
            return value
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{what}: the process ended with status {process.returncode}")
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def fetch(url, body=None, headers=None):
    """(status, text) of one request without proxies; JSON `body` makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def memory(process):
    """Bytes it has in memory."""
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def most_memory(process):
    """Bytes it had in memory when those were most."""
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def stop(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


class Gateway:
    """The simulator and the gateway before it. `log` holds the gateway's lines after the block."""

    def __enter__(self):
        with contextlib.ExitStack() as started:  # stopped again if what follows fails
            self._start(started)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_):
        self._started.close()

    def _start(self, started):
        folder = pathlib.Path(started.enter_context(tempfile.TemporaryDirectory(prefix="tollgate-e2e-")))
        self.folder = folder
        started.callback(lambda: setattr(self, "log", _read(folder / "log")))
        simulator = subprocess.Popen(
            [BUILD / "tests/support/upstream_simulator/upstream-simulator", "--port-file", folder / "simulator"]
        )
        started.callback(stop, simulator)
        port = wait_for("the simulator's port", lambda: _read(folder / "simulator"), process=simulator)
        self.upstream = f"http://127.0.0.1:{port.strip()}"

        environment = {
            **os.environ,
            "TOLLGATE_DEMO_KEY_SHA256": hashlib.sha256(KEY.encode()).hexdigest(),
            "TOLLGATE_STATE": str(folder),
            "TOLLGATE_LISTEN": "127.0.0.1:0",
            "TOLLGATE_ADMIN_LISTEN": "127.0.0.1:0",
            "TOLLGATE_LOG_FILE": str(folder / "log"),
            **{f"{name}_BASE_URL": self.upstream + path for name, path in PATHS.items()},
            **{f"{name}_API_KEY": key for name, key in KEYS.items()},
            **{f"{name}_SIMULATED": "true" for name in PATHS},
        }
        arguments = ["serve", "--config", ROOT / "config/demo.yaml", "--port-file", folder / "gateway"]
        gateway = subprocess.Popen([BUILD / "gateway/tollgate", *arguments], env=environment)
        started.callback(stop, gateway)
        ports = wait_for("the gateway's ports", lambda: _read(folder / "gateway"), process=gateway)
        numbers = dict(pair.split("=") for pair in ports.replace(",", " ").split())
        self.url = f"http://127.0.0.1:{numbers['client']}"
        self.admin = f"http://127.0.0.1:{numbers['admin']}"

    def chat(self, model, text="Hello!", stream=False, key=KEY, **more):
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream, **more}
        return fetch(self.url + "/v1/chat/completions", body, {"Authorization": f"Bearer {key}"})

    def upstream_fails(self, dialect, *faults, times=1):
        """The next `times` requests of that dialect go wrong in this way."""
        status, said = fetch(self.upstream + "/_control", {"dialect": dialect, "faults": faults, "times": times})
        assert status < 300, said


def _read(path):
    """The text of a file that is complete, which its last newline says; else nothing."""
    text = path.read_text() if path.exists() else ""
    return text if text.endswith("\n") else ""
