"""The gateway's memory does not grow with the requests it has served: keys with limits, tags,
streams and whole answers, journal and ledger included.

TOLLGATE_REQUESTS sets how many (10,000); a million is the long form. One that fails ends the test."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from processes import KEY, Gateway, fetch, wait_for

REQUESTS = int(os.environ.get("TOLLGATE_REQUESTS", "10000"))
# Room for what fills once: the database's page cache (64 MiB at most), queues, pools.
GROWTH_MIB = 16 if REQUESTS <= 100_000 else 80
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
wrk.headers["x-tollgate-tags"] = "project=memory,customer=one"
local turn = 0
function request()
  turn = turn + 1
  local stream = turn % 2 == 0 and "true" or "false"
  return wrk.format(nil, "/v1/chat/completions", nil,
    '{{"model":"rekaai/reka-flash-3","stream":' .. stream .. ',"messages":[{{"role":"user","content":"hello"}}]}}')
end
function done(summary)
  io.write("asked ", summary.requests, " failed ", summary.errors.status, "\\n")
end
"""


class Memory(unittest.TestCase):
    def test_it_does_not_grow_with_requests(self):
        with Gateway() as gateway, tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "ask.lua")
            script.write_text(SCRIPT.format(key=KEY))
            self.ask(gateway, script, REQUESTS // 2)
            before = self.memory(gateway)
            asked = self.ask(gateway, script, REQUESTS // 2)
            after = self.memory(gateway)
            wait_for("the ledger", lambda: self.metric(gateway, "tollgate_ledger_lag_bytes") == 0)
            print(f"{before:.1f} MiB, and after {asked} more requests {after:.1f} MiB")
            self.assertLess(after - before, GROWTH_MIB)

    def ask(self, gateway, script, wanted):
        """At least so many requests, in pieces of a second."""
        asked = 0
        while asked < wanted:
            said = subprocess.run(
                ["wrk", "--threads", "1", "--connections", "16", "--duration", "1s", "--timeout", "30s",
                 "--script", script, gateway.url],
                capture_output=True, text=True, check=True, timeout=60).stdout
            count, failed = map(int, re.search(r"asked (\d+) failed (\d+)", said).groups())
            self.assertEqual(failed, 0, said)
            asked += count
        return asked

    @staticmethod
    def metric(gateway, name):
        _, text = fetch(gateway.admin + "/metrics")
        return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])

    def memory(self, gateway):
        """Resident, in MiB."""
        return self.metric(gateway, "process_resident_memory_bytes") / 2**20


if __name__ == "__main__":
    unittest.main()
