"""Marked secrets and prompts go in, in every way a request can go; afterwards they are looked for in
everything the gateway wrote: its log at its most talkative, metrics, answers, ledger and journals."""
import http.client
import json
import re
import socket
import unittest
import base64

import house
from house import House
from processes import fetch, wait_for

PROMPT = "canary-prompt-5f2e9"
ANSWER = "canary-answer-77c1d"
WRONG_KEY = "sk-tg-canary-wrong-0c9a"
UPSTREAM_KEY = "sk-canaryupstreamkey41b7"
ROUTER_KEY = "canaryrouterkey93e0"  # as of providers whose keys look like nothing in particular
# What never ends by itself, takes very long, or is 64 MiB of nothing to learn from.
ENDLESS = ("stall", "endless", "flood", "bomb", "comments-only", "large-body", "slow", "dribble", "wait-", "big-event",
           "102-flood", "close-idle", "early-401", "script-", "newlines-only")
# An upstream that quotes what it was sent, in each place an error has.
QUOTING = [
    {"error": {"message": "{quote}", "type": "{quote}", "code": "{quote}", "param": "{quote}"}},
    {"error": {"message": "{quote}", "code": 503, "metadata": {"raw": "{quote}", "provider_name": "{quote}"}}},
    {"error": "{quote}"},
    {"detail": "{quote}"},
    {"detail": [{"loc": ["body", "{quote}"], "msg": "{quote}", "type": "{quote}"}]},
    {"message": "{quote}"},
]


class Canary(unittest.TestCase):
    def faults(self, home):
        names = re.findall(r"^\s+(\S+)  ", fetch(home.upstream + "/_faults")[1], re.MULTILINE)
        if not names:
            names = re.findall(r'"name":\s*"([^"]+)"', fetch(home.upstream + "/_faults")[1])
        for name in names:
            if not any(part in name for part in ENDLESS):
                yield name.replace("<n>", "2").replace("<ms>", "1").replace("<status>", "500")

    def upstream_says(self, home, dialect, status, body, model="mock"):
        script = {"framed": True, "status": status, "headers": [["Content-Type", "application/json"]],
                  "segments": [{"text": body}], "ending": "keep_alive"}
        code, said = fetch(home.upstream + "/_control", {"dialect": dialect, "times": 1, "script": script})
        self.assertLess(code, 300, said)

    def test_X14_no_key_prompt_or_answer_is_kept_or_told_anywhere(self):
        home = House(self)
        home.configure(upstream_key=UPSTREAM_KEY, change=lambda text: text.replace(UPSTREAM_KEY, ROUTER_KEY, 1))
        home.start()
        told = []  # what clients were told when nothing was answered

        def ask(model, **more):
            try:
                answer = home.ask(model, text=f"say {PROMPT}", tags="run=canary", **more)
                text = answer.read()
                if answer.status != 200:
                    told.append(text)
                return answer.status
            except (OSError, http.client.HTTPException):
                return None  # the answer broke off, as it was told to

        routes = ("mock", "openrouter", "haimaker")
        asked = 0
        for fault in self.faults(home):
            for stream in (False, True):
                ask(f"{routes[asked % 3]}/{fault}", stream=stream)
                asked += 1
        self.assertGreater(asked, 200)

        # Upstreams that quote the prompt and the key they were sent.
        keys = {"openrouter": ROUTER_KEY, "haimaker": UPSTREAM_KEY, "onprem": "no-key"}
        quoted = []
        for dialect, route in (("openrouter", "openrouter"), ("haimaker", "haimaker"), ("onprem", "mock")):
            for status in (400, 401, 402, 404, 413, 422, 429, 500, 503, 200):
                for shape in QUOTING:
                    body = json.dumps(shape).replace("{quote}", f"say {PROMPT} with Bearer {keys[dialect]}: {keys[dialect]}")
                    for stream in (False, True):
                        self.upstream_says(home, dialect, status, body)
                        answer = home.ask(f"{route}/ok", text=PROMPT, stream=stream)
                        text = answer.read()
                        self.assertNotIn(f"Bearer {keys[dialect]}", text.replace("no-key", ""), (dialect, status, shape))
                        quoted.append(text)
        self.assertTrue(any(PROMPT in text for text in quoted), "a client's own mistake is explained to it")

        # A client that leaves, a dry run, what is no request, keys that are none.
        for model in ("mock/stall-after-2", "drained/words-9,slow-5ms"):
            leaver = home.ask(model, text=PROMPT, stream=True)
            leaver.read_until("content")
            leaver.leave()
        told.append(home.ask("mock/ok", text=PROMPT, headers={"x-tollgate-dry-run": "true"}).read())
        for body in (f'{{"model": "{PROMPT}", "messages"', f'{{"model": "{PROMPT}"}}', f'"{PROMPT}"',
                     f'{{"model": "mock/ok", "messages": "{PROMPT}"}}',
                     f'{{"model": "mock/ok", "messages": [{{"role": "{PROMPT}", "content": "x"}}]}}',
                     f'{{"model": "mock/ok", "messages": [{{"role": "user", "content": "{PROMPT}\\ud800"}}]}}'):
            self.raw(home, body, house.KEY)
        for key in (WRONG_KEY, house.KEY + "x", house.KEY.upper()):
            answer = home.ask("mock/ok", text=PROMPT, key=key)
            self.assertEqual(401, answer.status)
            told.append(answer.read())
        told.append(self.bytes(home, f"GET /v1/models?key={house.KEY}&q={PROMPT} HTTP/1.1\r\nHost: x\r\n"
                                     "Connection: close\r\n\r\n"))
        told.append(self.bytes(home, f"POST /{house.KEY}/{PROMPT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                     f"Authorization: Bearer {house.KEY}\r\nContent-Length: 0\r\n\r\n"))
        told.append(self.bytes(home, f"{PROMPT} {house.KEY}\r\n\r\n"))
        self.assertEqual(200, home.paid("mock/ok", text=ANSWER))

        wait_for("an idle gateway", lambda: home.budget("held") == 0)
        told.append(home.metrics())
        # While it lives: journals are full, and the WAL is not in the ledger yet.
        self.look_into(home, told)
        home.kill()
        self.look_into(home, told)
        home.start()
        home.stop()
        self.look_into(home, told)
        self.assertGreater(len(home.rows()), 100)

    def raw(self, home, body, key):
        connection = http.client.HTTPConnection("127.0.0.1", home.port, timeout=30)
        connection.request("POST", "/v1/chat/completions", body.encode(),
                           {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        self.assertGreaterEqual(connection.getresponse().status, 400)
        connection.close()

    def bytes(self, home, request):
        with socket.create_connection(("127.0.0.1", home.port), timeout=30) as connection:
            connection.sendall(request.encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def look_into(self, home, told):
        marks = [house.KEY, WRONG_KEY, UPSTREAM_KEY, ROUTER_KEY, PROMPT, ANSWER]
        marks += [base64.b64encode(mark.encode()).decode()[:-4] for mark in marks]
        places = {"what clients were told": "\n".join(told).encode()}
        for path in home.folder.rglob("*"):
            if path.is_file() and path.name != "tollgate.yaml":
                places[str(path.relative_to(home.folder))] = path.read_bytes()
        self.assertIn("tollgate.db", places)
        self.assertIn("log", places)
        for place, content in places.items():
            for mark in marks:
                at = content.lower().find(mark.lower().encode())
                self.assertEqual(-1, at, f"{mark} is in {place}: {content[max(0, at - 300):at + 100]}")


if __name__ == "__main__":
    unittest.main()
