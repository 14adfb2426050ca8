"""deploy/start as a new user meets it: it says what it is, the curl line it prints streams an answer,
Ctrl-C stops everything, and what it built has every protection."""
import os
import pathlib
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
import uuid

from processes import ROOT, fetch, wait_for

PROVIDER_KEYS = ("REKA_API_KEY", "OPENROUTER_API_KEY", "HAIMAKER_API_KEY")


def processes_with(mark):
    """Ids of the living processes that have `mark` in their environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Start(unittest.TestCase):
    def start(self, **environment):
        """Runs deploy/start on free ports until its banner is out; returns (process, banner)."""
        kept = {name: value for name, value in os.environ.items() if name not in (*PROVIDER_KEYS, "ONPREM_BASE_URL")}
        output = tempfile.NamedTemporaryFile("w+")
        self.mark = f"STARTED_BY={uuid.uuid4()}"
        name, _, value = self.mark.partition("=")
        self.addCleanup(output.close)
        process = subprocess.Popen(
            [ROOT / "deploy/start", "--no-install"],
            env={**kept, "PORT": "0", "ADMIN_PORT": "0", name: value, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # its own group: what a terminal's Ctrl-C reaches
        )
        self.addCleanup(self.stop, process, self.mark)
        path = pathlib.Path(output.name)
        try:
            wait_for("the banner", lambda: "Ctrl-C stops it." in path.read_text(), 1500, process)
        except AssertionError as late:
            raise AssertionError(f"{late}:\n{path.read_text()}") from None
        return process, path.read_text()

    def stop(self, process, mark):
        for living in processes_with(mark):
            os.kill(living, signal.SIGKILL)
        process.wait()

    def test_a_first_stream_and_a_clean_end(self):
        process, banner = self.start()
        with self.subTest("which provider is which"):
            for provider in ("reka", "openrouter", "haimaker", "onprem"):
                self.assertRegex(banner, rf"(?m)^  {provider} +simulated here")

        curl = re.search(r"^  (curl -N .*)$", banner, re.M)[1]
        with self.subTest("the curl line"):
            answer = subprocess.run(shlex.split(curl) + ["-sS"], capture_output=True, text=True, timeout=60)
            self.assertEqual((0, ""), (answer.returncode, answer.stderr))
            self.assertRegex(answer.stdout, r'^data: \{"')
            self.assertTrue(answer.stdout.endswith("data: [DONE]\n\n"), answer.stdout[-200:])
            self.assertIn("Hello!", answer.stdout)

        with self.subTest("an answer says that it is simulated"):
            answer = subprocess.run(shlex.split(curl) + ["-sSi"], capture_output=True, text=True, timeout=60)
            self.assertRegex(answer.stdout, r"(?i)x-tollgate-provider: openrouter \(simulated\)")

        with self.subTest("metrics where it says"):
            status, text = fetch(re.search(r"metrics +(\S+)", banner)[1])
            self.assertEqual(200, status)
            self.assertIn("tollgate_requests_total{", text)

        with self.subTest("every command works on the demo's configuration"):
            program = ROOT / "build/demo/tollgate"
            self.assertEqual(0o700, stat.S_IMODE(program.stat().st_mode))
            url = re.search(r"an OpenAI API at http://(\S+)/v1", banner)[1]
            for command, expected in (("check", url), ("usage", "total"), ("keys list", "demo"),
                                      ("explain --key demo --model rekaai/reka-edge", "openrouter"),
                                      ("reconcile --dry-run", "")):
                words = [program, *command.split(), "--config", "config/demo.yaml"]
                kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}
                done = subprocess.run(words, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
                self.assertEqual((0, ""), (done.returncode, done.stderr), command)
                self.assertIn(expected, done.stdout, command)

        with self.subTest("the key is the owner's alone"):
            key = ROOT / "build/demo/key"
            self.assertEqual(0o600, stat.S_IMODE(key.stat().st_mode))
            self.assertIn(key.read_text().strip(), curl)

        with self.subTest("Ctrl-C stops all it started, and cuts no stream"):
            # The simulator answers with what it is asked, thirty words a second.
            words = shlex.split(curl.replace("Hello!", "word " * 60))
            with tempfile.NamedTemporaryFile("w+") as said:
                asking = subprocess.Popen(words + ["-sS"], stdout=said, stderr=subprocess.STDOUT)
                self.addCleanup(asking.wait)
                wait_for("the first words", lambda: "word" in pathlib.Path(said.name).read_text(), process=asking)
                os.killpg(process.pid, signal.SIGINT)
                self.assertEqual(0, asking.wait(60))
                self.assertTrue(pathlib.Path(said.name).read_text().endswith("data: [DONE]\n\n"))
            self.assertEqual(0, process.wait(60))
            self.assertEqual([], processes_with(self.mark))

    def test_a_provider_whose_key_is_exported_is_the_real_one(self):
        _, banner = self.start(OPENROUTER_API_KEY="sk-or-v1-not-one")
        self.assertRegex(banner, r"(?m)^  openrouter +real: https://openrouter\.ai/api/v1$")
        self.assertRegex(banner, r"(?m)^  haimaker +simulated here; export HAIMAKER_API_KEY")
        self.assertNotIn("sk-or-v1-not-one", banner)

    def test_stopping_only_the_script_stops_all_too(self):
        process, _ = self.start()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        self.assertEqual([], processes_with(self.mark))

    def stop_while(self, stub, *options, by):
        """deploy/start with `stub` (its name, its text) in place of a program, and stopped once that has
        started a child of its own."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        begun = pathlib.Path(folder.name) / "begun"
        stubs = {"cmake": "exit 0", "dpkg-query": "exit 0", "sudo": 'exec "$@"', **dict([stub])}
        for name, text in stubs.items():
            path = pathlib.Path(folder.name) / name
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)
        self.mark = f"STARTED_BY={uuid.uuid4()}"
        name, _, value = self.mark.partition("=")
        process = subprocess.Popen(
            [ROOT / "deploy/start", *options],
            env={**os.environ, "PATH": f"{folder.name}:{os.environ['PATH']}", "BEGUN": str(begun), name: value},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self.stop, process, self.mark)
        wait_for("the stub", begun.exists, process=process)
        os.killpg(process.pid, by) if by == signal.SIGINT else process.send_signal(by)
        self.assertEqual(1, process.wait(20))
        self.assertEqual([], processes_with(self.mark))

    def test_stopped_while_it_builds_it_leaves_no_builder(self):
        # As ninja does it: a compiler in a process group of its own, which hears of nothing by itself.
        waits = 'set -m; sleep 600 & touch "$BEGUN"; wait'
        for program in ("cmake", "ninja"):
            for by in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(program=program, by=by.name):
                    self.stop_while((program, waits), "--no-install", by=by)

    def test_stopped_while_it_installs_it_leaves_no_apt(self):
        for by in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(by=by.name):
                self.stop_while(("apt-get", 'touch "$BEGUN"; exec sleep 600'), by=by)

    def test_a_taken_port_is_said_and_leaves_nothing_behind(self):
        first, banner = self.start()
        port = re.search(r"OpenAI API at http://127\.0\.0\.1:(\d+)/v1", banner)[1]
        second = subprocess.run(
            [ROOT / "deploy/start", "--no-install"],
            env={**os.environ, "PORT": port, "ADMIN_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertNotEqual(0, second.returncode)
        self.assertIn(port, second.stderr)
        self.assertIsNone(first.poll())

    def test_what_is_no_port_is_said_by_its_name_before_anything_is_done(self):
        for name, port in (("PORT", "abc"), ("ADMIN_PORT", "65536")):
            done = subprocess.run([ROOT / "deploy/start"], env={**os.environ, name: port},
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(2, done.returncode)
            self.assertIn(f"{name}={port} is no port", done.stderr)
            self.assertEqual("", done.stdout)

    def test_what_is_built_has_every_protection(self):
        subprocess.run([ROOT / "deploy/start", "--no-install", "--build-only"], check=True, capture_output=True)
        program = ROOT / "build/release/gateway/tollgate"
        lint = [sys.executable, ROOT / "tests/lint/hardening.py", program, "--fortified"]
        done = subprocess.run(lint, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout)


if __name__ == "__main__":
    unittest.main()
