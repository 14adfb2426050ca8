"""U-03: upstreams whose names lead nowhere, as a name server of the test's own tells it. The gateway asks the system's
resolver, and that asks whom /etc/resolv.conf names at port 53: so the test runs itself in namespaces of its own, where
both are its own."""
import contextlib
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from house import House

OUTSIDE = "TOLLGATE_TEST_OUTSIDE"
MOUNTS = "/proc/self/ns/mnt"
SERVFAIL, NXDOMAIN = 2, 3
A = 1
# What the name server says of `WORD.test`; None: nothing.
FAILURES = {"nxdomain": NXDOMAIN, "servfail": SERVFAIL, "empty": 0, "silent": None}


def enter_namespaces():
    """Begins anew in them, once."""
    if os.environ.get(OUTSIDE) not in (None, os.readlink(MOUNTS)):
        return
    os.environ[OUTSIDE] = os.readlink(MOUNTS)
    os.execvp("unshare", ["unshare", "--map-root-user", "--mount", "--net", sys.executable, *sys.argv])


def bring_up_loopback():
    siocsifflags, iff_up = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sh22x", b"lo", iff_up))


def put_in_place_of(path, text, folder):
    ours = pathlib.Path(folder, pathlib.Path(path).name)
    ours.write_text(text)
    ours.chmod(0o644)
    subprocess.run(["mount", "--bind", ours, path], check=True)


class NameServer:
    """Knows "answers.test", which is this machine, and FAILURES. `asked`: every name it was asked for."""

    def __init__(self):
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        self._socket.sendto(b"", self._socket.getsockname())  # which is no question
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, whom = self._socket.recvfrom(512)
            if not query:
                return
            with contextlib.suppress(OSError):  # whoever asked may have gone
                if answer := self._answer(query):
                    self._socket.sendto(answer, whom)

    def _answer(self, query):
        labels, at = [], 12
        while size := query[at]:
            labels.append(query[at + 1:at + 1 + size].decode())
            at += 1 + size
        kind = struct.unpack("!H", query[at + 1:at + 3])[0]
        question = query[12:at + 5]
        self.asked.append(".".join(labels))
        code = FAILURES.get(labels[0], 0)
        if code is None:
            return None
        found = b""
        if labels[0] == "answers" and kind == A:
            found = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + bytes([127, 0, 0, 1])
        # An answer, recursion asked for and to be had.
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 1 if found else 0, 0, 0)
        return head + question + found


class Names(unittest.TestCase):
    def setUp(self):
        self.names = NameServer()
        self.addCleanup(self.names.close)
        self.house = House(self)
        port = self.house.upstream.rpartition(":")[2]
        # The limit is long: what fails at once does not wait for it, and a name that is never told does.
        provider = ('  - {{name: {0}, kind: openai, base_url: "http://{0}.test:' + port + '/onprem/v1", insecure_http: true,'
                    " retries: *once, timeouts: {{connect: 1s}}}}\n")
        model = ('  - {{name: "alone-{0}", targets: [{{provider: {0}, model: mock/ok, price: *price}}]}}\n'
                 '  - {{name: "{0}-then", targets: [{{provider: {0}, model: mock/ok, price: *price}},'
                 " {{provider: answers, model: mock/ok, price: *price}}]}}\n")
        self.house.configure(providers="".join(map(provider.format, (*FAILURES, "answers"))),
                             models="".join(map(model.format, FAILURES)))
        self.house.start()

    def leads_to_the_next(self, name, why, status=502, code="upstream_unavailable"):
        """And where there is none to one error, which the log explains; neither costs anything."""
        for stream in (False, True):
            with self.subTest(stream=stream):
                before = self.house.stats()["requests"]
                answer = self.house.ask(f"{name}-then", stream=stream)
                self.assertEqual("answers", answer.response.getheader("x-tollgate-provider"))
                self.assertEqual(200, answer.status, answer.read())
                answer.read()
                self.assertEqual(before + 1, self.house.stats()["requests"])

                answer = self.house.ask(f"alone-{name}", stream=stream)
                body = answer.read()
                self.assertEqual((status, code), (answer.status, json.loads(body)["error"]["code"]))
                self.assertNotIn(f"{name}.test", body, "where an upstream stands is nobody's business")
                self.assertEqual(before + 1, self.house.stats()["requests"])
        self.assertIn(f"{name}.test", self.names.asked)
        self.assertIn("answers.test", self.names.asked)
        self.house.says(why)
        rows = self.house.at_rest()
        nobody = [row for row in rows if row["target"].startswith(f"{name}/")]
        self.assertEqual([("failed", 0, 0)] * 4, [(row["outcome"], row["cost"], row["maybe_billed"]) for row in nobody])
        self.assertEqual(["ok"] * 2, [row["outcome"] for row in rows if row["target"].startswith("answers/")])

    def test_U03_a_name_that_does_not_exist(self):
        self.leads_to_the_next("nxdomain", "cannot find the address of nxdomain.test: Host not found (authoritative)")

    def test_U03_a_name_server_that_fails(self):
        self.leads_to_the_next("servfail", "cannot find the address of servfail.test: Host not found (non-authoritative)")

    def test_U03_a_name_without_addresses(self):
        self.leads_to_the_next("empty", "cannot find the address of empty.test: Host not found (authoritative)")

    def test_U03_a_name_that_nobody_tells(self):
        self.leads_to_the_next("silent", "name lookup", 504, "upstream_timeout")


if __name__ == "__main__":
    enter_namespaces()
    bring_up_loopback()
    with tempfile.TemporaryDirectory(prefix="tollgate-names-") as files:
        # One try, and longer than all who wait for it here.
        put_in_place_of("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n", files)
        put_in_place_of("/etc/nsswitch.conf", "hosts: files dns\n", files)
        unittest.main()
