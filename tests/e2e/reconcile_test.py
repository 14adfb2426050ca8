"""The ledger against what the simulator saw, request by request and token by token.

TOLLGATE_REQUESTS sets how many (1000)."""
import http.client
import json
import os
import random
import signal
import threading
import unittest

from house import House, PICO_USD_PER_TOKEN
from processes import wait_for

REQUESTS = int(os.environ.get("TOLLGATE_REQUESTS", "1000"))
CLIENTS = 4
# What is asked, and whether the simulator's own counts are what must stand in the ledger.
WHOLE = ("mock/words-3", "mock/words-40", "mock/reasoning", "mock/usage-extra-chunk", "mock/usage-on-finish",
         "mock/usage-cached", "openrouter/words-7", "haimaker/words-5")
REFUSED = ("mock/429", "mock/503", "mock/400-context", "openrouter/402", "mock/400-policy")
FAILED_OVER = ("both/503", "both/429")


class Reconcile(unittest.TestCase):
    def seen_by_tag(self, house, last, found):
        for entry in house.seen(last):
            last = max(last, entry["number"])
            text = json.loads(entry["body"])["messages"][0]["content"] if entry.get("body") else ""
            found.setdefault(text.split()[0], []).append(entry)
        return last

    def test_D15_every_request_the_upstream_saw_is_in_the_ledger_token_by_token(self):
        house = House(self)
        house.start()
        seen, last = {}, 0
        for begin in range(0, REQUESTS, 8000):  # the simulator remembers ten thousand
            numbers = range(begin, min(begin + 8000, REQUESTS))
            clients = [threading.Thread(target=self.client, args=(house, numbers[client::CLIENTS], client))
                       for client in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            last = self.seen_by_tag(house, last, seen)
        rows = house.at_rest()
        booked = {}
        for row in rows:
            booked.setdefault(row["tags"].strip().removeprefix("n="), []).append(row)
        self.assertEqual(set(seen), set(booked))
        for number, entries in seen.items():
            mine = sorted(booked[number], key=lambda row: row["attempt"])
            self.assertEqual(len(entries), len(mine), (entries, mine))
            for entry, row in zip(entries, mine):
                self.compare(entry, row)
        tokens = sum(row["prompt"] + row["completion"] for row in rows if row["outcome"] == "ok")
        answered = [e for entries in seen.values() for e in entries if e["status"] == 200]
        self.assertEqual(sum(e["prompt_tokens"] + e["completion_tokens"] for e in answered), tokens)
        print(f"{REQUESTS} requests, {len(rows)} attempts, {tokens} tokens: no difference")

    def compare(self, entry, row):
        self.assertEqual(row["target"].startswith(entry["dialect"]), True, (entry, row))
        if entry["status"] != 200:
            self.assertEqual(("failed", 0), (row["outcome"], row["cost"]), (entry, row))
            return
        self.assertEqual(("ok", "reported", entry["prompt_tokens"], entry["completion_tokens"]),
                         (row["outcome"], row["tokens"], row["prompt"], row["completion"]), (entry, row))
        if entry["dialect"] == "openrouter":
            self.assertEqual("reported", row["source"], (entry, row))
        reported = row["source"] == "reported"
        self.assertEqual(
            entry["pico_usd"] if reported else (row["prompt"] + row["completion"]) * PICO_USD_PER_TOKEN,
            row["cost"], (entry, row))

    def client(self, house, numbers, seed):
        chance = random.Random(seed)
        for number in numbers:
            dice = chance.random()
            model = chance.choice(WHOLE if dice < 0.8 else REFUSED if dice < 0.9 else FAILED_OVER)
            house.paid(model, text=f"n{number} " + "word " * chance.randrange(30), stream=chance.random() < 0.5,
                       tags=f"n=n{number}")


class Storm(unittest.TestCase):
    def test_X19_U61_who_leaves_a_drained_stream_pays_for_what_the_upstream_made(self):
        house = House(self)
        house.start()
        leavers = [threading.Thread(target=self.leave, args=(house, seed)) for seed in range(4)]
        for leaver in leavers:
            leaver.start()
        for leaver in leavers:
            leaver.join()
        wait_for("all of it to be booked", lambda: house.budget("held") == 0)
        seen = house.seen()
        stats = house.stats()
        rows = house.at_rest()
        self.assertEqual(len(seen), len(rows))
        made = stats["prompt_tokens"] + stats["completion_tokens"]
        booked = sum(row["prompt"] + row["completion"] for row in rows)
        self.assertGreaterEqual(booked, 0.99 * made)
        self.assertEqual(sum(row["cost"] for row in rows), booked * PICO_USD_PER_TOKEN)
        left = [row for row in rows if row["outcome"] == "client_left"]
        self.assertGreater(len(left), len(rows) // 2, "there was a storm")
        self.assertEqual({1}, {row["gone"] for row in left})
        print(f"{len(rows)} requests, {len(left)} left: {booked} of {made} tokens booked")

    def test_X19_U61_who_leaves_a_cancelled_stream_pays_for_what_came(self):
        house = House(self)
        house.start()
        for i in range(40):
            answer = house.ask(f"mock/words-60,stall-after-{i % 20 + 5}", stream=True, tags=f"n={i % 20 + 5}")
            for _ in range(i % 20 + 5):
                answer.read_until('"content"')
            answer.leave()
        wait_for("all of it to be booked", lambda: house.budget("held") == 0)
        wait_for("the upstream to be told", lambda: all(e["ended"] != "not_yet" for e in house.seen()), seconds=10)
        rows = house.at_rest()
        self.assertEqual(40, len(rows))
        for row in rows:
            self.assertEqual(("client_left", 0, "estimated"), (row["outcome"], row["gone"], row["source"]))
            # One word is more than half a token and less than four by any count.
            self.assertGreaterEqual(row["completion"], int(row["tags"].strip().removeprefix("n=")) * 0.99)
            self.assertGreater(row["cost"], 0)

    def leave(self, house, seed):
        chance = random.Random(seed)
        for _ in range(30):
            answer = house.ask("drained/words-30,slow-2ms", text="word " * chance.randrange(1, 50), stream=True)
            try:
                for _ in range(chance.randrange(6)):
                    answer.response.readline()
            finally:
                answer.leave()


class Asked(unittest.TestCase):
    """POST /api/reconcile of a running gateway."""

    def post(self, house, token=None, **asked):
        """The answer's head has come; its body has not."""
        connection = http.client.HTTPConnection("127.0.0.1", house.admin, timeout=30)
        self.addCleanup(connection.close)
        token = token or (house.folder / "admin.token").read_text().strip()
        connection.request("POST", "/api/reconcile", json.dumps(asked),
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        return connection, connection.getresponse()

    def events(self, text):
        """(name, JSON) of each."""
        found = []
        for event in text.split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in event.split("\n"))
            found.append((fields.get("event"), json.loads(fields["data"])))
        return found

    def test_one_pass_at_a_time_and_who_leaves_ends_it(self):
        house = House(self)
        house.start()
        for _ in range(120):  # ten are asked for in a second
            self.assertEqual(200, house.paid("openrouter/usage-no-cost"))
        wait_for("the ledger", lambda: len(house.rows()) == 120)
        connection, first = self.post(house)
        self.assertEqual(200, first.status)
        first.readline()
        _, second = self.post(house, dry_run=True)
        said = second.read().decode()
        self.assertEqual(409, second.status, said)
        self.assertIn("already", json.loads(said)["error"]["message"])
        first.close()
        connection.close()

        third = wait_for("the pass to end", lambda: self.free(house), seconds=9)
        *found, (name, summary) = self.events(third)
        self.assertEqual("summary", name)
        left = summary["counts"]["corrected"]
        self.assertEqual(left, len(found))
        self.assertLess(left, 120, "the first began")
        self.assertGreater(left, 4, "nobody waited for the rest of it")
        self.assertEqual("corrected", found[0][1]["verdict"])
        house.stop()
        house.verify()
        reported = [row["request"] for row in house.rows() if row["source"] == "reported"]
        self.assertEqual((120, 120), (len(reported), len(set(reported))), "each was booked once")

    def free(self, house):
        _, answer = self.post(house, provider="openrouter")
        text = answer.read().decode()
        return text if answer.status == 200 else None

    def test_what_is_asked_for_wrongly_is_refused_and_nothing_is_asked(self):
        house = House(self)
        house.start()
        self.assertEqual(200, house.paid("openrouter/usage-no-cost"))
        before = house.stats()["requests"]
        for asked, part in (({"since": "yesterday"}, "since"), ({"al": True}, "al"), ({"format": "xml"}, "format"),
                            ({"all": "yes"}, "all")):
            _, answer = self.post(house, **asked)
            said = answer.read().decode()
            self.assertEqual(400, answer.status, said)
            self.assertIn(part, said)
        _, answer = self.post(house, token="tg-admin-of-somebody-else-entirely")
        self.assertEqual(401, answer.status)
        self.assertEqual(before, house.stats()["requests"])
        status, log = house.api("/api/audit")
        self.assertEqual((200, []), (status, log["entries"]))

    def test_what_it_books_is_told_to_budgets_and_written_into_the_log_of_changes(self):
        house = House(self)
        house.start()
        self.assertEqual(200, house.paid("openrouter/reset-after-2", stream=True))
        wait_for("the ledger", lambda: len(house.rows()) == 1)
        before = house.budget("spent")
        _, answer = self.post(house, since="2020-01-01")
        events = self.events(answer.read().decode())
        self.assertEqual({"corrected": 1}, events[-1][1]["counts"])
        receipt = float(events[0][1]["receipt"])
        self.assertNotAlmostEqual(before, receipt, places=12)
        self.assertAlmostEqual(receipt, house.budget("spent"), places=12)
        entry = house.api("/api/audit")[1]["entries"][0]
        self.assertEqual(("admin", "reconcile", "ledger"), (entry["who"], entry["action"], entry["key"]))
        self.assertIn("2020-01-01", json.dumps(entry["after"]))


class Prices(unittest.TestCase):
    def test_G19_a_stream_costs_what_it_did_when_it_began(self):
        house = House(self)
        house.start()
        answer = house.ask("mock/words-100,slow-20ms", stream=True, tags="when=before")
        answer.read_until("content")
        house.configure(change=lambda text: text.replace("usd_per_million_input: 1, usd_per_million_output: 1",
                                                         "usd_per_million_input: 7, usd_per_million_output: 7"))
        house.gateway.send_signal(signal.SIGHUP)
        wait_for("the new prices", lambda: "configuration reloaded" in house.log.read_text())
        self.assertEqual(200, house.paid("mock/words-3", tags="when=after"))
        self.assertGreater(house.budget("held"), 0, "it is still under way")
        self.assertIn("[DONE]", answer.read())
        rows = {row["tags"].strip(): row for row in house.at_rest()}
        for when, factor in (("when=before", 1), ("when=after", 7)):
            row = rows[when]
            self.assertEqual((row["prompt"] + row["completion"]) * factor * PICO_USD_PER_TOKEN, row["cost"])


if __name__ == "__main__":
    unittest.main()
