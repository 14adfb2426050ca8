"""Marked secrets and prompts go in, in every way a request can go; afterwards they are looked for in
everything the gateway wrote: its log at its most talkative, metrics, answers, the admin API's and the
command line's, ledger and journals."""
import base64
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import unittest

import house
from house import House
from processes import BUILD, fetch, wait_for

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
# A route whose upstream is not waited for.
HASTY = """
  - name: "hasty/*"
    targets: [{provider: onprem, model: "mock/*", price: *price, timeouts: {first_byte: 100ms, first_content: 100ms,
               whole_answer: 100ms}}]
"""
COMMANDS = [["usage", "--by", "key,model"], ["usage", "--by", "tag,day", "--format", "csv"],
            ["usage", "--by", "team", "--format", "json"], ["ledger", "verify"],
            ["ledger", "export", "--format", "csv"], ["ledger", "export", "--format", "json"],
            ["keys", "list"], ["keys", "audit"], ["keys", "show", "canary-kept"],
            ["explain", "--model", "openrouter/ok", "--key", "keeper", "--format", "json"],
            ["explain", "--model", "both/503", "--key", "canary-kept"], ["check"]]


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
        home.configure(upstream_key=UPSTREAM_KEY, models=HASTY,
                       change=lambda text: text.replace(UPSTREAM_KEY, ROUTER_KEY, 1))
        home.start()
        marks = [house.KEY, WRONG_KEY, UPSTREAM_KEY, ROUTER_KEY, PROMPT, ANSWER]
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
                        # A model of its own each time: one that failed would be left alone.
                        answer = home.ask(f"{route}/words-{len(quoted) + 1}", text=PROMPT, stream=stream)
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

        self.too_large(home, told)
        marks += self.virtual_keys(home, told)
        for stream in (False, True):
            self.assertEqual(504, ask("hasty/wait-2000ms", stream=stream), "an upstream that says nothing in time")
        # Receipts are asked for by the key, and the answer may be anything.
        for status in (200, 401, 404, 500):
            self.upstream_says(home, "openrouter", status, f'{{"error": "{PROMPT} {ROUTER_KEY}", "data": "{ROUTER_KEY}"}}')
            told += self.command_line(home, ["reconcile", "--all", "--dry-run", "--format", "json"])

        wait_for("an idle gateway", lambda: home.budget("held") == 0)
        # While it lives: journals are full, and the WAL is not in the ledger yet.
        told += self.questions(home)
        self.look_into(home, told, marks)
        # Killed with streams under way; what they had done is replayed.
        for _ in range(4):
            home.in_background("mock/words-400,slow-20ms", text=PROMPT, stream=True)
        wait_for("streams under way", lambda: home.budget("held") > 0)
        home.kill()
        self.look_into(home, told, marks)
        home.start()
        wait_for("the replay", lambda: any(row["outcome"] == "interrupted" for row in home.rows()))
        told += self.questions(home)
        home.stop()
        told += self.command_line(home, *COMMANDS, ["reconcile", "--all"])
        self.look_into(home, told, marks)
        self.assertGreater(len(home.rows()), 100)

    def test_the_search_finds_what_is_planted(self):
        home = House(self)
        home.start()
        self.assertEqual(200, home.paid("mock/ok"))
        home.stop()
        marks = [PROMPT, WRONG_KEY]
        self.look_into(home, ["nothing"], marks)
        for mark in marks:
            encoded = [base64.b64encode(before + mark.encode() + b"end").decode() for before in (b"", b"a", b"ab")]
            for hidden in (mark, mark.upper(), mark.encode().hex(), *encoded):
                with self.assertRaises(AssertionError, msg=hidden):
                    self.look_into(home, ["nothing", f"x{hidden}x"], marks)
                planted = home.folder / "journal" / "planted"
                planted.write_bytes(b"\0\1" + hidden.encode() + b"\0")
                with self.assertRaises(AssertionError, msg=hidden):
                    self.look_into(home, [], marks)
                planted.unlink()
        self.look_into(home, ["nothing"], marks)

    def test_X05_a_crash_leaves_no_core_dump_with_what_it_held(self):
        allowed = resource.getrlimit(resource.RLIMIT_CORE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, allowed)
        resource.setrlimit(resource.RLIMIT_CORE, (allowed[1], allowed[1]))
        home = House(self)
        home.start()
        home.gateway.send_signal(signal.SIGABRT)
        _, status = os.waitpid(home.gateway.pid, 0)
        home.gateway.returncode = -os.WTERMSIG(status)
        self.assertEqual(signal.SIGABRT, os.WTERMSIG(status))
        self.assertFalse(os.WCOREDUMP(status))

    def too_large(self, home, told):
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.KEY}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {64 << 20}\r\n\r\n")
        answer = self.bytes(home, head + f'{{"model": "mock/ok", "messages": "{PROMPT}')
        self.assertIn(" 413 ", answer)
        told.append(answer)

    def virtual_keys(self, home, told):
        """Makes, uses, rotates and deletes some. Their secrets, which are told once, and only there."""
        def secret_of(*arguments):
            said, = self.command_line(home, ["keys", *arguments])
            *rest, secret = said.split()
            told.extend(rest)
            return secret
        first, other = secret_of("create", "canary-kept"), secret_of("create", "canary-gone")
        rotated = secret_of("rotate", "canary-kept", "--overlap", "1h")
        for secret in (first, rotated, other):
            for stream in (False, True):
                self.assertEqual(200, home.paid("mock/ok", text=PROMPT, key=secret, stream=stream))
            self.assertEqual(401, home.paid("mock/ok", text=PROMPT, key=secret[:-1] + ("1" if secret.endswith("0") else "0")))
        told += self.command_line(home, ["keys", "delete", "canary-gone"])
        answer = home.ask("mock/ok", text=PROMPT, key=other)
        self.assertEqual(401, answer.status)
        told.append(answer.read())
        # Whoever has all but the first letters has the secret.
        return [secret[-20:] for secret in (first, rotated, other)]

    def questions(self, home):
        """What the admin listener and the command line answer beside the running gateway."""
        token = (home.folder / "admin.token").read_text().strip()
        told = [home.metrics()]
        for path in ("keys", "audit", "usage?by=key", "usage?by=tag&format=csv", f"usage?by={PROMPT}",
                     f"usage?filter=key:{house.KEY}", f"keys/{house.KEY}", f"{PROMPT}"):
            for key in (token, house.KEY):
                status, text = fetch(f"http://127.0.0.1:{home.admin}/api/{path}",
                                     headers={"Authorization": f"Bearer {key}"})
                if key == token and PROMPT not in path and house.KEY not in path:
                    self.assertEqual(200, status, text)
                    told.append(text)
                elif key != token:
                    self.assertIn(status, (401, 404), text)
        # A secret where a key's name is meant.
        for verb, key in (("PATCH", token), ("PATCH", house.KEY), ("DELETE", token)):
            self.assertGreaterEqual(self.administer(home, verb, f"/api/keys/{house.KEY}", key), 400)
        process = pathlib.Path("/proc", str(home.gateway.pid))
        told += [(process / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ", "comm")]
        return told + self.command_line(home, *COMMANDS)

    def administer(self, home, verb, path, key):
        connection = http.client.HTTPConnection("127.0.0.1", home.admin, timeout=30)
        connection.request(verb, path, b"{}", {"Authorization": f"Bearer {key}", "Content-Type": "application/json",
                                               "If-Match": '"1"'})
        status = connection.getresponse().status
        connection.close()
        return status

    def command_line(self, home, *commands):
        told = []
        for command in commands:
            done = subprocess.run([BUILD / "gateway/tollgate", *command, "--config", home.folder / "tollgate.yaml"],
                                  capture_output=True, text=True, timeout=120)
            self.assertIn(done.returncode, (0, 1), (command, done.stderr))
            told.append(done.stderr + done.stdout)
        return told

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

    def look_into(self, home, told, marks):
        places = {"what clients and operators were told": "\n".join(told).encode()}
        for path in home.folder.rglob("*"):
            # The two files that are there to hold a secret.
            if path.is_file() and path.name not in ("tollgate.yaml", "admin.token"):
                places[str(path.relative_to(home.folder))] = path.read_bytes()
        self.assertIn("tollgate.db", places)
        self.assertIn("log", places)
        for place, content in places.items():
            lower = content.lower()
            for mark in marks:
                for form in forms_of(mark):
                    at = lower.find(form.lower())
                    self.assertEqual(-1, at, f"{mark} is in {place}: {content[max(0, at - 300):at + 100]}")


def forms_of(mark):
    """As it is, as hexadecimal, and as base64 wherever in the encoded text it begins."""
    yield mark.encode()
    yield mark.encode().hex().encode()
    for before in range(3):
        # Without the letters that the bytes on either side have a part in.
        encoded = base64.b64encode(b"\0" * before + mark.encode())
        yield encoded.rstrip(b"=")[(0, 2, 3)[before]:-1]


if __name__ == "__main__":
    unittest.main()
