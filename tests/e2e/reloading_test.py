"""How another configuration takes the place of the one that runs: all of it or nothing, and
without anybody who asks noticing."""
import asyncio
import hashlib
import os
import re
import signal
import subprocess
import time
import unittest

from crowd import FULL, Client, ask
from house import KEY, House
from processes import BUILD, fetch, wait_for

FAMILIES = ("tollgate_config_info", "tollgate_config_loaded_timestamp_seconds", "tollgate_config_refused",
            "tollgate_config_reload_failed_total")


def replaced(text, what, by):
    assert what in text, what
    return text.replace(what, by, 1)


def price(by):
    return lambda text: replaced(text, "usd_per_million_input: 1,", by)


def broken(house):
    """(what is wrong, the whole file, what is said of it), as an operator would get it wrong."""
    good = (house.folder / "tollgate.yaml").read_text()
    bomb = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)])
    key = re.search(r"sha256: (\w+)", good).group(1)
    provider = '- {name: onprem, kind: openai, base_url: "'
    at = r"tollgate\.yaml:\d+: "
    cases = [
        ("YAML syntax", good + "server: [\n", at + "not YAML"),
        ("a tab", replaced(good, "  - name: \"mock/*\"", "\t- name: \"mock/*\""), at + "not YAML"),
        ("cut in the middle", good[:good.index("providers:") + 30], at),
        ("empty", "", "the file is empty"),
        ("a list", "- a\n", at + "must be a map"),
        ("unknown key", good + "sever: {}\n", at + "sever: is not a key known here"),
        ("wrong type", replaced(good, "log: {level: debug}", "log: 5"), at + "log: must be a map"),
        ("duplicate key", good + "log: {level: info}\n", at + "log: is written twice"),
        ("missing variable", replaced(good, "api_key: sk-upstream", 'api_key: "${NOT_THERE}"'), at + ".*NOT_THERE is not set"),
        ("bad URL", replaced(good, provider, '- {name: onprem, kind: openai, base_url: "nonsense'), at + ".*base_url"),
        ("http beyond this machine", re.sub(r"http://127\.0\.0\.1:\d+/onprem", "http://a.example/onprem", good),
         at + ".*base_url"),
        ("unknown kind", replaced(good, "kind: openai", "kind: oracle"), at + ".*kind: must be one of"),
        ("unknown provider", replaced(good, "provider: onprem", "provider: offprem"), at + ".*no provider is called"),
        ("no target", replaced(good, "models:\n", "models:\n  - {name: none, targets: []}\n"), at + ".*lists no target"),
        ("model twice", good + '  - {name: "mock/*", targets: [{provider: onprem, model: "mock/*", price: unknown}]}\n',
         at + ".*already stands"),
        ("negative price", price("usd_per_million_input: -1,")(good), at + ".*must not be negative"),
        ("price that is no number", price("usd_per_million_input: .nan,")(good), at + ".*must be a price"),
        ("half a price", price("")(good), at + ".*price: needs"),
        ("price missing", good + "  - {name: free, targets: [{provider: onprem, model: x}]}\n", at + ".*no price is known"),
        ("price file gone", good + "prices: [nowhere.yaml]\n", at + ".*nowhere.yaml cannot be read"),
        ("empty secret", replaced(good, "api_key: sk-upstream", 'api_key: ""'), at + ".*is an empty secret"),
        ("secret file gone", replaced(good, "api_key: sk-upstream", "api_key: file:nowhere"), at + ".*cannot be read"),
        ("no keys", re.sub(r"keys: \[.*\]", "keys: []", good), at + ".*no key is configured"),
        ("two keys equal", replaced(good, "keys: [", f"keys: [{{name: twin, sha256: {key}}}, "), at + ".*keys"),
        ("two keys of one name", replaced(good, "keys: [", f"keys: [{{name: keeper, sha256: {'12' * 32}}}, "), at + ".*keys"),
        ("half a digest", replaced(good, key, key[:20]), at + ".*sha256"),
        ("budget without end", replaced(good, "usd: 1000", "usd: lots"), at + ".*usd"),
        ("unknown zone", replaced(good, "window: total", "window: day, zone: Moon/Base"), at + ".*zone"),
        ("no time", replaced(good, "workers: 2", "workers: 2, head_timeout: soon"), at + ".*head_timeout"),
        ("bomb of aliases", bomb + "\n", at),
        ("not UTF-8", good.encode() + b"# \xff\xfe\n", at),
        ("too large", good + "# " + "x" * (100 * 1024 * 1024 if FULL else 9 * 1024 * 1024), "is larger than"),
        ("gone", None, "cannot be read"),
    ]
    return good, cases


def put(path, content):
    if content is None:
        path.unlink()
        return
    new = path.with_suffix(".new")
    new.write_bytes(content if isinstance(content, bytes) else content.encode())
    new.rename(path)


class Reloading(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.house = House(self)
        self.file = self.house.folder / "tollgate.yaml"

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def reload(self, expected=200, **body):
        status, said = self.house.api("/api/reload", body)
        self.assertEqual(expected, status, said)
        return said

    def change(self, change):
        put(self.file, change(self.file.read_text()))

    async def test_R07_many_reloads_under_load_fail_nobody_and_a_stream_keeps_what_it_began_with(self):
        times = 1000 if FULL else 60
        house = self.house
        house.start()
        both = [self.file.read_text()]
        # The route that the stream takes leads nowhere in the other one, and the key's team changes.
        both.append(replaced(both[0], 'name: "drained/*"', 'name: "other/*"'))
        failed, asked, done = [], 0, False

        async def load():
            nonlocal asked
            while not done:
                answer = await ask(house.port, KEY, "mock/words-3", stream=asked % 2 == 0)
                asked += 1
                if answer.status != 200 or not answer.whole:
                    failed.append((answer.status, answer.body))

        loads = [asyncio.create_task(load()) for _ in range(4)]
        async with Client(house.port, KEY) as client:
            client.send("drained/slow-20ms,words-100")
            stream = await client.head()
            await client.chunk(stream)
            for i in range(times):
                put(self.file, both[(i + 1) % 2])
                if i % 2:
                    house.gateway.send_signal(signal.SIGHUP)
                    await asyncio.sleep(0)
                await asyncio.to_thread(self.reload)
            while await client.chunk(stream):
                pass
        done = True
        await asyncio.gather(*loads)
        self.assertEqual([], failed)
        self.assertGreater(asked, 0)
        self.assertEqual("[DONE]", stream.events()[-1])
        print(f"{asked} requests during {times} reloads and signals")

    def test_R08_each_of_many_broken_files_leaves_the_old_one_and_says_where(self):
        house = self.house
        house.start()
        before = house.api("/api/config")[1]
        good, cases = broken(house)
        self.assertGreaterEqual(len(cases), 30)
        for count, (what, content, said) in enumerate(cases, 1):
            with self.subTest(what):
                put(self.file, content)
                refused = self.reload(422)
                self.assertEqual("invalid_configuration", refused["error"]["code"])
                told = [[f"{p['file']}:{p['line']}", p["path"], p["message"]] for p in refused["problems"]]
                self.assertRegex("\n".join(": ".join(filter(None, parts)) for parts in told), said)
                now = house.api("/api/config")[1]
                self.assertEqual(before["hash"], now["hash"])
                self.assertTrue(now["differs"])
                self.assertEqual(refused["problems"], now["problems"])
                self.assertEqual(str(count), house.metric("tollgate_config_reload_failed_total"))
                self.assertEqual("1", house.metric("tollgate_config_refused"))
                self.assertEqual(200, house.paid("mock/ok"))
                check = subprocess.run([BUILD / "gateway/tollgate", "check", "--config", self.file],
                                       capture_output=True, text=True)
                self.assertEqual(2, check.returncode, check.stderr)
        put(self.file, good)
        self.assertEqual(before["hash"], self.reload()["hash"])
        self.assertEqual("0", house.metric("tollgate_config_refused"))
        for family in FAMILIES:
            self.assertRegex(house.metrics(), rf"(?m)^{family}[ {{]")

    def test_R09_none_of_them_starts(self):
        _, cases = broken(self.house)
        slowest = 0
        for what, content, said in cases:
            with self.subTest(what):
                put(self.file, content)
                began = time.monotonic()
                self.assertEqual(2, self.house.spawn().wait(30))
                slowest = max(slowest, time.monotonic() - began)
                log = self.house.log.read_text()
                self.assertRegex(log, said)
                self.assertFalse(self.house.ports.exists())
                self.assertFalse(self.house.ledger.exists())
                self.house.log.unlink()
        print(f"the slowest of {len(cases)} refused starts took {slowest:.2f} s")

    async def test_R10_what_is_taken_out_ends_for_new_requests_only(self):
        house = self.house
        house.start()
        async with Client(house.port, KEY) as running:
            running.send("drained/slow-20ms,words-50")
            stream = await running.head()
            await running.chunk(stream)
            self.change(lambda text: replaced(text, 'name: "drained/*"', 'name: "other/*"'))
            self.reload()
            self.assertEqual(404, (await ask(house.port, KEY, "drained/ok")).status)
            self.assertEqual(200, (await ask(house.port, KEY, "other/ok")).status)
            digest = re.search(r"sha256: (\w+)", self.file.read_text()).group(1)
            self.change(lambda text: replaced(text, digest, "12" * 32))
            self.reload()
            self.assertEqual(401, (await ask(house.port, KEY, "mock/ok")).status)
            while await running.chunk(stream):
                pass
            self.assertEqual("[DONE]", stream.events()[-1])

    def test_R11_changed_limits_count_from_the_next_request_and_keep_what_was_counted(self):
        house = self.house
        limit = "team: house, limits: {{requests_per_minute: {}}},".format
        house.configure(change=lambda text: replaced(text, "team: house,", limit(3)))
        house.start()
        self.assertEqual([200, 200], [house.paid("mock/ok") for _ in range(2)])
        self.change(lambda text: replaced(text, limit(3), limit(2)))
        self.reload()
        self.assertEqual(429, house.paid("mock/ok"), "two of two are used")
        self.change(lambda text: replaced(text, limit(2), limit(100)))
        self.reload()
        self.assertEqual(200, house.paid("mock/ok"))
        spent = float(house.metric('tollgate_budget_spent_usd{scope="team",name="house",window="total"}'))
        self.change(lambda text: replaced(text, "usd: 1000", f"usd: {spent:.12f}"))
        self.reload()
        self.assertEqual(429, house.paid("mock/ok"))

    def test_R12_a_file_that_is_being_written_is_not_taken_before_it_stands_still(self):
        house = self.house
        house.start()
        before = house.api("/api/config")[1]["hash"]
        text = replaced(self.file.read_text(), 'name: "drained/*"', 'name: "other/*"')
        # In parts, each a valid file for as long as it is the last: more often than it is looked at.
        ends = [text.index(name) for name in ('  - {name: "openrouter/*"', '  - {name: "haimaker/*"', '  - name: "both/*"')]
        with open(self.file, "w") as file:
            for begin, end in zip([0] + ends, ends + [len(text)]):
                file.write(text[begin:end])
                file.flush()
                time.sleep(0.4)
                self.assertEqual(before, house.api("/api/config")[1]["hash"])
        wait_for("the file to be taken", lambda: house.api("/api/config")[1]["hash"] != before)
        now = house.api("/api/config")[1]
        self.assertEqual(("file", False, []), (now["by"], now["differs"], now["problems"]))
        self.assertEqual(200, house.paid("other/ok"))
        house.says("configuration reloaded")
        self.assertEqual(1, house.log.read_text().count("configuration reloaded"))
        # One that stays broken is tried once.
        put(self.file, text[:ends[0]] + "  - {name: x, targ")
        wait_for("the refusal", lambda: house.metric("tollgate_config_reload_failed_total") == "1")
        self.assertTrue(house.api("/api/config")[1]["problems"])
        put(self.file, text)
        wait_for("it to be mended", lambda: house.metric("tollgate_config_refused") == "0")

    def test_R13_default_secrets_and_an_empty_admin_token_are_refused(self):
        house = self.house
        good = self.file.read_text()
        digest = re.search(r"sha256: (\w+)", good).group(1)
        (house.folder / "admin.token").write_text("")
        self.assertEqual(2, house.spawn().wait(30))
        self.assertIn("admin.token", house.log.read_text())
        (house.folder / "admin.token").unlink()
        put(self.file, good.replace(digest, hashlib.sha256(b"sk-12345").hexdigest()))
        self.assertEqual(2, house.spawn().wait(30))
        self.assertIn("sha256", house.log.read_text())

    def test_R14_the_admin_api_always_wants_a_token_and_is_never_open_beyond_this_machine(self):
        house = self.house
        house.start()
        for path in ("/api/config", "/api/keys"):
            self.assertEqual(401, fetch(f"http://127.0.0.1:{house.admin}{path}")[0])
        self.assertEqual(401, fetch(f"http://127.0.0.1:{house.admin}/api/reload", {})[0])
        self.assertEqual(0o600, os.stat(house.folder / "admin.token").st_mode & 0o777)
        self.assertEqual(404, fetch(f"http://127.0.0.1:{house.port}/api/config")[0])
        house.stop()
        self.change(lambda text: replaced(text, 'admin: {listen: "127.0.0.1:0"}', 'admin: {listen: "0.0.0.0:0"}'))
        self.assertEqual(2, house.spawn().wait(30))
        self.assertIn("admin.token_file", house.log.read_text())

    def test_what_takes_a_restart_is_named_and_stays(self):
        house = self.house
        house.start()
        port = house.port
        self.change(lambda text: replaced(text, '"127.0.0.1:0", workers: 2', '"127.0.0.1:1", workers: 5'))
        said = self.reload(dry_run=True)
        self.assertEqual(["server.listen", "server.workers"], said["needs_restart"])
        self.assertEqual([], house.api("/api/config")[1]["needs_restart"], "it was a dry run")
        self.reload()
        self.assertEqual(["server.listen", "server.workers"], house.api("/api/config")[1]["needs_restart"])
        house.says("server.listen, server.workers")
        self.assertEqual((port, 200), (house.port, house.paid("mock/ok")))

    def test_who_reloaded_stands_in_the_log_of_changes(self):
        house = self.house
        house.start()
        self.reload()
        self.reload(dry_run=True)
        entries = house.api("/api/audit")[1]["entries"]
        self.assertEqual(1, sum(entry["action"] == "reload" for entry in entries), entries)


if __name__ == "__main__":
    unittest.main()
