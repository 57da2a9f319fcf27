"""Resets of HTTP/2 that serve something: however many, they end no connection that others use."""

import unittest

import h2.errors
import h2.events
from http2_backend_test import Http2Peer
from http2_floods_test import Limited
from http2_test import GET, POST, H2Client, frames
from support import SidecarTest, free_port, read_request, service

NO_ERROR, CANCEL = 0, 8
TIGHT = "limits: {http2: {glitchBurst: 20, glitchesPerSecond: 1}}"


class OfBackends(SidecarTest):
    """A backend of HTTP/2 that wants no bodies."""

    def test_early_answers(self):
        """RFC 9113, 8.1: a whole answer, then a reset without error, ends an upload."""
        connections = []

        def handle(client):
            peer = Http2Peer(client)
            connections.append(peer)
            while True:
                while peer.requests:
                    stream = peer.requests.pop(0).id
                    peer.answer(stream, b"no", 413)
                    peer.reset(stream, h2.errors.ErrorCodes.NO_ERROR)
                peer.read()

        port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: HTTP2}}]\n"
            "workers: 1",
            service("backend", self.backend(handle).port, protocol="HTTP2"),
        )
        client = H2Client(port)
        self.addCleanup(client.socket.close)
        for begin in range(1, 3001, 100):
            streams = range(begin, begin + 100, 2)
            client.send(*(client.head(s, ends=False, first=POST) for s in streams))
            for stream in streams:
                self.assertEqual(client.answer(stream)[:2][1], b"no")
        self.assertEqual(len(connections), 1)


class OfClients(Limited):
    """A client that gives up many of its requests, as one does that hedges."""

    def handle(self, client):
        while True:
            if b" /never " in read_request(client)[3]:
                client.is_closed()
                return
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def test_no_more_than_are_answered(self):
        self.serve(self.handle, limits=TIGHT)
        client = self.client()
        never = [(n, "/never" if n == ":path" else v) for n, v in GET]
        for stream in range(1, 401, 4):
            client.send(client.head(stream), client.head(stream + 2, first=never))
            self.assertEqual(client.answer(stream)[1], b"ok")
            client.send(frames.RstStreamFrame(stream + 2, CANCEL))
        client.send(client.head(401))
        self.assertEqual(client.answer(401)[1], b"ok")
        self.assertEqual(client.of(frames.GoAwayFrame), [])


class OfTheSidecar(Limited):
    """What goes wrong behind it is no fault of the client's."""

    def test_answers_that_break_off(self):
        def handle(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

        self.serve(handle, limits=TIGHT)
        client = self.client()
        for stream in range(1, 201, 2):
            client.send(client.head(stream))
            self.assertNotEqual(client.reset_code(stream), NO_ERROR)
        self.assertEqual(client.of(frames.GoAwayFrame), [])


if __name__ == "__main__":
    unittest.main()
