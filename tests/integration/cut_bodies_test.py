"""Answers that break off in their body: nobody sees a whole one, nor takes it for a success."""

import threading
import unittest

import h2.errors
from http2_backend_test import Http2Peer
from http2_test import H2Client
from resilience_support import OK, ResilienceTest, request, reset
from support import LIMIT_S, read_request

HEADS = {
    "a length": b"Content-Length: 10\r\n\r\nabcde",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    "part of a chunk": b"Transfer-Encoding: chunked\r\n\r\na\r\nabcde",
    "chunks without the last line": b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n",
    "its end": b"Connection: close\r\n\r\nabcde",
}
BREAKER = "retry: {attempts: 0}\ncircuitBreaker: {consecutiveFailures: 3}"
EJECTION = "retry: {attempts: 0}\noutlierEjection: {consecutiveFailures: 3, baseEjectionTime: 1m}"


class Cutting:
    """Says the head and a part of the body, and breaks off when the client has seen that."""

    def __init__(self, head, breaks=reset):
        self.head, self.breaks = head, breaks
        self.go = threading.Event()

    def __call__(self, client):
        read_request(client)
        client.send(b"HTTP/1.1 200 OK\r\n" + self.head)
        self.go.wait(LIMIT_S)
        self.breaks(client)


class CutTest(ResilienceTest):
    def http1_sees_a_cut(self, cutting, version="1.1"):
        client = self.client().send(f"GET / HTTP/{version}\r\nHost: backend\r\n\r\n")
        begun = client.read_until(b"abcde")
        cutting.go.set()
        client.pending = begun + client.pending
        with self.assertRaises((EOFError, ConnectionResetError)):
            client.answer()

    def http2_sees_a_cut(self, cutting):
        client = H2Client(self.port)
        self.addCleanup(client.socket.close)
        client.send(client.head(1))
        client.until(lambda: b"abcde" in self.body_of(client), "what came of the body")
        cutting.go.set()
        self.assertNotEqual(client.reset_code(1), h2.errors.ErrorCodes.NO_ERROR)
        self.assertEqual(self.body_of(client), b"abcde")

    @staticmethod
    def body_of(client):
        return b"".join(f.data for f in client.came if f.stream_id == 1 and f.type == 0)


class EachClient:
    """What the client speaks; `each` breaks all that there is to be broken."""

    def test_to_http_1_1(self):
        self.each("HTTP", self.http1_sees_a_cut)

    def test_to_http_1_0(self):
        self.each("HTTP", lambda cutting: self.http1_sees_a_cut(cutting, "1.0"))

    def test_to_http2(self):
        self.each("HTTP2", self.http2_sees_a_cut)


class FromHttp1(EachClient, CutTest):
    """The backend resets, or ends where that is no end of the body."""

    def each(self, listens, sees_a_cut):
        for name, head in HEADS.items():
            for breaks in (reset, lambda client: None):
                if name == "its end" and breaks is not reset:
                    continue  # That is how such a body ends.
                with self.subTest(body=name, reset=breaks is reset):
                    cutting = Cutting(head, breaks)
                    self.before(cutting, listens=listens)
                    sees_a_cut(cutting)
                    self.says_why("upstream_reset")


CODES = h2.errors.ErrorCodes
BREAKS = {
    "reset": lambda peer, stream: peer.reset(stream, CODES.INTERNAL_ERROR),
    "reset without an error": lambda peer, stream: peer.reset(stream, CODES.NO_ERROR),
    "lost": lambda peer, stream: reset(peer),
    "closed": lambda peer, stream: peer.socket.close(),
}


class FromHttp2(EachClient, CutTest):
    """The stream is reset, also in the guise of a good end, or the connection breaks."""

    def before_http2(self, breaks, length, listens):
        cutting = Cutting(b"")
        fields = [(":status", "200")] + ([("content-length", "10")] if length else [])

        def handle(client):
            peer = Http2Peer(client)
            stream = peer.next_request().id
            peer.h2.send_headers(stream, fields)
            peer.h2.send_data(stream, b"abcde")
            peer.flush()
            cutting.go.wait(LIMIT_S)
            breaks(peer, stream)
            peer.until(lambda: False)

        self.before(handle, protocol="HTTP2", listens=listens)
        return cutting

    def each(self, listens, sees_a_cut):
        for name, breaks in BREAKS.items():
            for length in (True, False):
                with self.subTest(breaks=name, length=length):
                    sees_a_cut(self.before_http2(breaks, length, listens))
                    self.says_why("upstream_reset")


class NoSuccess(CutTest):
    """Who breaks off counts as failed, whatever the status was."""

    def break_off(self, head, text, *more):
        cutting = Cutting(head)
        cutting.go.set()
        self.before(cutting, *more, text=text, more="workers: 1")

    def cut_once(self):
        with self.assertRaises((EOFError, ConnectionResetError)):
            self.client().send(request()).answer()
        self.is_over()

    def test_for_the_circuit_breaker(self):
        for name, head in HEADS.items():
            with self.subTest(body=name):
                self.break_off(head, BREAKER)
                for _ in range(3):
                    self.cut_once()
                status, headers, _ = self.ask()
                self.assertEqual((status, headers["x-skiff-reason"]), (503, "circuit_open"))
                self.assert_logged(self.running, "3 calls in a row failed")

    def test_for_outlier_ejection(self):
        def good(client):
            while True:
                read_request(client)
                client.send(OK)

        for name, head in HEADS.items():
            with self.subTest(body=name):
                self.break_off(head, EJECTION + "\nloadBalancing: {algorithm: ROUND_ROBIN}", good)
                cut = 0
                while not self.running.metric("skiff_outlier_ejected"):
                    try:
                        self.assertEqual(self.ask()[0], 200)
                    except (EOFError, ConnectionResetError):
                        cut += 1
                        self.is_over()
                self.assertEqual(cut, 3)
                for _ in range(6):
                    self.assertEqual(self.ask()[0], 200)


if __name__ == "__main__":
    unittest.main()
