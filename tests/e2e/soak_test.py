"""O-18: mixed faults at random under steady load, with clients that leave and reloads in between. No request
hangs, every answer ends honestly, nothing leaks, breakers close again, and the ledger is the simulator's log.

TOLLGATE_SOAK_SECONDS (20) and TOLLGATE_SOAK_SEED (1)."""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import signal
import threading
import time
import unittest

from house import House
from processes import SANITIZED, fetch, wait_for

SECONDS = float(os.environ.get("TOLLGATE_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("TOLLGATE_SOAK_SEED", "1"))
CLIENTS = 12
HANGS = 60  # seconds; the limits below let no request take a fifth of it
MOST_GROWTH = 24  # MiB of a debug build whose allocator keeps what it once had; a leak at this rate is more
DIALECTS = ("onprem", "openrouter", "haimaker")
FAULTS = """401 402 403 404 408 429 429-retry-after 429-credits 500 502 503 504 529 html-503 empty-500 400 400-context
400-policy empty-200 garbage html-200 json-cut json-array no-choices error-200 error-200-choice reset-before-head
close-before-head reset-after-head close-after-head reset-after-2 close-after-2 close-mid-event close-mid-body
stall-before-head stall-after-head stall-after-2 half-head not-http bad-cl bad-chunk cut-chunked extra-bytes
error-first-event error-mid-stream error-mid-int error-mid-bare end-no-finish empty-stream comments comments-once
comments-only bad-json-event done-twice usage-after-done slow-20ms bytewise chunked-1byte http10 connection-close""".split()
LIMITS = "timeouts: {connect: 2s, tls: 2s, first_byte: 2s, first_content: 2s, whole_answer: 2s, idle: 2s}"
BREAKER = "breaker: {open_for: 100ms, open_at_most: 1s, unusable_for: 200ms}"
MODELS = """
  - {name: ordered, targets: [{provider: openrouter, model: mock/words-7, price: *price},
                              {provider: haimaker, model: mock/words-8, price: *price},
                              {provider: onprem, model: mock/words-9, price: *price}]}
  - {name: lots, order: weighted, targets: [{provider: onprem, model: mock/words-7, price: *price},
                                            {provider: openrouter, model: mock/words-8, price: *price}]}
  - {name: alone, targets: [{provider: haimaker, model: mock/words-9, price: *price}]}
  - {name: read-on, targets: [{provider: onprem, model: mock/words-40, price: *price, on_client_gone: drain}]}"""
# Each target by itself: to find out whether it is asked again.
TARGETS = [(provider, f"mock/words-{words}") for provider, words in
           (("openrouter", 7), ("openrouter", 8), ("haimaker", 8), ("haimaker", 9), ("onprem", 7), ("onprem", 9), ("onprem", 40))]
ROUTES = ("ordered", "lots", "alone", "read-on")


class Client(threading.Thread):
    """Asks one thing after the other, and remembers how each ended."""

    def __init__(self, house, number, stop):
        super().__init__(daemon=True)
        self.house, self.number, self.stopped = house, number, stop
        self.random = random.Random(f"{SEED}.{number}")
        self.requests = {}  # text -> request id
        self.ends = collections.Counter()
        self.wrong = []
        self.longest = 0

    def run(self):
        turn = 0
        while not self.stopped.is_set():
            turn += 1
            text, began = f"client {self.number} turn {turn}", time.monotonic()
            try:
                self.ends[self.one(text)] += 1
            except (OSError, ValueError, KeyError, http.client.HTTPException, AssertionError) as failure:
                self.wrong.append(f"{text}: {failure!r}")
            self.longest = max(self.longest, time.monotonic() - began)

    def one(self, text):
        streamed = self.random.random() < 0.6
        answer = self.house.ask(self.random.choice(ROUTES), text=text, stream=streamed)
        self.requests[text] = answer.id.replace("-", "")
        if answer.status == 200 and streamed and self.random.random() < 0.1:
            answer.response.readline()
            answer.leave()
            return "left"
        body = answer.read()
        if answer.status != 200:
            if not json.loads(body)["error"]["message"]:
                raise AssertionError(f"an error that says nothing: {body}")
            return str(answer.status)
        if not streamed:
            return "whole" if json.loads(body)["choices"] else "nothing"
        events = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
        failed = ["error" in json.loads(event) for event in events if event != "[DONE]"]
        if failed.count(True) + events.count("[DONE]") != 1 or not (events[-1] == "[DONE]" or failed[-1]):
            raise AssertionError(f"a stream that ends in no order: {body[-500:]}")
        return "broken" if any(failed) else "streamed"


class Soak(unittest.TestCase):
    def setUp(self):
        self.house = House(self)
        # As an operator has it: whoever failed is asked again.
        limited = lambda text: re.sub(r"retries: (&once {at_most: 0}|\*once)", f"{LIMITS}, {BREAKER}", text)
        self.house.configure(models=MODELS + "".join(
            f"\n  - {{name: {provider}-{model}, targets: [{{provider: {provider}, model: {model}, price: *price}}]}}"
            for provider, model in TARGETS), change=limited)
        self.house.start()
        self.random = random.Random(SEED)
        self.calls = []

    def order(self, body):
        status, said = fetch(self.house.upstream + "/_control", body)
        self.assertLess(status, 300, said)

    def read_log(self):
        """What has ended, as far as everything before it has; the simulator keeps the newest alone."""
        for entry in self.house.seen(after=self.calls[-1]["number"] if self.calls else 0):
            if entry["ended"] == "not_yet":
                return
            self.calls.append(entry)

    def resident(self):
        status = pathlib.Path(f"/proc/{self.house.gateway.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.house.gateway.pid}/fd"))

    def states(self):
        return {target["state"] for target in self.house.api("/api/targets")[1]["targets"]}

    def test_O18_mixed_faults_leave_nothing_behind(self):
        fds_at_rest = self.descriptors()
        stop = threading.Event()
        clients = [Client(self.house, number, stop) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        began, warm, opened, next_reload = time.monotonic(), None, False, 2
        while (passed := time.monotonic() - began) < SECONDS:
            self.order({"dialect": self.random.choice(DIALECTS), "faults": [self.random.choice(FAULTS)],
                        "times": self.random.randint(1, 3)})
            if passed > next_reload:
                self.house.gateway.send_signal(signal.SIGHUP)
                opened = opened or self.states() != {"closed"}
                next_reload += 2
            if warm is None and passed > SECONDS / 4:
                warm = self.resident()
            self.read_log()
            stop.wait(0.05)
        self.order({"reset": True})
        stop.set()
        for client in clients:
            client.join(HANGS)
            self.assertFalse(client.is_alive(), "a request hangs")
        self.assertEqual([], [wrong for client in clients for wrong in client.wrong])
        self.check_rest(opened, warm, fds_at_rest)
        self.check_ledger({text: request for client in clients for text, request in client.requests.items()})
        ends = sum((client.ends for client in clients), collections.Counter())
        print(f"seed {SEED}: {sum(ends.values())} requests, {len(self.calls)} upstream calls in {SECONDS} s, longest"
              f" {max(client.longest for client in clients):.1f} s: {dict(ends.most_common())}")

    def check_rest(self, opened, warm, fds_at_rest):
        """The faults have stopped."""
        self.assertTrue(opened, "some breaker was open while they went on")

        def closed():
            answered = [self.house.paid(f"{provider}-{model}", text="after it") for provider, model in TARGETS]
            return set(answered) == {200} and self.states() == {"closed"}

        wait_for("closed breakers", closed)
        # At rest there are connections that are kept for later, one for each that was under way.
        self.assertLessEqual(self.descriptors(), fds_at_rest + CLIENTS * len(DIALECTS) + 8)
        if not SANITIZED:
            self.assertLess(self.resident() - warm, MOST_GROWTH)
        wait_for("the end of what is still read", lambda: self.house.budget("held") == 0)

    def check_ledger(self, requests):
        rows = collections.defaultdict(list)
        for row in self.house.at_rest():
            rows[row["request"]].append(row)
        self.read_log()
        calls = collections.defaultdict(list)
        for entry in self.calls:
            # An idle connection that turns out to be dead is replaced, and that is not counted.
            stale = entry["request_on_connection"] > 1 and entry["bytes_sent"] == 0 and entry["ended"] != "client_left"
            if not stale:
                calls[json.loads(entry["body"])["messages"][0]["content"]].append(entry)
        for text, request in requests.items():
            attempts = rows[request]
            self.assertEqual(len(calls[text]), len(attempts), (text, attempts, calls[text]))
            answered = [row for row in attempts if row["outcome"] == "ok"]
            self.assertLessEqual(len(answered), 1)
            for row in answered:
                self.assertIs(row, attempts[-1])
                call = calls[text][-1]
                self.assertEqual((call["prompt_tokens"], call["completion_tokens"], "reported"),
                                 (row["prompt"], row["completion"], row["tokens"]), (text, call["faults"]))
        self.assertGreater(len(requests), SECONDS)


if __name__ == "__main__":
    unittest.main()
