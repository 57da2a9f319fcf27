"""A client that leaves, in each phase of its request: all is given up, and every permit comes back.

The bulkhead says what is held; a breaker that one failure opens says that nobody else is blamed.
"""

import contextlib
import socket
import threading
import unittest

from http2_test import H2Client, frames
from resilience_support import OK, ResilienceTest, full_port, request, reset
from support import LIMIT_S, read_request, until

WATCHED = (
    "bulkhead: {target: {maxConcurrent: 1, maxQueue: 1, maxWait: 1m}}\n"
    "circuitBreaker: {consecutiveFailures: 1}\n"
    "outlierEjection: {consecutiveFailures: 1}\n"
)
ONCE = "retry: {attempts: 0}\n"
CANCEL = 8


class Watched:
    """A backend that does one thing with its first connection, and answers on all others."""

    def __init__(self, first):
        self.first = first
        self.reached, self.left = threading.Event(), threading.Event()
        self.served = 0

    def __call__(self, client):
        if self.reached.is_set():
            while True:
                read_request(client)
                self.served += 1
                client.send(OK)
        self.first(client)
        self.reached.set()
        with contextlib.suppress(ConnectionResetError):
            client.read_to_end()
        self.left.set()


class LeavesTest(ResilienceTest):
    def under_way(self, first, message=request(), text=ONCE, **options):
        """A client whose request has come so far that the backend did `first`."""
        self.watched = Watched(first)
        self.before(self.watched, text=WATCHED + text, **options)
        client = self.client().send(message)
        self.assertTrue(self.watched.reached.wait(LIMIT_S))
        return client

    def all_is_given_up(self):
        for name in (
            "skiff_requests_in_flight",
            "skiff_bulkhead_in_use",
            "skiff_bulkhead_queued",
            "skiff_pool_waiting",
        ):
            self.assert_metric(self.running, 0, name)
        self.says_why("client_gone")
        self.assertEqual(self.running.metric("skiff_circuit_breaker_state", state="open"), 0)
        self.assertEqual(self.running.metric("skiff_outlier_ejected"), 0)

    def the_backend_is_told(self):
        self.assertTrue(self.watched.left.wait(LIMIT_S), "its work is cancelled")
        self.all_is_given_up()
        self.assertEqual(self.ask()[0], 200)


class OverHttp1(LeavesTest):
    def test_within_its_own_body(self):
        half = request("POST", b"0123456789")[:-5]
        client = self.under_way(lambda c: c.read_until(b"01234"), half)
        reset(client)
        self.the_backend_is_told()

    def test_before_the_answer(self):
        reset(self.under_way(read_request))
        self.the_backend_is_told()

    def test_within_the_head_of_the_answer(self):
        def half(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-")

        reset(self.under_way(half))
        self.the_backend_is_told()

    def test_within_the_answer(self):
        def half(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")

        client = self.under_way(half)
        client.read_until(b"abcde")
        reset(client)
        self.the_backend_is_told()

    def test_without_reading_a_long_answer(self):
        def floods(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            threading.Thread(target=flood, args=(client,), daemon=True).start()

        def flood(client):
            with contextlib.suppress(OSError):
                client.send(bytes(100_000_000))

        client = self.under_way(floods)
        client.read_until(b"\r\n\r\n")
        reset(client)
        self.the_backend_is_told()

    def test_while_it_waits_for_another_attempt(self):
        def fails(client):
            read_request(client)
            client.send("HTTP/1.1 503 No\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")

        text = "retry: {conditions: [SERVER_ERROR]}\ntimeouts: {request: 1m}\n"
        self.watched = Watched(fails)
        self.before(self.watched, text=text)
        client = self.client().send(request())
        self.assertTrue(self.watched.reached.wait(LIMIT_S))
        attempts = lambda: self.running.metric("skiff_retry_budget_granted_total")
        until(lambda: attempts() == 1, "another attempt is promised")
        reset(client)
        self.assert_metric(self.running, 0, "skiff_requests_in_flight")
        self.says_why("client_gone")
        self.assertEqual(self.watched.served, 0)

    def test_in_the_queue_of_the_bulkhead(self):
        self.leaves_the_queue(request())

    def test_in_that_queue_with_a_body_that_nobody_has_taken_yet(self):
        self.leaves_the_queue(request("POST", b"0123456789"))

    def leaves_the_queue(self, message):
        first = self.under_way(read_request)
        second = self.client().send(message)
        self.assert_metric(self.running, 1, "skiff_bulkhead_queued")
        reset(second)
        self.assert_metric(self.running, 0, "skiff_bulkhead_queued")
        self.assert_metric(self.running, 1, "skiff_bulkhead_in_use")
        reset(first)
        self.assertTrue(self.watched.left.wait(LIMIT_S))
        self.assert_metric(self.running, 0, "skiff_bulkhead_in_use")
        self.says_why("client_gone", 2)
        self.assertEqual(self.watched.served, 0, "who has left is not served")

    def test_in_the_queue_for_a_connection(self):
        self.watched = Watched(read_request)
        text = ONCE + "connectionPool: {maxConnections: 1, maxWait: 1m}"
        self.before(self.watched, text=text, more="workers: 1")
        first = self.client().send(request())
        self.assertTrue(self.watched.reached.wait(LIMIT_S))
        second = self.client().send(request())
        self.assert_metric(self.running, 1, "skiff_pool_waiting")
        reset(second)
        self.assert_metric(self.running, 0, "skiff_pool_waiting")
        reset(first)
        self.assertTrue(self.watched.left.wait(LIMIT_S))
        self.says_why("client_gone", 2)
        self.assertEqual(self.watched.served, 0)

    def test_while_it_connects(self):
        with full_port() as port:
            text = WATCHED + ONCE + "timeouts: {connect: 1m, request: 2m}"
            self.before_ports(port, text=text)
            client = self.client().send(request())
            self.assert_metric(self.running, 1, "skiff_bulkhead_in_use")
            reset(client)
            self.all_is_given_up()


class OverHttp2(LeavesTest):
    """The stream is cancelled; the connection stays, and so does what it carries beside."""

    def cancels(self, first, body=b""):
        self.watched = Watched(first)
        self.before(self.watched, text=WATCHED + ONCE, listens="HTTP2")
        client = H2Client(self.port)
        self.addCleanup(client.socket.close)
        client.send(client.head(1, ends=not body))
        if body:
            client.send(client.data(1, body))
        self.assertTrue(self.watched.reached.wait(LIMIT_S))
        client.send(frames.RstStreamFrame(1, CANCEL))
        self.assertTrue(self.watched.left.wait(LIMIT_S), "its work is cancelled")
        self.all_is_given_up()
        client.send(client.head(3))
        self.assertEqual(client.answer(3)[0][":status"], "200")

    def test_within_its_own_body(self):
        self.cancels(lambda c: c.read_until(b"01234"), b"01234")

    def test_before_the_answer(self):
        self.cancels(read_request)

    def test_within_the_answer(self):
        def half(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")

        self.cancels(half)


if __name__ == "__main__":
    unittest.main()
