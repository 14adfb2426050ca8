"""How a gateway ends: in order where there is time, quickly where there is none, and with every
attempt in the ledger either way."""
import asyncio
import contextlib
import json
import signal
import sqlite3
import time
import unittest
from collections import Counter

from crowd import FULL, Client, ask
from house import KEY, House
from processes import fetch, wait_for


def stopping(house, seconds):
    house.configure(change=lambda text: text.replace("workers: 2", f"workers: 2, drain_timeout: {seconds}"))


class Stopping(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.house = House(self)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def streams_are_open(self, count):
        wait_for("the streams", lambda: self.house.total("tollgate_open_streams") == count)

    async def ended(self, seconds):
        """The exit status of the gateway, which ends within that time."""
        return await asyncio.wait_for(asyncio.to_thread(self.house.gateway.wait), seconds)

    async def crowd(self, count, model):
        """So many streams, each with its first content."""
        clients = [Client(self.house.port, KEY) for _ in range(count)]
        for client in clients:
            await self.enterAsyncContext(client)
            client.send(model)
        answers = [await client.head() for client in clients]
        for client, answer in zip(clients, answers):
            self.assertEqual(200, answer.status)
            await client.chunk(answer)
        return clients, answers

    @staticmethod
    async def rest(clients, answers):
        async def one(client, answer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while await client.chunk(answer):
                    pass
        await asyncio.gather(*map(one, clients, answers))

    def in_ledger(self):
        rows = self.house.rows()
        self.assertEqual([], [entry.name for entry in (self.house.folder / "journal").iterdir() if entry.is_dir()])
        self.house.verify()
        return Counter(row["outcome"] for row in rows)

    async def test_R01_streams_that_end_in_time_are_whole(self):
        count, model = (1000, "mock/slow-20ms,words-200") if FULL else (100, "mock/slow-20ms,words-100")
        self.house.start()
        clients, answers = await self.crowd(count, model)
        self.house.gateway.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_for, "readiness to end", lambda: self.ready() == 503)
        with self.assertRaises(OSError):
            await asyncio.open_connection("127.0.0.1", self.house.port)
        await self.rest(clients, answers)
        last = time.monotonic()
        self.assertEqual(0, await self.ended(10))
        print(f"{count} streams ended, the process {time.monotonic() - last:.2f} s after the last")
        self.assertEqual({"[DONE]"}, {answer.events()[-1] for answer in answers})
        self.assertTrue(all(answer.whole for answer in answers))
        self.assertEqual({"ok": count}, self.in_ledger())

    def ready(self):
        return fetch(f"http://127.0.0.1:{self.house.admin}/readyz")[0]

    async def test_R02_streams_that_take_longer_end_in_an_error_event(self):
        stopping(self.house, "300ms")
        self.house.start()
        clients, answers = await self.crowd(20, "mock/stall-after-2")
        silent = await self.enterAsyncContext(Client(self.house.port, KEY))
        silent.send("mock/stall-before-head")
        whole = await self.enterAsyncContext(Client(self.house.port, KEY))
        whole.send("mock/stall-before-head", stream=False)
        half = await self.enterAsyncContext(Client(self.house.port, KEY))
        half.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n")
        wait_for("all to be asked", lambda: self.house.stats()["requests"] == 22)
        self.house.gateway.send_signal(signal.SIGTERM)
        await self.rest(clients, answers)
        for answer in answers:
            self.assertTrue(answer.whole)
            self.assertEqual("server_shutdown", answer.code(), answer.body)
            error = json.loads(answer.events()[-1])["error"]
            self.assertEqual("server_error", error["type"])
            self.assertNotIn("[DONE]", answer.events())
        for client in (silent, whole, half):
            answer = await client.receive()
            self.assertEqual((503, "server_shutdown"), (answer.status, answer.code()), answer.body)
            self.assertEqual("close", answer.fields["connection"])
            self.assertIn("retry-after", answer.fields)
        self.assertEqual(0, await self.ended(10))
        self.assertEqual({"truncated": 20, "failed": 2}, self.in_ledger())

    async def test_R02_a_client_that_does_not_take_its_last_words_does_not_keep_the_gateway(self):
        stopping(self.house, "100ms")
        self.house.start()
        client = await self.enterAsyncContext(Client(self.house.port, KEY, window=4096))
        client.send("mock/words-100000", max_tokens=100_000)
        self.streams_are_open(1)
        self.house.gateway.send_signal(signal.SIGTERM)
        self.assertEqual(0, await self.ended(10))
        self.assertEqual(1, sum(self.in_ledger().values()))

    async def hurried_by(self, number):
        self.house.start()
        clients, answers = await self.crowd(20, "mock/stall-after-2")
        self.house.gateway.send_signal(number)
        await self.rest(clients, answers)
        self.assertEqual({"server_shutdown"}, {answer.code() for answer in answers})
        self.assertEqual(0, await self.ended(10))
        self.assertEqual({"truncated": 20}, self.in_ledger())

    async def test_R02_streams_that_another_target_goes_on_with_end_the_same(self):
        self.house.configure(models="""  - name: "broken/*"
    targets: [{provider: onprem, model: "mock/*", price: *price}, {provider: haimaker, model: mock/stall-after-4, price: *price}]""")
        self.house.start()
        clients, answers = await self.crowd(4, "broken/close-after-3")  # of a fifth its breaker opens
        for client, answer in zip(clients, answers):
            while b": rescued by" not in answer.body:
                await client.chunk(answer)
        self.house.gateway.send_signal(signal.SIGINT)
        await self.rest(clients, answers)
        self.assertEqual({"server_shutdown"}, {answer.code() for answer in answers})
        self.assertEqual(0, await self.ended(10))
        self.assertEqual({"truncated": 8}, self.in_ledger())

    async def test_R03_sigint_hurries(self):
        await self.hurried_by(signal.SIGINT)

    async def test_R03_sigquit_hurries(self):
        await self.hurried_by(signal.SIGQUIT)

    async def test_R03_a_second_sigterm_hurries(self):
        self.house.start()
        clients, answers = await self.crowd(20, "mock/stall-after-2")
        self.house.gateway.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_for, "readiness to end", lambda: self.ready() == 503)
        self.house.gateway.send_signal(signal.SIGTERM)
        await self.rest(clients, answers)
        self.assertEqual({"server_shutdown"}, {answer.code() for answer in answers})
        self.assertEqual(0, await self.ended(10))
        self.assertEqual({"truncated": 20}, self.in_ledger())

    async def test_R04_the_last_answer_of_a_kept_connection_says_so_and_ends_in_order(self):
        self.house.start()
        idle = await self.enterAsyncContext(Client(self.house.port, KEY))
        idle.send("mock/words-3", stream=False)
        self.assertNotIn("connection", (await idle.receive()).fields)
        asks = await self.enterAsyncContext(Client(self.house.port, KEY))
        asks.send("mock/words-3", stream=False)
        await asks.receive()
        pipelined = await self.enterAsyncContext(Client(self.house.port, KEY))
        pipelined.send("mock/slow-20ms,words-50")
        pipelined.send("mock/words-3", stream=False)
        first = await pipelined.head()
        await pipelined.chunk(first)
        self.streams_are_open(1)
        self.house.gateway.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_for, "readiness to end", lambda: self.ready() == 503)
        # A kept connection may be about to be used.
        asks.send("mock/words-3", stream=False)
        answer = await asks.receive()
        self.assertEqual((200, "close"), (answer.status, answer.fields.get("connection")))
        self.assertEqual(b"", await asks.ended())
        self.assertEqual(b"", await idle.ended())
        await self.rest([pipelined], [first])
        self.assertEqual("[DONE]", first.events()[-1])
        second = await pipelined.receive()
        self.assertEqual((200, "close"), (second.status, second.fields.get("connection")))
        self.assertEqual(b"", await pipelined.ended())
        self.assertEqual(0, await self.ended(10))
        self.assertEqual({"ok": 5}, self.in_ledger())

    async def test_R05_a_blocked_ledger_is_waited_for_ten_seconds_and_loses_nothing(self):
        self.house.start()
        with self.house.locked():
            for _ in range(5):
                self.assertEqual(200, (await ask(self.house.port, KEY, "mock/words-3")).status)
            self.house.gateway.send_signal(signal.SIGTERM)
            self.assertEqual(0, await self.ended(25))
            self.assertEqual([], self.house.rows())
        self.house.start()
        self.assertEqual(5, len(self.house.at_rest()))


if __name__ == "__main__":
    unittest.main()
