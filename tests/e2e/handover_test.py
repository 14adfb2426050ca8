"""One gateway takes another's place while clients ask: by its listening descriptors, so that
nobody is refused and nobody's connection is reset."""
import asyncio
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import unittest

import processes
from crowd import FULL, Client, ask
from house import KEY, House
from processes import BUILD, fetch, wait_for


class Handover(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.house = House(self)
        self.processes = []
        self.addCleanup(lambda: [one.kill() for one in self.processes if one.poll() is None])

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def config(self):
        return self.house.folder / "tollgate.yaml"

    def successor(self, *arguments, **named):
        """Another gateway with the house's configuration, and the file that will hold its ports."""
        ports = self.house.folder / f"ports-{len(self.processes)}"
        with open(self.house.folder / "log", "ab") as log:
            self.processes.append(subprocess.Popen(
                [BUILD / "gateway/tollgate", "serve", "--config", self.config(), "--port-file", ports, *arguments],
                stdout=log, stderr=log, **named))
        return self.processes[-1], ports

    async def taken_over(self):
        """A newer gateway, once the older one has ended in order."""
        older = self.house.gateway
        newer, ports = self.successor("--take-over")
        status = await asyncio.wait_for(asyncio.to_thread(older.wait), 60)
        self.assertEqual(0, status, self.house.log.read_text()[-4000:])
        self.assertEqual(f"client={self.house.port}\nadmin={self.house.admin}\n", processes._read(ports))
        self.assertIsNone(newer.poll())
        self.house.gateway = newer

    async def test_R06_an_upgrade_under_load_fails_nobody(self):
        upgrades, clients = (10, 16) if FULL else (3, 6)
        house = self.house
        house.start()
        failed, asked, done = [], [0, 0, 0], False

        def count(kind, answer, whole):
            asked[kind] += 1
            if answer.status != 200 or not whole:
                failed.append((kind, answer.status, answer.body[-300:]))

        async def anew(stream):
            while not done:
                try:
                    answer = await ask(house.port, KEY, "mock/slow-1ms,words-5", stream=stream)
                    count(0, answer, answer.whole and (not stream or answer.events()[-1] == "[DONE]"))
                except OSError as error:
                    failed.append((0, error))

        async def kept():
            while not done:
                async with Client(house.port, KEY) as client:
                    closes = False
                    while not done and not closes:
                        try:
                            client.send("mock/ok", stream=False)
                            answer = await client.receive()
                        except (OSError, asyncio.IncompleteReadError) as error:
                            failed.append((1, error))
                            break
                        count(1, answer, answer.whole)
                        closes = answer.fields.get("connection") == "close"
                        await asyncio.sleep(0.01)

        async def long():
            while not done:
                answer = await ask(house.port, KEY, "mock/slow-20ms,words-100")
                count(2, answer, answer.events()[-1] == "[DONE]")

        loads = [asyncio.create_task(load) for i in range(clients // 2) for load in (anew(i % 2 == 0), kept(), long())]
        for upgrade in range(1, upgrades + 1):
            await self.taken_over()
            # Some load on the newer alone, and its ledger.
            before = sum(asked)
            while sum(asked) < before + 50:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(wait_for, "the ledger", lambda: house.metric("tollgate_ledger_failing") == "0")
        done = True
        await asyncio.gather(*loads)
        print(f"{asked[0]} requests over new connections, {asked[1]} over kept ones, {asked[2]} streams of two seconds, "
              f"during {upgrades} upgrades: {len(failed)} failed")
        self.assertEqual([], failed)
        self.assertTrue(all(asked))
        rows = house.at_rest()
        self.assertEqual(sum(asked), len(rows))
        self.assertEqual({"ok"}, {row["outcome"] for row in rows})

    async def test_R06_who_is_in_the_queue_is_served_by_the_newer(self):
        house = self.house
        house.start()
        os.kill(house.gateway.pid, signal.SIGSTOP)
        clients = [Client(house.port, KEY) for _ in range(20)]
        for client in clients:
            await self.enterAsyncContext(client)
            client.send("mock/ok", stream=False)
        os.kill(house.gateway.pid, signal.SIGCONT)
        await self.taken_over()
        for client in clients:
            self.assertEqual(200, (await client.receive()).status)

    async def test_a_successor_that_cannot_start_changes_nothing(self):
        house = self.house
        house.start()
        text = self.config().read_text()
        for what, by, status in (("workers: 2", "workers: none", 2), ("127.0.0.1:0", "127.0.0.1:1", 2)):
            self.config().write_text(text.replace(what, by, 1))
            newer, _ = self.successor("--take-over")
            self.assertEqual(status, await asyncio.to_thread(newer.wait))
            self.config().write_text(text)
        house.says("the socket that this gateway was given listens at")
        # One that dies with the sockets in its hands.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dying:
            dying.connect(str(house.folder / "tollgate.db.handover"))
            letter, descriptors, _, _ = socket.recv_fds(dying, 1, 64)
            self.assertEqual((b"c", 2), (letter, len(descriptors)))
            for descriptor in descriptors:
                os.close(descriptor)
        self.assertEqual(200, (await ask(house.port, KEY, "mock/ok")).status)
        self.assertEqual(200, fetch(f"http://127.0.0.1:{house.admin}/readyz")[0])
        await self.taken_over()
        self.assertEqual(200, (await ask(house.port, KEY, "mock/ok")).status)

    async def test_without_a_predecessor_it_starts_anew(self):
        newer, ports = self.successor("--take-over")
        wait_for("its ports", lambda: processes._read(ports), process=newer)
        newer.terminate()
        self.assertEqual(0, await asyncio.to_thread(newer.wait))
        self.assertFalse((self.house.folder / "tollgate.db.handover").exists())

    def test_the_units_of_readme_are_accepted_as_they_stand(self):
        verifier = shutil.which("systemd-analyze")
        if not verifier:
            self.skipTest("there is no systemd-analyze here")
        readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
        units = re.findall(r"```ini\n# /etc/systemd/system/(\S+)\n(.*?)```", readme, re.DOTALL)
        self.assertEqual(["tollgate.socket", "tollgate-admin.socket", "tollgate.service"], [name for name, _ in units])
        for name, text in units:
            self.assertIn("[Install]\nWantedBy=", text)
            (self.house.folder / name).write_text(text.replace("/usr/local/bin/tollgate", str(BUILD / "gateway/tollgate")))
        done = subprocess.run([verifier, "verify", *(self.house.folder / name for name, _ in units)],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, "".join(
            line for line in done.stderr.splitlines(True) if "tollgate" in line)))

    def test_a_socket_under_the_wrong_name_is_said_so(self):
        with socket.create_server(("127.0.0.1", 0)) as client, socket.create_server(("127.0.0.1", 0)) as admin:
            ports = [door.getsockname()[1] for door in (client, admin)]
            text = self.config().read_text()
            for port in ports:
                text = text.replace("127.0.0.1:0", f"127.0.0.1:{port}", 1)
            self.config().write_text(text)
            code = ("import os, sys\n"
                    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES=sys.argv[1])\n"
                    "a, b = os.dup2(os.dup(int(sys.argv[2])), 100), os.dup2(os.dup(int(sys.argv[3])), 101)\n"
                    "os.dup2(100, 3, inheritable=True), os.dup2(101, 4, inheritable=True)\n"
                    "os.execv(sys.argv[4], sys.argv[4:])\n")
            for names, hint in (("client:tollgate-admin.socket", "say FileDescriptorName=admin in"),
                                ("admin:admin", "FileDescriptorName in their units")):
                done = subprocess.run(
                    [sys.executable, "-c", code, names, str(client.fileno()), str(admin.fileno()), BUILD / "gateway/tollgate",
                     "serve", "--config", self.config()],
                    capture_output=True, text=True, timeout=60, pass_fds=(client.fileno(), admin.fileno()))
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertIn(hint, done.stderr)

    async def test_systemd_gives_the_sockets_of_both_doors(self):
        """Socket activation, and a restart that nobody notices: the sockets are systemd's."""
        with socket.create_server(("127.0.0.1", 0)) as client, socket.create_server(("127.0.0.1", 0)) as admin:
            house = self.house
            house.port, house.admin = client.getsockname()[1], admin.getsockname()[1]
            # What systemd does between fork and exec.
            code = ("import os, sys\n"
                    "a, b = int(sys.argv[1]), int(sys.argv[2])\n"
                    "a, b = os.dup2(os.dup(a), 100), os.dup2(os.dup(b), 101)\n"
                    "os.dup2(100, 3, inheritable=True), os.dup2(101, 4, inheritable=True)\n"
                    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='client:admin')\n"
                    "os.execv(sys.argv[3], sys.argv[3:])\n")

            def start():
                ports = house.folder / f"ports-{len(self.processes)}"
                with open(house.log, "ab") as log:
                    self.processes.append(subprocess.Popen(
                        [sys.executable, "-c", code, str(client.fileno()), str(admin.fileno()), BUILD / "gateway/tollgate",
                         "serve", "--config", self.config(), "--port-file", ports],
                        stdout=log, stderr=log, pass_fds=(client.fileno(), admin.fileno())))
                said = wait_for("the ports", lambda: processes._read(ports), process=self.processes[-1])
                self.assertEqual(f"client={house.port}\nadmin={house.admin}\n", said)
                return self.processes[-1]

            first = start()
            self.assertEqual(200, (await ask(house.port, KEY, "mock/ok")).status)
            self.assertEqual(200, fetch(f"http://127.0.0.1:{house.admin}/readyz")[0])
            first.terminate()
            self.assertEqual(0, await asyncio.to_thread(first.wait))
            waiting = asyncio.create_task(ask(house.port, KEY, "mock/ok"))
            await asyncio.sleep(0.1)
            second = await asyncio.to_thread(start)
            self.assertEqual(200, (await waiting).status)
            house.gateway = second
            self.assertEqual(2, len(house.at_rest()))


if __name__ == "__main__":
    unittest.main()
