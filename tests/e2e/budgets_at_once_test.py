"""Budgets that begin while a gateway runs and its ledger is locked by somebody else: enforced at once by
what was seen here, and nothing else waits for the ledger meanwhile."""
import hashlib
import json
import signal
import unittest

from house import House
from processes import fetch, wait_for

# 0.01 USD a request.
PRICED = """
  - {name: each, targets: [{provider: onprem, model: "mock/ok", price: {usd_per_request: 0.01}}]}"""


class WhileTheLedgerIsLocked(unittest.TestCase):
    def setUp(self):
        self.house = House(self, models=PRICED)
        self.house.start()

    def reload(self, times, window):
        """With a budget for the keeper's key; the control thread has taken it in when this returns."""
        limits = f"limits: {{budgets: [{{usd: 0.035, window: {window}}}]}}, sha256"
        self.house.configure(models=PRICED, change=lambda text: text.replace("sha256", limits, 1))
        self.house.gateway.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: self.house.log.read_text().count("configuration reloaded") == times,
                 seconds=10)

    def administer(self, path, body=None):
        token = (self.house.folder / "admin.token").read_text().strip()
        return fetch(f"http://127.0.0.1:{self.house.admin}{path}", body,
                     {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def unlearnt(self):
        return self.house.metric("tollgate_budgets_unlearnt")

    def test_a_new_budget_counts_what_was_seen_here_and_reloads_and_the_api_go_on(self):
        house = self.house
        self.assertEqual("0", self.unlearnt())
        self.assertEqual(200, house.paid("each"))
        wait_for("the ledger", lambda: len(house.rows()) == 1)
        with self.house.locked():
            # What the ledger does not take, so that it cannot tell.
            self.assertEqual(200, house.paid("each"))
            windows = ["total", "month", "week", "day", "hour"] * 2
            for times, window in enumerate(windows, 1):
                self.reload(times, window)
                self.assertEqual("1", self.unlearnt())
                self.assertEqual(200, self.administer("/api/keys")[0])
                self.assertEqual(200, fetch(f"http://127.0.0.1:{house.admin}/readyz")[0])
            shown = json.loads(self.administer("/api/keys/keeper")[1])["key"]["budgets"][0]
            self.assertEqual(("0", False), (shown["spent"], shown["learnt"]))
            # Enforced meanwhile: three of those that were seen here fit.
            self.assertEqual([200, 200, 200, 429], [house.paid("each") for _ in range(4)])
        wait_for("the lesson", lambda: self.unlearnt() == "0")
        shown = json.loads(self.administer("/api/keys/keeper")[1])["key"]["budgets"][0]
        self.assertEqual(("0.05", True), (shown["spent"], shown["learnt"]))
        self.assertEqual(429, house.paid("each"))

    def test_a_key_made_just_now_has_nothing_to_learn(self):
        status, text = self.administer(
            "/api/keys", {"name": "new", "budgets": [{"window": "total", "limit": "0.025"}]})
        self.assertEqual(201, status, text)
        made = json.loads(text)
        self.assertTrue(made["key"]["budgets"][0]["learnt"])
        with self.house.locked():
            answers = [self.house.ask("each", key=made["secret"]) for _ in range(3)]
            for answer in answers:
                answer.read()
            self.assertEqual([200, 200, 429], [answer.status for answer in answers])
        self.assertEqual("0", self.unlearnt())


if __name__ == "__main__":
    unittest.main()
