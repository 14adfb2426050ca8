"""The mock upstream and the load generator as this program drives them."""
import json
import subprocess

from . import cores
from .programs import Trouble, published, stop, wait_for


class Mock:
    """Behind the proxy. `counts` says, once it is stopped, what it saw."""

    def __init__(self, build, place, core, answer_bytes=1024, contents=0, interval_ms=50):
        ports = place.folder / "mock.ports"
        ports.unlink(missing_ok=True)
        command = [build / "tests/bench/mock_upstream/mock-upstream", "--port-file", ports,
                   "--certificate", place.certificate, "--key", place.key, "--answer-bytes", str(answer_bytes)]
        if contents:
            command += ["--contents", str(contents), "--interval-ms", str(interval_ms)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=cores.pin(core))
        said = wait_for("the mock's ports", lambda: published(ports), self.process)
        self.plain, self.tls = said["plain"], said["tls"]
        self.pids = [self.process.pid]
        self.counts = None

    def port(self, tls):
        return self.tls if tls else self.plain

    def stop(self):
        stop(self.process)
        if self.process.stdout.closed:
            return
        said = self.process.stdout.read()
        self.process.stdout.close()
        self.counts = json.loads(said) if said else None


class Load:
    """One run of the generator. Moments come as they happen: `connected`, `begin`, `end`, `done`."""

    def __init__(self, build, core, mode, port, keys, **options):
        command = [build / "tests/bench/load_generator/load-generator", "--mode", mode, "--port", str(port),
                   "--keys", keys]
        for name, value in options.items():
            name = "--" + name.replace("_", "-")
            if value is True:
                command.append(name)
            elif value not in (None, False):
                command += [name, str(value)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=cores.pin(core))
        self.pids = [self.process.pid]

    def moment(self, name):
        """Waits for it; what was said."""
        line = self.process.stdout.readline()
        said = json.loads(line) if line else {}
        if said.get("at") != name:
            raise Trouble(f"the load generator did not come to {name!r}: {self.process.stderr.read().strip()}")
        return said

    def stop(self):
        stop(self.process)
        self.process.stdout.close()
        self.process.stderr.close()
