"""More clients, bytes and descriptors than there is room for: who is too many hears so at
once, the others are served, and probes are answered."""
import asyncio
import collections
import os
import resource
import socket
import struct
import time
import unittest

from crowd import FULL, Client, ask
from house import KEY, House
from processes import SANITIZED, fetch, memory, wait_for

MIB = 1024 * 1024


def processor(process):
    """Seconds it has used."""
    with open(f"/proc/{process.pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def open_files(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


class Overload(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.house = House(self)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def start(self, settings=""):
        self.house.configure(change=lambda text: text.replace("workers: 2", "workers: 2" + settings))
        self.house.start()

    async def client(self, window=None):
        return await self.enterAsyncContext(Client(self.house.port, KEY, window))

    def probes_are_answered(self):
        for path in ("healthz", "readyz", "metrics"):
            self.assertEqual(200, fetch(f"http://127.0.0.1:{self.house.admin}/{path}")[0])

    async def streams(self, count, model):
        """So many open streams, each with its first content."""
        clients, answers = [], []
        for begin in range(0, count, 100):
            some = [await self.client() for _ in range(min(100, count - begin))]
            for client in some:
                client.send(model)
            for client in some:
                answer = await client.head()
                self.assertEqual(200, answer.status)
                await client.chunk(answer)
                answers.append(answer)
            clients += some
        return clients, answers

    async def test_O01_as_many_streams_as_descriptors_allow_stay_alive(self):
        count = 9_500 if FULL else 300
        limit = 20_000 if FULL else 1_024
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.start()
        resource.prlimit(self.house.gateway.pid, resource.RLIMIT_NOFILE, (limit, hard))
        before = memory(self.house.gateway)
        clients, answers = await self.streams(count, "mock/stall-after-2")
        each = (memory(self.house.gateway) - before) / count
        began = time.monotonic()
        self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        print(f"{count} open streams, {each / 1024:.1f} KiB each; another request took {time.monotonic() - began:.3f} s")
        self.assertEqual(count, self.house.total("tollgate_open_streams"))
        if not SANITIZED:
            self.assertLess(each, 128 * 1024)
        self.probes_are_answered()

    async def test_O02_slow_readers_cost_their_upstream_time_and_the_gateway_no_memory(self):
        count = 1_000 if FULL else 40
        self.start(", drain_timeout: 0s")
        before = memory(self.house.gateway)
        clients = [await self.client(window=4096) for _ in range(count)]
        for client in clients:
            client.send("mock/words-20000", max_tokens=100_000)
        wait_for("the streams", lambda: self.house.total("tollgate_open_streams") == count)
        for _ in range(20):
            self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        grown = memory(self.house.gateway) - before
        print(f"{count} slow readers, {grown / count / 1024:.1f} KiB each")
        # What its first requests cost it is not the readers'.
        if not SANITIZED:
            self.assertLess(grown, count * 256 * 1024 + 8 * MIB)

    async def test_O03_a_client_that_never_reads_is_left_and_its_attempt_settled(self):
        self.start(", write_timeout: 1s")
        client = await self.client(window=4096)
        client.send("mock/words-100000", max_tokens=100_000)
        wait_for("the stream", lambda: self.house.total("tollgate_open_streams") == 1)
        wait_for("its end", lambda: self.house.total("tollgate_open_streams") == 0)
        rows = self.house.at_rest()
        self.assertEqual(["client_left"], [row["outcome"] for row in rows])

    async def test_O06_silent_and_half_sent_connections_keep_nobody_waiting(self):
        count = 500 if FULL else 100
        self.start()
        for _ in range(count):
            await self.client()
            half = await self.client()
            half.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nContent-Le")
        wait_for("all of them", lambda: self.house.total("tollgate_open_connections") >= 2 * count)
        began = time.monotonic()
        self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        print(f"beside {2 * count} connections that say nothing or half of it a request took {time.monotonic() - began:.3f} s")
        self.probes_are_answered()

    async def test_O07_past_the_limit_of_connections_clients_hear_so_and_probes_are_answered(self):
        self.start(", max_connections: 10")
        kept = [await self.client() for _ in range(10)]
        for client in kept:
            client.send("mock/ok", stream=False)
            self.assertEqual(200, (await client.receive()).status)
        refused = await ask(self.house.port, KEY, "mock/ok")
        self.assertEqual((503, "1", "close"), (refused.status, refused.fields["retry-after"], refused.fields["connection"]))
        self.probes_are_answered()
        kept[0].writer.close()
        for _ in range(100):
            if (await ask(self.house.port, KEY, "mock/ok")).status == 200:
                break
        else:
            self.fail("nobody comes in, though one has left")

    async def test_O08_without_descriptors_it_does_not_spin_and_recovers(self):
        self.start()
        gateway = self.house.gateway
        self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        limits = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (open_files(gateway), limits[1]))
        waiting = [await self.client() for _ in range(20)]
        for client in waiting:
            client.send("mock/ok", stream=False)
        used, began = processor(gateway), time.monotonic()
        await asyncio.sleep(1)
        share = (processor(gateway) - used) / (time.monotonic() - began)
        print(f"without descriptors it uses {share:.0%} of a processor")
        self.assertLess(share, 0.1)
        self.assertIsNone(gateway.poll())
        resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, limits)
        # Who got the last one in time was told that there is none for its upstream.
        for client in waiting:
            self.assertIn((await client.receive()).status, (200, 503))
        self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        self.probes_are_answered()

    async def test_O08_of_few_descriptors_clients_take_no_more_than_leaves_some(self):
        self.house.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
        self.house.says('"allowed":64')
        clients = [await self.client() for _ in range(200)]
        for client in clients:
            client.send("mock/stall-after-2")
        self.probes_are_answered()
        status = []
        for client in clients:
            try:
                status.append((await client.head()).status)
            except (OSError, asyncio.IncompleteReadError):
                status.append(0)  # closed: not even told
        self.assertEqual(64, status.count(200), status)
        self.assertGreaterEqual(status.count(503), 1)

    async def test_O09_clients_that_vanish_leave_no_descriptor_behind(self):
        self.start()
        self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok")).status)
        await self.vanish(1, "mock/stall-after-2")
        before = self.settled()
        await self.vanish(300, None)
        await self.vanish(100, "mock/stall-after-2", heard=True)
        await self.vanish(100, "mock/stall-before-head")
        count = 1_000 if FULL else 200
        for _ in range(count):
            self.assertEqual(200, (await ask(self.house.port, KEY, "mock/ok", stream=False)).status)
        self.assertLessEqual(self.settled(), before + 5)
        outcomes = collections.Counter(row["outcome"] for row in self.house.at_rest())
        self.assertEqual({"ok": 1 + count, "client_left": 201}, outcomes)

    async def vanish(self, count, model, heard=False):
        """So many clients that are gone at once, or once they have asked, or heard something."""
        clients = [await self.client() for _ in range(count)]
        asked = self.house.stats()["requests"]
        for client in clients:
            if model:
                client.send(model)
        if model:
            wait_for("all to be asked", lambda: self.house.stats()["requests"] == asked + count)
        for client in clients:
            if heard:
                await client.chunk(await client.head())
            client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes them

    def settled(self):
        """Its descriptors once nobody is there and no idle connection is kept upstream beyond what was."""
        wait_for("nobody to be there", lambda: self.house.total("tollgate_open_streams") == 0
                 and self.house.budget("held") == 0)
        wait_for("descriptors to come back", lambda: open_files(self.house.gateway) < 60)
        return open_files(self.house.gateway)

    async def test_O16_large_bodies_are_refused_before_they_are_read(self):
        count, size = (100, 64 * MIB) if FULL else (30, 64 * MIB)
        self.start()
        before = memory(self.house.gateway)
        for key, expected in (("nobody's", 401), (KEY, 413)):
            for _ in range(count):
                async with Client(self.house.port, key) as client:
                    client.writer.write((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                                         f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n").encode())
                    client.writer.write(b"x" * MIB)
                    self.assertEqual(expected, (await client.receive()).status)
        grown = memory(self.house.gateway) - before
        print(f"{2 * count} bodies of 64 MiB refused, {grown / MIB:.1f} MiB more in memory")
        self.assertLess(grown, 16 * MIB)


if __name__ == "__main__":
    unittest.main()
