"""WebSockets of python3-websockets: through one sidecar, and through two with mutual TLS.

Between the two it is extended CONNECT of HTTP/2 (RFC 8441); at both ends it is HTTP/1.1.
"""

import asyncio
import contextlib
import os
import threading
import unittest

from mesh_support import MeshTest
from real_servers import debian_module
from support import LIMIT_S, free_port, service, until

websockets = debian_module("websockets")


class Application:
    """A WebSocket server in a thread: says hello, then gives back what it gets."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.seen = []
        self.codes = []
        self.server = self.wait(self.serve())
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self):
        return await websockets.serve(
            self.talk, "127.0.0.1", 0, subprotocols=["chat.v2"], max_size=None, ping_interval=None
        )

    async def talk(self, socket, _path=""):
        self.seen.append((socket.path, socket.subprotocol))
        await socket.send("hello")
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in socket:
                if message == "close":
                    await socket.close(4001, "as you say")
                else:
                    await socket.send(message)
        self.codes.append(socket.close_code)

    def wait(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(LIMIT_S)

    async def end(self):
        self.server.close()
        await self.server.wait_closed()

    def stop(self):
        self.wait(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class ThroughOne(MeshTest):
    def setUp(self):
        self.application = Application()
        self.addCleanup(self.application.stop)
        self.path_to(self.application.port)

    def path_to(self, application):
        self.port = free_port()
        self.made = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", application),
        )

    def talk(self, conversation, **options):
        """Runs `conversation(socket)` of a client that was greeted."""

        async def run():
            url = f"ws://127.0.0.1:{self.port}/chat?room=1"
            options.setdefault("ping_interval", None)
            async with websockets.connect(url, max_size=None, **options) as socket:
                self.assertEqual(await socket.recv(), "hello")
                return await conversation(socket)

        return asyncio.run(asyncio.wait_for(run(), 2 * LIMIT_S))

    def test_messages_of_any_size(self):
        async def conversation(socket):
            for size in (0, 1, 125, 126, 65_535, 65_536, 3_000_000):
                data = os.urandom(size)
                await socket.send(data)
                self.assertTrue(await socket.recv() == data, size)
            await socket.send("ü" * 1000)
            self.assertEqual(await socket.recv(), "ü" * 1000)

        for compression in (None, "deflate"):
            with self.subTest(compression=compression):
                self.talk(conversation, compression=compression)

    def test_what_is_agreed_on_crosses(self):
        async def conversation(socket):
            return socket.subprotocol, [e.name for e in socket.extensions]

        agreed = self.talk(conversation, subprotocols=["chat.v1", "chat.v2"])
        self.assertEqual(agreed, ("chat.v2", ["permessage-deflate"]))
        path, subprotocol = self.application.seen[0]
        self.assertEqual((path, subprotocol), ("/chat?room=1", "chat.v2"))

    def test_pings_and_fragments(self):
        async def conversation(socket):
            await (await socket.ping(b"are you there"))
            await socket.send(part for part in (b"a", b"b", b"c"))
            return await socket.recv()

        self.assertEqual(self.talk(lambda s: conversation(s)), b"abc")

    def test_either_side_closes_with_its_code(self):
        async def asks_for_it(socket):
            await socket.send("close")
            await socket.wait_closed()
            return socket.close_code, socket.close_reason

        async def closes(socket):
            await socket.close(4002, "enough")

        self.assertEqual(self.talk(asks_for_it), (4001, "as you say"))
        self.talk(closes)
        until(lambda: self.application.codes == [4001, 4002], "the application has both codes")

    def test_many_at_once(self):
        async def run():
            url = f"ws://127.0.0.1:{self.port}/"
            made = [websockets.connect(url, ping_interval=None) for _ in range(50)]
            sockets = await asyncio.gather(*made)
            for socket in sockets:
                self.assertEqual(await socket.recv(), "hello")
            for number, socket in enumerate(sockets):
                await socket.send(str(number))
            got = [await socket.recv() for socket in sockets]
            await asyncio.gather(*(socket.close() for socket in sockets))
            return got

        got = asyncio.run(asyncio.wait_for(run(), 2 * LIMIT_S))
        self.assertEqual(got, [str(number) for number in range(50)])


class ThroughAPair(ThroughOne):
    def path_to(self, application):
        self.certs = self.authority("order", "product")
        self.beside = self.callee(application)
        self.made = self.caller(more="workers: 1")  # Each has connections of its own.

    def test_they_share_a_connection_between_the_sidecars(self):
        self.test_many_at_once()
        self.assert_metric(self.beside, 1, "skiff_tls_server_handshakes_total", result="ok")


if __name__ == "__main__":
    unittest.main()
