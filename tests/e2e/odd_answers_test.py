"""Answers that are odd rather than failures: what the client gets of them, and what is booked."""
import json
import unittest

from house import House, PICO_USD_PER_TOKEN
from processes import SANITIZED, memory, most_memory

MIB = 1024 * 1024
SAID = "You said: hello — Grüße aus 世界 🦊."


class OddAnswers(unittest.TestCase):
    def setUp(self):
        self.house = House(self)
        self.house.start()

    def whole(self, model, **more):
        answer = self.house.ask(model, **more)
        body = answer.read()
        self.assertEqual(200, answer.status, body)
        return json.loads(body)["choices"][0]["message"]["content"]

    def streamed(self, model):
        """The text of a stream that ends in order."""
        answer = self.house.ask(model, stream=True)
        *events, done = [line.removeprefix("data: ") for line in answer.read().splitlines() if line.startswith("data: ")]
        self.assertEqual((200, "[DONE]"), (answer.status, done))
        choices = [choice for event in events for choice in json.loads(event)["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    def test_U08_a_stale_connection_is_replaced_and_nothing_is_booked_twice(self):
        for _ in range(10):
            self.assertEqual(SAID, self.whole("mock/close-idle"))
            self.assertEqual(SAID, self.whole("mock/ok"))
        rows = self.house.at_rest()
        self.assertEqual((20, {1}, {"ok"}), (len(rows), {row["attempt"] for row in rows}, {row["outcome"] for row in rows}))

    def test_U13_U18_U22_what_is_endless_is_not_kept(self):
        self.assertEqual(SAID, self.whole("mock/ok"))
        before = memory(self.house.gateway)
        for fault in ("endless-head", "large-body", "cl-10tib", "chunk-2-63", "gzip-bomb"):
            with self.subTest(fault):
                answer = self.house.ask(f"mock/{fault}")
                self.assertEqual("upstream_garbled", json.loads(answer.read())["error"]["code"])
                self.assertEqual(502, answer.status)
                self.assertEqual(SAID, self.whole(f"both/{fault}"))
        grown = most_memory(self.house.gateway) - before
        print(f"{grown / MIB:.1f} MiB more in memory at most")
        if not SANITIZED:
            self.assertLess(grown, 16 * MIB)
        self.assertEqual({"failed", "ok"}, {row["outcome"] for row in self.house.at_rest()})

    def test_U25_what_an_answer_without_choices_says_of_its_usage_is_booked_and_flagged(self):
        models = [f"{route}/{fault}" for route in ("mock", "haimaker", "openrouter")
                  for fault in ("no-choices", "empty-choices")]
        for model in models:
            self.assertEqual(502, self.house.paid(model))
        self.assertEqual(200, self.house.paid("both/no-choices"), "the next target answers")
        rows = self.house.at_rest()
        odd = [row for row in rows if row["outcome"] == "failed"]
        self.assertEqual((8, 7), (len(rows), len(odd)))
        for row in odd:
            with self.subTest(row["target"]):
                self.assertEqual((3, 4, "reported", 1),
                                 (row["prompt"], row["completion"], row["tokens"], row["maybe_billed"]))
                self.assertGreater(row["cost"], 0)
        self.assertIn(7 * PICO_USD_PER_TOKEN, [row["cost"] for row in odd])

    def test_U26_bytes_that_are_no_text_never_reach_the_client(self):
        for model in ("mock/bad-utf8", "openrouter/bad-utf8"):
            answer = self.house.ask(model)
            answer.read()  # decodes strictly
            self.assertEqual(502, answer.status)
        for model in ("mock/bad-utf8-event,slow-50ms", "openrouter/bad-utf8-event,slow-50ms"):
            self.house.ask(model, stream=True).read()
        self.assertEqual(SAID, self.whole("both/bad-utf8"))
        self.house.at_rest()

    def test_U27_what_an_answer_calls_itself_does_not_matter(self):
        for fault in ("wrong-content-type", "no-content-type", "octet-stream"):
            with self.subTest(fault):
                self.assertEqual(SAID, self.whole(f"mock/{fault}"))
                self.assertEqual(SAID, self.streamed(f"mock/{fault}"))
        self.assertEqual({"ok"}, {row["outcome"] for row in self.house.at_rest()})

    def test_U32_however_long_it_asks_for_the_client_hears_a_minute_at_most(self):
        for fault, expected in (("429-retry-huge", "60"), ("429-retry-date", "60"), ("429-retry-bad", None),
                                ("429-retry-after", "2"), ("429", None)):
            with self.subTest(fault):
                answer = self.house.ask(f"mock/{fault}")
                after = answer.response.getheader("retry-after")
                self.assertEqual("upstream_busy", json.loads(answer.read())["error"]["code"])
                self.assertEqual((429, expected), (answer.status, after))
        self.house.at_rest()

    def test_U35_a_status_of_success_that_says_nothing_is_none(self):
        for model in ("mock/204", "openrouter/204"):
            for stream in (False, True):
                answer = self.house.ask(model, stream=stream)
                self.assertEqual("upstream_garbled", json.loads(answer.read())["error"]["code"])
                self.assertEqual(502, answer.status)
        self.house.at_rest()

    def test_U41_a_refusal_before_the_body_was_taken_is_heard(self):
        self.house.stop()
        early = self.house.upstream + "/openrouter+early-401/api/v1"
        self.house.configure(
            providers=f'  - {{name: early, kind: openrouter, base_url: "{early}", api_key: sk-upstream, retries: *once}}',
            models="""  - {name: early, targets: [{provider: early, model: mock/ok, price: *price}]}
  - {name: early-then, targets: [{provider: early, model: mock/ok, price: *price}, {provider: onprem, model: mock/ok, price: *price}]}""")
        self.house.start()
        long = "hello " * 200_000
        answer = self.house.ask("early", text=long)
        self.assertEqual("upstream_denied", json.loads(answer.read())["error"]["code"])
        self.assertEqual(502, answer.status)
        self.assertEqual(200, self.house.paid("early-then", text=long))
        rows = self.house.at_rest()
        self.assertEqual([("failed", True), ("ok", False)], [(row["outcome"], row["cost"] == 0) for row in rows[:1] + rows[-1:]])


if __name__ == "__main__":
    unittest.main()
