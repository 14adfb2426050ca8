"""`tollgate chaos`: every failure happens to the routes of a configuration, and the table says what a client
saw. Its upstreams are its own: the configuration's are never asked, and nothing of it is touched."""
import json
import socket
import subprocess
import unittest

from house import House
from processes import BUILD

ROUTES = """
  - {name: two, targets: [{provider: openrouter, model: one, price: *price}, {provider: onprem, model: two, price: *price}]}
  - {name: alone, targets: [{provider: haimaker, model: one, price: *price}]}
  - {name: by-lot, order: weighted, targets: [{provider: haimaker, model: one, price: *price},
                                              {provider: onprem, model: two, price: *price}]}
  - {name: swallows, targets: [{provider: openrouter, model: one, price: *price},
       {provider: onprem, model: two, price: *price, capabilities: {reasoning_tags: ["Counting:", eight]}}]}
  - {name: in-time, deadline: 20s, hedge: 3s, targets: [{provider: openrouter, model: one, price: *price}, {provider: onprem, model: two, price: *price}]}
  - {name: not-rescued, rescue: "off", targets: [{provider: openrouter, model: one, price: *price}, {provider: onprem, model: two, price: *price}]}
  - {name: numbers, targets: [{provider: openrouter, model: e, price: *price, capabilities: {chat: false, completions: false, embeddings: true}},
       {provider: onprem, model: e, price: *price, capabilities: {chat: false, completions: false, embeddings: true}}]}
  - {name: old, targets: [{provider: openrouter, model: e, price: *price, capabilities: {chat: false, completions: true}},
       {provider: onprem, model: e, price: *price, capabilities: {chat: false, completions: true}}]}"""
AFTER_CONTENT = {"cut", "stalls", "errs", "ends"}


class ChaosCommand(unittest.TestCase):
    def setUp(self):
        self.house = House(self)
        self.configure(models=ROUTES)

    def configure(self, **more):
        self.house.configure(**more)
        (self.house.folder / "tollgate.yaml").chmod(0o600)  # else every command warns

    def drill(self, *arguments, config=None):
        """(status, output, complaints)"""
        done = subprocess.run(
            [BUILD / "gateway/tollgate", "chaos", "--config", config or self.house.folder / "tollgate.yaml", *arguments],
            capture_output=True, text=True, timeout=110)
        return done.returncode, done.stdout, done.stderr

    def trials(self, *models):
        named = [word for model in models for word in ("--model", model)]
        status, told, complaints = self.drill("--format", "json", *named)
        return status, json.loads(told)["trials"], complaints

    def test_what_fails_before_content_is_answered_by_the_other_target(self):
        status, trials, complaints = self.trials("two")
        self.assertEqual((0, ""), (status, complaints))
        self.assertEqual({True, False}, {trial["streamed"] for trial in trials})
        for trial in trials:
            with self.subTest(f"{trial['failure']}, streamed: {trial['streamed']}"):
                self.assertEqual("openrouter/one", trial["failing"])
                if trial["failure"] in AFTER_CONTENT:
                    self.assertIn(trial["verdict"], ("told", "survived"))
                    continue
                self.assertEqual((200, "survived", "onprem/two"), (trial["status"], trial["verdict"], trial["answered"]))
                self.assertEqual(2, trial["attempts"])
                self.assertGreaterEqual(float(trial["cost_usd"]), 0.000016)
        silent = [trial for trial in trials if trial["failure"] == "silent"]
        self.assertEqual({True: 30_000, False: 300_000}, {trial["streamed"]: trial["limit_ms"] for trial in silent})

    def test_where_nobody_else_is_an_honest_error_is_enough(self):
        status, trials, complaints = self.trials("alone")
        self.assertEqual((0, ""), (status, complaints))
        verdicts = {trial["failure"]: trial["verdict"] for trial in trials}
        for failure, verdict in verdicts.items():
            self.assertEqual("told" if failure in AFTER_CONTENT else "nobody_else", verdict, failure)
        self.assertEqual({""}, {trial["answered"] for trial in trials})

    def test_neither_a_proxy_nor_a_further_key_is_used(self):
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            proxy.setblocking(False)
            self.configure(
                providers=f"  - {{name: behind, kind: openrouter, base_url: 'https://upstream.example/v1', api_keys: [sk-its-first, "
                f"sk-its-second], proxy: 'http://team:password@127.0.0.1:{proxy.getsockname()[1]}'}}",
                models="""
  - {name: kept-in, targets: [{provider: behind, model: one, price: *price}, {provider: onprem, model: two, price: *price}]}""")
            status, trials, complaints = self.trials("kept-in")
            self.assertEqual((0, ""), (status, complaints))
            refused = [trial for trial in trials if trial["failure"] == "401"]
            self.assertEqual({2}, {trial["attempts"] for trial in refused})
            with self.assertRaises(BlockingIOError):
                proxy.accept()

    def test_each_target_that_may_be_the_first_fails(self):
        status, trials, _ = self.trials("by-lot")
        self.assertEqual(0, status)
        self.assertEqual({"haimaker/one", "onprem/two"}, {trial["failing"] for trial in trials})

    def test_other_endpoints_are_drilled_too(self):
        status, trials, complaints = self.trials("numbers", "old")
        self.assertEqual((0, ""), (status, complaints))
        shapes = {model: {trial["streamed"] for trial in trials if trial["model"] == model} for model in ("numbers", "old")}
        self.assertEqual({"numbers": {False}, "old": {False, True}}, shapes)

    def test_a_route_that_does_not_survive_is_named(self):
        status, table, complaints = self.drill("--model", "swallows")
        self.assertEqual(1, status)
        self.assertIn("swallows, openrouter/one (resets the connection, whole): ", complaints)
        self.assertIn("swallows: openrouter/one fails, another is left\n", table)

    def test_a_limit_that_outlasts_the_deadline_is_to_mend(self):
        self.configure(models="""
  - {name: too-late, deadline: 2s, targets: [{provider: openrouter, model: one, price: *price}, {provider: onprem, model: two, price: *price}]}""")
        status, trials, complaints = self.trials("too-late")
        self.assertEqual(1, status)
        silent = [trial for trial in trials if trial["failure"] == "silent"]
        self.assertEqual([(504, "lost", 1, 2_000)] * 2,
                         [tuple(trial[name] for name in ("status", "verdict", "attempts", "limit_ms")) for trial in silent])
        self.assertIn("too-late, openrouter/one (says nothing, streamed): 504 upstream_timeout, though another", complaints)
        self.assertEqual({"silent"}, {trial["failure"] for trial in trials if trial["verdict"] == "lost"})
        _, table, _ = self.drill("--model", "too-late")
        self.assertRegex(table, r"says nothing +streamed +504 upstream_timeout +- +\d+ ms \(else 2 s\) +")

    def test_a_stream_that_nobody_may_go_on_with_is_to_mend(self):
        status, trials, complaints = self.trials("not-rescued")
        self.assertEqual(1, status)
        self.assertEqual(AFTER_CONTENT, {trial["failure"] for trial in trials if trial["verdict"] == "lost"})
        self.assertIn("and `rescue: off` keeps the others from going on", complaints)

    def test_a_hedge_ends_the_wait_for_a_silent_target(self):
        status, trials, complaints = self.trials("in-time")
        self.assertEqual((0, ""), (status, complaints))
        self.assertEqual({3_000}, {trial["limit_ms"] for trial in trials if trial["failure"] == "silent"})

    def test_the_table_says_what_a_client_sees(self):
        status, table, _ = self.drill("--model", "two", "--model", "alone")
        self.assertEqual(0, status)
        self.assertIn("two: openrouter/one fails, another is left\n", table)
        self.assertRegex(table, r"takes no connections +streamed +the answer +onprem/two +\d+ ms +0\.000016\n")
        self.assertIn("alone: haimaker/one fails, nobody is left\n", table)
        self.assertRegex(table, r"says nothing +whole +504 upstream_timeout +- +\d+ ms \(else 300 s\) +")
        self.assertRegex(table, r"cut after some content +streamed +a part, then upstream_unavailable +- +")
        self.assertRegex(table, r"\n\d+ failures: \d+ survived, .* 0 to mend\.\n")

    def test_nothing_of_the_operators_is_touched(self):
        before = sorted(path.name for path in self.house.folder.iterdir())
        self.assertEqual(0, self.drill("--model", "two")[0])
        self.assertEqual(before, sorted(path.name for path in self.house.folder.iterdir()))
        self.assertEqual(0, self.house.stats()["connections"] - 1, "the simulator was asked for its counts alone")
        # Beside a gateway that runs on the same configuration.
        self.house.start()
        self.assertEqual(0, self.drill("--model", "two")[0])
        self.assertEqual(200, self.house.paid("mock/ok"))
        self.assertEqual(1, len(self.house.at_rest()))

    def test_what_cannot_be_drilled_is_said(self):
        self.assertEqual((2, "", 'No model is called "tow"; did you mean "two"?\n'), self.drill("--model", "alone", "--model", "tow"))
        status, told, complaint = self.drill("--model", "something-else")
        self.assertEqual((2, ""), (status, told))
        self.assertIn('No model is called "something-else"; there is mock/*, ', complaint)
        missing = self.drill(config=self.house.folder / "none.yaml")
        self.assertEqual(2, missing[0])
        self.assertIn("none.yaml", missing[2])

    def test_every_dialect_of_the_house_survives(self):
        """The three systems, in each of their shapes."""
        providers = "".join(f"""
  - {{name: {name}, kind: reka, base_url: "{self.house.upstream}/reka/v1", api_key: k}}""" for name in ("first", "second"))
        kinds = {"plain": "m", "native": "m, kind: reka_chat", "research": "reka-flash-research, kind: reka_research"}
        self.configure(providers=providers, models="".join(f"""
  - name: {name}
    targets: [{{provider: first, model: {kind}, price: *price}}, {{provider: second, model: {kind}, price: *price}}]"""
                                                           for name, kind in kinds.items()))
        status, trials, complaints = self.trials(*kinds)
        self.assertEqual((0, ""), (status, complaints))
        self.assertEqual(set(kinds), {trial["model"] for trial in trials})


if __name__ == "__main__":
    unittest.main()
