"""A gateway that may die and start again on the same ledger, and the simulator that outlives it.
What a test about money asks of both: requests, who saw what, and what is in the ledger."""
import contextlib
import hashlib
import http.client
import json
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import threading

import processes
from processes import BUILD, fetch, stop, wait_for

KEY = "sk-tg-house"
OUTCOMES = ("ok", "failed", "truncated", "client_left", "stopped", "interrupted")
SOURCES = ("reported", "priced", "estimated", "unknown")
COLUMNS = {
    "request": "lower(hex(r.request))", "attempt": "r.attempt", "outcome": "r.outcome", "prompt": "r.prompt",
    "completion": "r.completion", "cost": "r.cost", "source": "r.cost_source", "tokens": "r.token_source",
    "gone": "r.client_gone", "tags": "t.text", "target": "n.text", "maybe_billed": "r.maybe_billed",
}
CONFIGURATION = """
server: {{listen: "127.0.0.1:0", workers: 2}}
admin: {{listen: "127.0.0.1:0"}}
log: {{level: debug}}
keys: [{{name: keeper, team: house, sha256: {digest}}}]
teams: [{{name: house, limits: {{budgets: [{{usd: 1000, window: total}}]}}}}]
# Nobody is asked again by the request that it failed: a fault is one call upstream.
providers:
  - {{name: onprem, kind: openai, base_url: "{upstream}/onprem/v1", retries: &once {{at_most: 0}}}}
  - {{name: openrouter, kind: openrouter, base_url: "{upstream}/openrouter/api/v1", api_key: {upstream_key}, retries: *once}}
  - {{name: haimaker, kind: haimaker, base_url: "{upstream}/haimaker/v1", api_key: {upstream_key}, retries: *once}}
{providers}
models:
  - name: "mock/*"
    reserve_output_tokens: 10
    targets: [{{provider: onprem, model: "mock/*", price: &price
      {{usd_per_million_input: 1, usd_per_million_output: 1}}}}]
  - {{name: "drained/*", targets: [{{provider: onprem, model: "mock/*", on_client_gone: drain, price: *price}}]}}
  - {{name: "openrouter/*", targets: [{{provider: openrouter, model: "mock/*", price: *price}}]}}
  - {{name: "haimaker/*", targets: [{{provider: haimaker, model: "mock/*", price: *price}}]}}
  - name: "both/*"
    targets:
      - {{provider: openrouter, model: "mock/*", price: *price}}
      - {{provider: onprem, model: "mock/ok", price: *price}}
{models}
"""
PICO_USD_PER_TOKEN = 1_000_000


class House:
    """For one test case; everything goes with it."""

    def __init__(self, case, providers="", models="", upstream_key="sk-upstream"):
        folder = tempfile.TemporaryDirectory(prefix="tollgate-house-")
        case.addCleanup(folder.cleanup)
        self.case = case
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / "log"
        self.ledger = self.folder / "tollgate.db"
        self.gateway = None
        case.addCleanup(self._end)
        simulator = subprocess.Popen(
            [BUILD / "tests/support/upstream_simulator/upstream-simulator", "--port-file", self.folder / "simulator"]
        )
        case.addCleanup(stop, simulator)
        port = wait_for("the simulator's port", lambda: processes._read(self.folder / "simulator"), process=simulator)
        self.upstream = f"http://127.0.0.1:{port.strip()}"
        self.configure(providers, models, upstream_key)

    def configure(self, providers="", models="", upstream_key="sk-upstream", change=lambda text: text):
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        text = CONFIGURATION.format(digest=digest, upstream=self.upstream, providers=providers, models=models,
                                    upstream_key=upstream_key)
        (self.folder / "tollgate.yaml").write_text(change(text))

    def spawn(self, before=(), program=BUILD / "gateway/tollgate", **options):
        """Starts it and waits for nothing. `before`: what runs it; `options`: Popen's."""
        self.ports = self.folder / "ports"
        self.ports.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.gateway = subprocess.Popen(
                [*before, program, "serve", "--config", self.folder / "tollgate.yaml", "--port-file", self.ports],
                stdout=log, stderr=log, **options)
        return self.gateway

    def start(self, *arguments, **options):
        self.spawn(*arguments, **options)
        said = wait_for("the gateway's ports", lambda: processes._read(self.ports), process=self.gateway)
        numbers = dict(pair.split("=") for pair in said.replace(",", " ").split())
        self.port, self.admin = int(numbers["client"]), int(numbers["admin"])

    def kill(self):
        self.gateway.send_signal(signal.SIGKILL)
        self.gateway.wait()

    def says(self, text):
        """The log has it, or will in a moment: a thread of its own writes it."""
        wait_for(f"{text!r} in the log", lambda: text in self.log.read_text(), 10)

    def stop(self):
        stop(self.gateway)
        self.case.assertEqual(0, self.gateway.returncode, self.log.read_text()[-4000:])

    def _end(self):
        if self.gateway and self.gateway.poll() is None:
            self.gateway.kill()
            self.gateway.wait()

    @contextlib.contextmanager
    def locked(self):
        """Somebody else writes to the ledger meanwhile."""
        other = sqlite3.connect(self.ledger, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    # Asking it.

    def ask(self, model, text="hello", stream=False, tags=None, key=KEY, headers=None, **more):
        """An Answer whose head has come."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream, **more}
        if stream:
            body["stream_options"] = {"include_usage": True}
        return Answer(self.port, json.dumps(body), {
            "Authorization": f"Bearer {key}", "Content-Type": "application/json",
            **({"x-tollgate-tags": tags} if tags else {}), **(headers or {})})

    def paid(self, *arguments, **named):
        """The status of an answer that was read to its end."""
        answer = self.ask(*arguments, **named)
        answer.read()
        return answer.status

    def in_background(self, *arguments, **named):
        """The same on a thread of its own, whose end nobody hears of."""
        def ask():
            try:
                self.ask(*arguments, **named).read()
            except (OSError, http.client.HTTPException):
                pass  # it was killed
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        self.case.addCleanup(thread.join, 10)
        return thread

    def metrics(self):
        return fetch(f"http://127.0.0.1:{self.admin}/metrics")[1]

    def metric(self, name):
        """The value behind `name` with its labels, as text; None: it is not there."""
        found = re.search("^" + re.escape(name) + " (.*)$", self.metrics(), re.MULTILINE)
        return found and found.group(1)

    def api(self, path, body=None):
        """(status, JSON) of a call of the admin API with the admin's token."""
        token = (self.folder / "admin.token").read_text().strip()
        status, text = fetch(f"http://127.0.0.1:{self.admin}{path}", body, {"Authorization": f"Bearer {token}"})
        return status, json.loads(text)

    def total(self, family):
        """The sum of a family's series."""
        found = re.findall("^" + re.escape(family) + r"\{.*\} (.*)$", self.metrics(), re.MULTILINE)
        return sum(map(float, found))

    def budget(self, what):
        return float(self.metric(f'tollgate_budget_{what}_usd{{scope="team",name="house",window="total"}}'))

    # What there is to compare.

    def seen(self, after=0):
        """What the simulator has of each request: a dict of its log."""
        text = fetch(f"{self.upstream}/_log?after={after}")[1]
        return [json.loads(line) for line in text.splitlines() if line]

    def stats(self):
        return json.loads(fetch(self.upstream + "/_stats")[1])

    def rows(self):
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as ledger:
            found = ledger.execute(
                f"SELECT {', '.join(COLUMNS.values())} FROM record r JOIN name t ON t.id = r.tags"
                " JOIN series s ON s.id = r.series JOIN name n ON n.id = s.target ORDER BY r.id").fetchall()
        ledger.close()
        rows = [dict(zip(COLUMNS, row)) for row in found]
        for row in rows:
            row["outcome"] = OUTCOMES[row["outcome"]]
            row["source"] = SOURCES[row["source"]]
            row["tokens"] = SOURCES[row["tokens"]]
        return rows

    def verify(self):
        done = subprocess.run([BUILD / "gateway/tollgate", "ledger", "verify", "--ledger", self.ledger],
                              capture_output=True, text=True)
        self.case.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def at_rest(self):
        """Stops it and expects everything in the ledger, once, and nothing held. The rows."""
        wait_for("an idle gateway", lambda: self.budget("held") == 0)
        spent = self.metric('tollgate_budget_spent_usd{scope="team",name="house",window="total"}')
        self.stop()
        rows = self.rows()
        ids = [(row["request"], row["attempt"]) for row in rows]
        self.case.assertEqual(len(ids), len(set(ids)), "an attempt stands more than once")
        self.case.assertAlmostEqual(sum(row["cost"] for row in rows) / 1e12, float(spent), places=9)
        self.verify()
        left = [entry.name for entry in (self.folder / "journal").iterdir() if entry.is_dir()]
        self.case.assertEqual([], left, "nothing is left to carry")
        return rows


class Answer:
    def __init__(self, port, body, headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            self.connection.request("POST", "/v1/chat/completions", body, headers)
            self.response = self.connection.getresponse()
        except BaseException:
            self.connection.close()
            raise
        self.status = self.response.status
        self.id = self.response.getheader("x-request-id")

    def read(self):
        try:
            return self.response.read().decode()
        finally:
            self.leave()

    def read_until(self, text):
        """Of a stream: what has come once `text` has."""
        got = ""
        while text not in got:
            line = self.response.readline().decode()
            if not line:
                raise AssertionError(f"it ended before {text!r}: {got}")
            got += line
        return got

    def leave(self):
        """As a client that vanishes."""
        self.response.close()
        self.connection.close()
