"""Each timeout alone: it does not pass too early, says which it was, and gives the work up."""

import contextlib
import threading
import time
import unittest

from mesh_support import MeshTest
from resilience_support import OK, ResilienceTest, full_port, reason, request
from support import LIMIT_S, free_port, indent, read_request

ONCE = "retry: {attempts: 0}\n"
SHORT_S = 0.4
SHORT = "400ms"
LONG_UPLOAD = 8 << 20


def is_left(client):
    """Waits until the sidecar has given the connection up; whatever comes before is read."""
    with contextlib.suppress(ConnectionResetError):
        client.read_to_end()


class TimeoutTest(ResilienceTest):
    def setUp(self):
        self.left = threading.Event()  # Set when the backend is told that it need not go on.

    def then_left(self, handle):
        def with_mark(client):
            handle(client)
            is_left(client)
            self.left.set()

        return with_mark

    def in_time(self, ask):
        """What `ask` gives; it does not come too early."""
        begun = time.monotonic()
        got = ask()
        self.assertGreaterEqual(time.monotonic() - begun, SHORT_S * 0.95)
        return got

    def is_refused(self, word, message=None):
        self.assertEqual(reason(self.in_time(lambda: self.ask(message))), (504, word))
        self.says_why(word)

    def is_cut(self, word):
        def ask():
            with self.assertRaises((EOFError, ConnectionResetError)):
                self.ask()

        self.in_time(ask)
        self.says_why(word)


class BeforeTheAnswer(TimeoutTest):
    def test_nobody_accepts(self):
        with full_port() as port:
            self.before_ports(port, text=ONCE + f"timeouts: {{connect: {SHORT}}}")
            self.is_refused("timeout_connect")
            self.assertEqual(self.running.metric("skiff_backend_connections_opened_total"), 0)

    def test_it_takes_no_more_of_a_long_body(self):
        """Its window is shut, and stays so."""

        def takes_nothing(client):
            client.read_until(b"\r\n\r\n")
            self.over.wait(LIMIT_S)

        self.over = threading.Event()
        self.addCleanup(self.over.set)
        self.before(takes_nothing, text=ONCE + f"timeouts: {{streamIdle: {SHORT}}}")
        client = self.client()
        upload = threading.Thread(target=self.send_what_is_taken, args=(client,))
        upload.start()
        answer = self.in_time(client.answer)
        upload.join()
        self.assertEqual(reason(answer), (504, "timeout_stream_idle"))
        self.says_why("timeout_stream_idle")

    @staticmethod
    def send_what_is_taken(client):
        with contextlib.suppress(OSError):
            client.send(request("POST", bytes(LONG_UPLOAD)))

    def test_no_head_of_an_answer_begins(self):
        self.before(
            self.then_left(read_request), text=ONCE + f"timeouts: {{responseHeaders: {SHORT}}}"
        )
        self.is_refused("timeout_response_headers")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_the_head_of_an_answer_does_not_end(self):
        def half(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-")

        self.before(self.then_left(half), text=ONCE + f"timeouts: {{responseHeaders: {SHORT}}}")
        self.is_refused("timeout_response_headers")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_an_attempt_is_not_answered(self):
        self.before(self.then_left(read_request), text=ONCE + f"timeouts: {{perTry: {SHORT}}}")
        self.is_refused("timeout_per_try")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_nothing_moves(self):
        self.before(self.then_left(read_request), text=ONCE + f"timeouts: {{streamIdle: {SHORT}}}")
        self.is_refused("timeout_stream_idle")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_all_takes_too_long(self):
        text = ONCE + f"timeouts: {{request: {SHORT}, connect: {SHORT}}}"
        self.before(self.then_left(read_request), text=text)
        self.is_refused("timeout_request")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_the_callers_time_is_over(self):
        self.before(self.then_left(read_request), text=ONCE)
        message = request(fields=f"x-skiff-deadline-ms: {SHORT.removesuffix('ms')}\r\n")
        self.is_refused("timeout_deadline", message)
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_a_client_sends_no_more_of_its_body(self):
        def begins(client):
            client.read_until(b"\r\n\r\n")

        text = ONCE + f"timeouts: {{streamIdle: {SHORT}}}"
        self.before(self.then_left(begins), text=text)
        half = request("POST", b"0123456789")[:-5]
        self.is_refused("timeout_stream_idle", half)
        self.assertTrue(self.left.wait(LIMIT_S))


class WithinTheAnswer(TimeoutTest):
    @staticmethod
    def stalls(client):
        read_request(client)
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")

    def drips(self, client):
        read_request(client)
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                client.send("x")
                self.over.wait(0.02)

    def test_the_body_stalls(self):
        text = ONCE + f"timeouts: {{streamIdle: {SHORT}}}"
        self.before(self.then_left(self.stalls), text=text)
        self.is_cut("timeout_stream_idle")
        self.assertTrue(self.left.wait(LIMIT_S))

    def test_the_body_goes_on_for_too_long(self):
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        limits = f"streamIdle: {SHORT}, request: {SHORT}, connect: {SHORT}"
        self.before(self.then_left(self.drips), text=ONCE + f"timeouts: {{{limits}}}")
        self.is_cut("timeout_request")
        self.assertTrue(self.left.wait(LIMIT_S))


class Idle(TimeoutTest):
    def test_a_connection_to_a_backend(self):
        def answers(client):
            read_request(client)
            client.send(OK)

        self.before(self.then_left(answers), text=ONCE + f"timeouts: {{connectionIdle: {SHORT}}}")
        self.assertEqual(self.ask()[0], 200)
        self.in_time(lambda: self.left.wait(LIMIT_S))
        self.assertTrue(self.left.is_set())
        self.assert_metric(self.running, 0, "skiff_backend_connections")

    def test_a_connection_of_a_client(self):
        def answers(client):
            read_request(client)
            client.send(OK)

        self.before(answers, more=f"timeouts: {{connectionIdle: {SHORT}}}")
        client = self.client()
        self.assertEqual(client.send(request()).answer()[0], 200)
        self.assertTrue(self.in_time(client.is_closed))


class OfTls(MeshTest):
    def test_a_handshake_that_is_not_answered(self):
        self.certs = self.authority("order", "product")
        self.inbound = self.backend(is_left).port
        text = ONCE + f"timeouts: {{connect: {SHORT}}}"
        policy = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
            "metadata: {name: p, namespace: shop}\nspec:\n"
            "  targetRefs: [{kind: Service, name: product}]\n" + indent(text, 2) + "\n"
        )
        caller = self.caller(extra=policy)
        begun = time.monotonic()
        self.assertEqual(reason(self.ask()), (504, "timeout_tls"))
        self.assertGreaterEqual(time.monotonic() - begun, SHORT_S * 0.95)
        self.assert_metric(caller, 1, "skiff_requests_total", reason="timeout_tls")


class Distinct(ResilienceTest):
    """What a backend does wrong has a reason that tells it from other wrongs."""

    def test_each_its_own(self):
        def closes(client):
            read_request(client)

        def nonsense(client):
            read_request(client)
            client.send("hello\r\n\r\n")

        text = ONCE + f"timeouts: {{responseHeaders: {SHORT}}}"
        for handle, expected in (
            (is_left, (504, "timeout_response_headers")),
            (closes, (502, "upstream_reset")),
            (nonsense, (502, "bad_response")),
        ):
            self.before(handle, text=text)
            self.assertEqual(reason(self.ask()), expected)
            self.says_why(expected[1])
        self.before_ports(free_port(), text=text)
        self.assertEqual(reason(self.ask()), (503, "connect_failed"))


if __name__ == "__main__":
    unittest.main()
