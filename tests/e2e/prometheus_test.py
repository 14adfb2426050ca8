"""A real Prometheus scrapes the real gateway: what it then knows agrees with what was asked, every
expression of deploy/grafana.json returns data, and promtool accepts deploy/'s files."""
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.parse

import processes
from processes import ROOT, Gateway, fetch, wait_for

DEPLOY = ROOT / "deploy"


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=DEPLOY)
    return done.returncode, done.stdout + done.stderr


class DeployFiles(unittest.TestCase):
    def test_promtool_accepts_the_configuration(self):
        status, said = promtool("check", "config", "prometheus.yml")
        self.assertEqual(0, status, said)

    def test_promtool_accepts_the_rules(self):
        status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")
        self.assertEqual(0, status, said)

    def test_each_alert_fires_on_its_fault_and_none_on_a_quiet_gateway(self):
        status, said = promtool("test", "rules", str(ROOT / "tests/e2e/alerts.test.yml"))
        self.assertEqual(0, status, said)

    def test_each_alert_is_tested(self):
        names = re.findall(r"alert: (\w+)", (DEPLOY / "alerts.yml").read_text())
        tested = (ROOT / "tests/e2e/alerts.test.yml").read_text()
        self.assertTrue(names)
        for name in names:
            self.assertIn(f'alertname="{name}"', tested)


class Prometheus:
    """deploy/prometheus.yml as it is, but for the gateway's port and the pace of scrapes."""

    def __init__(self, admin):
        self.admin = admin.removeprefix("http://")

    def __enter__(self):
        with contextlib.ExitStack() as started:
            folder = pathlib.Path(started.enter_context(tempfile.TemporaryDirectory(prefix="tollgate-prometheus-")))
            self.start(folder, started)
            self.started = started.pop_all()
        return self

    def __exit__(self, *_):
        self.started.close()

    def start(self, folder, started):
        settings = (DEPLOY / "prometheus.yml").read_text()
        assert "127.0.0.1:8081" in settings
        settings = re.sub(r"(_interval): 15s", r"\1: 500ms", settings.replace("127.0.0.1:8081", self.admin))
        (folder / "prometheus.yml").write_text(settings)
        (folder / "alerts.yml").write_text((DEPLOY / "alerts.yml").read_text())
        self.output = folder / "output"
        with self.output.open("w") as output:
            process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/data",
                    "--web.listen-address=127.0.0.1:0",
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.callback(processes.stop, process)
        listening = wait_for("Prometheus listening", self.address, process=process)
        self.url = f"http://{listening[1]}/api/v1"

    def address(self):
        return re.search(r'"Listening on" address=(\S+)', self.output.read_text())

    def query(self, expression):
        status, text = fetch(f"{self.url}/query?" + urllib.parse.urlencode({"query": expression}))
        if status != 200:
            raise AssertionError(f"{expression}: {text}")
        return json.loads(text)["data"]["result"]

    def value(self, expression):
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else 0.0

    def data(self, expression):
        """Waited for: on a busy machine a scrape is late now and then, and all series are stale until the next."""
        return wait_for(f"data of {expression}", lambda: self.query(expression), seconds=20)

    def number(self, expression):
        return float(self.data(expression)[0]["value"][1])


def dashboard_expressions():
    """Each expression of the dashboard, its variables at "All" and its spans those of this test."""
    spans = {"$__rate_interval": "1m", "$__range": "5m"}
    names = {"$model": ".*", "$team": ".*", "$provider": ".*"}
    for panel in json.loads((DEPLOY / "grafana.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for variable, value in (spans | names).items():
                expression = expression.replace(variable, value)
            assert "$" not in expression, expression
            yield panel["title"], expression


class Scraped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = cls.enterClassContext(Gateway())
        cls.prometheus = cls.enterClassContext(Prometheus(cls.gateway.admin))
        # A counter's rate needs a scrape before its traffic and one after.
        cls.traffic(cls.gateway)
        wait_for("a scrape", lambda: cls.prometheus.value("sum(tollgate_requests_total)") > 0)
        cls.traffic(cls.gateway)
        wait_for("the last request", cls.all_is_scraped)

    @staticmethod
    def traffic(gateway):
        """A little of everything the dashboard shows."""
        for stream in (False, True):
            for model in ("rekaai/reka-edge", "rekaai/reka-flash-3", "reka-core"):
                status, said = gateway.chat(model, stream=stream)
                assert status == 200, said
        assert gateway.chat("edge")[0] == 200  # an alias of rekaai/reka-edge
        assert gateway.chat("no-such-model-canary")[0] == 404
        for fault in ("504", "reset-after-head"):  # which are not asked for again
            gateway.upstream_fails("openrouter", fault)
            assert gateway.chat("rekaai/reka-edge")[0] >= 500
        assert gateway.chat("rekaai/reka-edge", key="not-a-key")[0] == 401

    @classmethod
    def all_is_scraped(cls):
        return cls.prometheus.value("sum(tollgate_requests_total)") == cls.shown("tollgate_requests_total")

    @classmethod
    def shown(cls, family):
        """The sum of a family as the gateway shows it now."""
        text = fetch(cls.gateway.admin + "/metrics")[1]
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(family + "{"))

    def test_prometheus_counts_what_was_asked(self):
        self.assertEqual(6, self.prometheus.number(
            'sum(tollgate_requests_total{provider="openrouter",model="rekaai/reka-edge",outcome="ok"})'
        ))
        self.assertEqual(2, self.prometheus.number('tollgate_rejected_total{reason="invalid_key"}'))

    def test_tokens_and_money_agree_with_the_price(self):
        # haimaker's reka-flash-3: 0.10 USD per million tokens in, 0.20 out; every token in one kind.
        prompt = self.prometheus.number('sum(tollgate_tokens_total{provider="haimaker",kind=~"prompt|cached_.*"})')
        completion = self.prometheus.number('sum(tollgate_tokens_total{provider="haimaker",kind=~"completion|reasoning"})')
        cost = self.prometheus.number('sum(tollgate_cost_usd_total{provider="haimaker"})')
        self.assertGreater(prompt * completion, 0)
        self.assertAlmostEqual(cost, (0.10 * prompt + 0.20 * completion) / 1e6, places=12)

    def test_every_family_is_there(self):
        families = """requests_total attempts_total tokens_total cost_usd_total request_duration_seconds_bucket
            time_to_first_token_seconds_bucket gateway_overhead_seconds_bucket open_streams open_connections
            rejected_total accounting_doubts_total config_info config_loaded_timestamp_seconds
            config_refused config_reload_failed_total log_lines_dropped_total
            build_info""".split()
        for family in families:
            self.prometheus.data(f"tollgate_{family}")

    def test_labels_are_names_the_operator_wrote(self):
        text = fetch(self.gateway.admin + "/metrics")[1]
        self.assertNotIn("canary", text)
        self.assertNotIn('model="edge"', text)

    def test_every_expression_of_the_dashboard_returns_data(self):
        expressions = list(dashboard_expressions())
        self.assertGreater(len(expressions), 20)
        for title, expression in expressions:
            with self.subTest(title):
                result = self.prometheus.data(expression)
                self.assertTrue(any(sample["value"][1] != "NaN" for sample in result), f"only NaN: {expression}")

    def test_every_alert_can_be_evaluated(self):
        for expression in self.alert_expressions():
            self.prometheus.query(expression)

    def alert_expressions(self):
        status, text = fetch(self.prometheus.url + "/rules")
        self.assertEqual(200, status)
        rules = [rule for group in json.loads(text)["data"]["groups"] for rule in group["rules"]]
        self.assertTrue(rules)
        return [rule["query"] for rule in rules]

    def test_nothing_of_the_admin_side_is_on_the_client_port(self):
        self.assertEqual(404, fetch(self.gateway.url + "/metrics")[0])


if __name__ == "__main__":
    unittest.main()
