"""gateway/admin/README.md is true: it has every endpoint and every field, and each of its calls gets the
answer that stands behind it. `admin_api_test.py --write` puts the answers of today in their place."""
import json
import os
import re
import subprocess
import sys
import unittest

from processes import ROOT, Gateway, fetch, wait_for

PAGE = ROOT / "gateway/admin/README.md"
EXAMPLE = re.compile(r"(?<=```sh\n)(?P<call>.*?)```\n\n```(?P<kind>json|text)\n(?P<answer>.*?)```", re.S)
# Other ones each time; the rest is the same to the letter.
VOLATILE = {"as_of", "at", "created_at", "file_hash", "hash", "hint", "id", "last_used_at", "ledger_lag_ms", "loaded_at",
            "next_probe_at", "path", "request",
            "request_id", "resets_at", "secret", "since", "until", "upstream_id"}


def source(path):
    return (ROOT / path).read_text()


def written(value, indent=0, room=118):
    """JSON in lines of up to 120 characters."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= room or not isinstance(value, (dict, list)) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, list):
        return "[" + f",\n{pad}".join(written(element, indent + 1) for element in value) + "]"
    lines, current = [], ""
    for name, element in value.items():
        text = f"{json.dumps(name)}: {written(element, indent + 1)}"
        if current and ("\n" in text or "\n" in current or len(current) + len(text) + indent + 3 > room):
            lines.append(current)
            current = text
        else:
            current += (", " if current else "") + text
    return "{" + f",\n{pad}".join([*lines, current]) + "}"


def taken(gateway, call):
    """What the gateway says to a call, run as it is written."""
    environment = {**os.environ, "ADMIN": gateway.admin, "JSON": "Content-Type: application/json",
                   "TOKEN": f"Authorization: Bearer {token(gateway)}", "no_proxy": "*"}
    done = subprocess.run(["bash", "-euc", call.replace("curl ", "curl -sS ", 1)], env=environment,
                          capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(f"{call}\n{done.stderr}")
    return done.stdout


def token(gateway):
    return (gateway.folder / "admin.token").read_text().strip()


def steady(value, name=""):
    """The answer with what changes from run to run left out: of that, only whether it is there counts."""
    if isinstance(value, dict):
        return {key: steady(element, key) for key, element in value.items()}
    if isinstance(value, list):
        return [steady(element, name) for element in value]
    fresh = name in VOLATILE or isinstance(value, str) and value.startswith("key_")
    return type(value).__name__ if fresh else value


def parsed(kind, answer):
    """JSON, or the lines of a stream of events."""
    if kind == "json":
        return steady(json.loads(answer))
    return [steady(json.loads(line[6:])) if line.startswith("data: ") else line for line in answer.splitlines() if line]


def gateway_with_a_request():
    """The demo's gateway, whose ledger knows one answer."""
    gateway = Gateway().__enter__()
    try:
        status, said = gateway.chat("rekaai/reka-edge")
        assert status == 200, said
        asked = {"Authorization": f"Bearer {token(gateway)}"}
        wait_for("the answer's record", lambda: json.loads(
            fetch(f"{gateway.admin}/api/usage?by=team", headers=asked)[1])["total"]["attempts"] == 1)
    except BaseException:
        gateway.__exit__(*sys.exc_info())
        raise
    return gateway


class AdminApi(unittest.TestCase):
    maxDiff = None

    def test_every_call_is_answered_as_it_is_written(self):
        examples = list(EXAMPLE.finditer(PAGE.read_text()))
        self.assertEqual(PAGE.read_text().count("```sh"), len(examples), "a call without an answer")
        gateway = gateway_with_a_request()
        self.addCleanup(gateway.__exit__, None, None, None)
        for example in examples:
            with self.subTest(call=example["call"]):
                said = taken(gateway, example["call"])
                self.assertEqual(parsed(example["kind"], example["answer"]), parsed(example["kind"], said))

    def test_every_endpoint_has_a_part_with_a_call(self):
        parts = dict(re.findall(r"^## `([A-Z]+ /\S+)`\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S))
        endpoints = {f"{method.strip('_').upper()} {path}"
                     for method, path in re.findall(r'\{verb::(\w+), "(/api[^"]*)"', source("gateway/app.cc"))}
        self.assertGreater(len(endpoints), 8)
        for endpoint in endpoints:
            found = [name for name in parts if name == endpoint or endpoint.endswith("/") and name.startswith(endpoint)]
            self.assertTrue(found, endpoint)
        for action in set(re.findall(r'action [!=]= "(\w+)"', source("gateway/admin/keys_api.cc"))):
            self.assertIn(f"POST /api/keys/NAME/{action}", parts)
        for name, text in parts.items():
            self.assertRegex(text, EXAMPLE, name)

    def test_every_field_and_parameter_is_named(self):
        names = set()
        for path in ("gateway/admin/keys_api.cc", "gateway/admin/shown_key.cc", "gateway/keys/key_json.cc",
                     "gateway/admin/reconcile_api.cc", "gateway/admin/config_api.cc"):
            names.update(re.findall(r'\.(?:text|whole|flag|words|get)\("(\w+)"', source(path)))
            names.update(re.findall(r'read_\w+\(object, "(\w+)"', source(path)))
            names.update(re.findall(r'number_in\(call\.query, "(\w+)"', source(path)))
            names.update(re.findall(r'member\("(\w+)"', source(path)))
        names.update(re.findall(r'name == "(\w+)"', source("gateway/ledger/usage_query.cc")))
        self.assertGreater(len(names), 30)
        text = PAGE.read_text()
        self.assertEqual([], sorted(name for name in names if f"`{name}`" not in text and f'"{name}"' not in text))


def write():
    gateway = gateway_with_a_request()
    try:
        def fill(example):
            said = taken(gateway, example["call"])
            said = written(json.loads(said)) if example["kind"] == "json" else said.rstrip()
            said = re.sub(r'("secret": "[^"]{10})[^"]*', r"\1…", said)  # nobody's, and looks like one
            return f"{example['call']}```\n\n```{example['kind']}\n{said}\n```"
        PAGE.write_text(EXAMPLE.sub(fill, PAGE.read_text()))
    finally:
        gateway.__exit__(None, None, None)


if __name__ == "__main__":
    write() if sys.argv[1:] == ["--write"] else unittest.main()
