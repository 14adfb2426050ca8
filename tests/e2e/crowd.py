"""Many clients at once on one thread: raw HTTP/1.1 over asyncio, so that a test sees what was
closed, when, and whether an answer was whole."""
import asyncio
import json
import os
import socket

# The sizes that the cases name, in place of those that every run can afford.
FULL = os.environ.get("TOLLGATE_FULL_SIZE") == "1"


class Answer:
    """status and fields (lower-case names) are there once the head has come; `whole` once all has."""

    def __init__(self):
        self.status = None
        self.fields = {}
        self.body = b""
        self.whole = False

    def events(self):
        return [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]

    def code(self):
        """Of the error that ended it; None: there is none."""
        try:
            last = json.loads(self.events()[-1] if self.events() else self.body)
        except ValueError:
            return None
        return last.get("error", {}).get("code")


class Client:
    """One connection; `window`: the bytes that its kernel takes for whoever does not read."""

    def __init__(self, port, key, window=None):
        self.port, self.key, self.window = port, key, window
        self.reader = self.writer = None

    async def __aenter__(self):
        connection = socket.socket()
        connection.setblocking(False)
        if self.window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        self.reader, self.writer = await asyncio.open_connection(sock=connection)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    def send(self, model, stream=True, text="hello", **more):
        body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}], **more})
        self.writer.write((f"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {self.key}\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())

    async def head(self):
        answer = Answer()
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = text.split("\r\n")
        answer.status = int(first.split()[1])
        for line in filter(None, lines):
            name, value = line.split(":", 1)
            answer.fields[name.lower()] = value.strip()
        return answer

    async def chunk(self, answer):
        """Adds the next chunk; False: that was the last one."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        piece = await self.reader.readexactly(size + 2)
        answer.body += piece[:-2]
        answer.whole = size == 0
        return size > 0

    async def receive(self):
        """An answer, or as much of it as came before the connection ended."""
        answer = await self.head()
        try:
            if answer.fields.get("transfer-encoding") == "chunked":
                while await self.chunk(answer):
                    pass
            else:
                answer.body = await self.reader.readexactly(int(answer.fields["content-length"]))
                answer.whole = True
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        return answer

    async def ended(self, seconds=10):
        """What came before the gateway closed in order; a reset raises."""
        return await asyncio.wait_for(self.reader.read(), seconds)


async def ask(port, key, model, **more):
    """One answer over a connection of its own."""
    async with Client(port, key) as client:
        client.send(model, **more)
        return await client.receive()
