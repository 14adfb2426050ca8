"""The gateway as README recommends it for production: a virtual key with every kind of limit, team
and gateway limits, 1,000 models, journal and ledger, metrics, an access log in a file."""
import hashlib
import sqlite3
import subprocess
import urllib.request

from .. import cores
from ..programs import Trouble, published, stop, wait_for

MANY = 1_000_000_000  # never reached, always counted
LIMITS = (f"{{requests_per_minute: {MANY}, tokens_per_minute: {MANY * 100}, concurrent: 100000,"
          " budgets: [{usd: 1000000, window: month, zone: Europe/Berlin}]}")
CONFIGURATION = """
server: {{listen: "127.0.0.1:0", workers: {workers}{tls}}}
admin: {{listen: "127.0.0.1:0"}}
log: {{level: info, format: json, file: {access_log}}}
teams: [{{name: bench, limits: {limits}}}]
limits: {limits}
ledger: {{database: tollgate.db, journal: journal, mode: process}}
keys:
{keys}
providers:
{providers}
models:
{models}
"""


class Tollgate:
    name = "tollgate"
    program = "gateway/tollgate"
    folds_role = True  # a stream's first chunk with a role and nothing else goes out with the content

    def __init__(self, setup, build, models=1000, providers=1, keys=1):
        self.setup = setup
        self.program_path = build / self.program
        self.models, self.providers, self.key_count = models, providers, keys
        # Requests until every model and key has been used: what is done once for each is no request's cost.
        self.first_uses = max(2 * models, keys)
        self.folder = setup.place.folder / f"{self.name}-{models}-{keys}"
        self.errors = self.folder / "errors"
        self.process = None

    def start(self):
        self.folder.mkdir(exist_ok=True)
        configuration = self.folder / "tollgate.yaml"
        configuration.write_text(self._configuration())
        configuration.chmod(0o600)
        if not (self.folder / "tollgate.db").exists():
            self._make_key(configuration)
            self._make_more_keys()
        ports = self.folder / "ports"
        ports.unlink(missing_ok=True)
        with open(self.errors, "ab") as log:
            self.process = subprocess.Popen(
                [self.program_path, "serve", "--config", configuration, "--port-file", ports],
                stdout=log, stderr=log, preexec_fn=cores.pin(*self.setup.cores))
        said = wait_for("the gateway's ports", lambda: published(ports), self.process)
        self.port, self.admin = said["client"], said["admin"]
        self.pids = [self.process.pid]

    def stop(self):
        if self.process:
            stop(self.process)

    def scrape(self):
        """What Prometheus does every fifteen seconds."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.admin}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def keys(self):
        """A file with what clients send as their keys."""
        return self.folder / "secrets"

    def _make_key(self, configuration):
        done = subprocess.run(
            [self.program_path, "keys", "create", "bench", "--team", "bench", "--rpm", str(MANY), "--tpm",
             str(MANY * 100), "--concurrent", "100000", "--budget", "1000000/month@Europe/Berlin",
             "--config", configuration], capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"tollgate keys create failed: {done.stdout}{done.stderr}")
        self.keys().write_text(done.stdout.strip().splitlines()[-1] + "\n")

    def _make_more_keys(self):
        """Further ones like it, written into the database: making each by the command takes too long."""
        if self.key_count == 1:
            return
        length = len(self.keys().read_text().strip())
        secrets = [f"sk-tg-{number:0{length - 6}x}" for number in range(1, self.key_count)]
        with sqlite3.connect(self.folder / "tollgate.db") as database:
            settings, made = database.execute("SELECT settings, created_at FROM virtual_key").fetchone()
            database.executemany(
                "INSERT INTO virtual_key (id, name, settings, enabled, created_at, version) VALUES (?, ?, ?, 1, ?, 1)",
                ((f"key_{number:016x}", f"bench-{number}", settings, made) for number in range(1, self.key_count)))
            database.executemany(
                "INSERT INTO key_secret (digest, key, hint, made_at) VALUES (?, ?, 'sk-tg-', ?)",
                ((hashlib.sha256(secret.encode()).digest(), f"key_{number:016x}", made)
                 for number, secret in enumerate(secrets, 1)))
        database.close()
        with open(self.keys(), "a") as file:
            file.writelines(secret + "\n" for secret in secrets)

    def _configuration(self):
        setup, place = self.setup, self.setup.place
        scheme = "https" if setup.tls_upstream else "http"
        trust = f", ca_file: {place.certificate}" if setup.tls_upstream else ""
        providers = "\n".join(
            f'  - {{name: mock{number}, kind: openai, base_url: "{scheme}://127.0.0.1:{setup.upstream}/v1",'
            f" api_key: sk-upstream-of-the-bench{trust}}}" for number in range(self.providers))
        models = "\n".join(
            f"  - {{name: bench-{number:04}, targets: [{{provider: mock{number % self.providers}, model: bench-{number:04},"
            " price: {usd_per_million_input: 1, usd_per_million_output: 2}}]}" for number in range(self.models))
        digest = hashlib.sha256(b"sk-tg-of-the-file").hexdigest()
        return CONFIGURATION.format(
            workers=len(setup.cores), limits=LIMITS, access_log=self.folder / "access.log", providers=providers, models=models,
            keys=f"  - {{name: of-the-file, team: bench, sha256: {digest}}}",
            tls=f", tls: {{certificate: {place.certificate}, key: {place.key}}}" if setup.tls_door else "")
