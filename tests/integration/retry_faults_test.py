"""What a sidecar makes of each way in which a backend fails, and what it sends again."""

import random
import socket
import struct
import threading
import time
import unittest

from h2.errors import ErrorCodes
from http2_backend_test import Http2Peer
from support import SidecarTest, free_port, indent, read_request, service, until

NAMED = "retry: {conditions: [SERVER_ERROR, RESET, PER_TRY_TIMEOUT]}\n"
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LONG = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def request(method, size=1):
    body = "" if method == "GET" else f"Content-Length: {size}\r\n"
    return f"{method} / HTTP/1.1\r\nHost: backend\r\n{body}\r\n" + "x" * (size if body else 0)


def reset(client):
    linger = struct.pack("ii", 1, 0)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.socket.close()


def says_and_resets(text):
    def fail(client):
        if text:
            client.send(text)
            time.sleep(0.05)  # A reset takes with it what was not read before.
        reset(client)
        raise EOFError

    return fail


def says_and_ends(text):
    def fail(client):
        client.send(text)
        raise EOFError

    return fail


def hangs(client):
    client.socket.recv(1)
    raise EOFError


def is_over(sidecar):
    """What a request was is counted a moment after its last byte."""
    until(lambda: sidecar.metric("skiff_requests_in_flight") == 0, "nothing is in flight")


class Failing:
    """Fails as many requests as is said, then answers; counts each request that it has read."""

    def __init__(self, fail, failures=1):
        self.fail, self.failures = fail, failures
        self.lock = threading.Lock()
        self.methods = []

    def __call__(self, client):
        while True:
            method = read_request(client)[0].split(" ")[0]
            with self.lock:
                self.methods.append(method)
                fails = len(self.methods) <= self.failures
            self.fail(client) if fails else client.send(OK)


class BeforeTheHeadIsWhole(SidecarTest):
    """A GET is sent again where the policy names it; a POST never is."""

    def check(self, fail, status, reason, policy=NAMED):
        for method, its_policy, executed in (
            ("GET", policy.replace(NAMED, ""), 1),
            ("GET", policy, 2),
            ("POST", policy, 1),
        ):
            with self.subTest(method=method, policy=its_policy):
                backend = Failing(fail)
                made = self.outbound(backend, policy=its_policy)
                got, headers, body = self.client().send(request(method)).answer()
                self.assertEqual(len(backend.methods), executed)
                if executed == 2:
                    self.assertEqual((got, body), (200, b"ok"))
                else:
                    self.assertEqual((got, headers["x-skiff-reason"]), (status, reason))
                is_over(made)
                self.assert_metric(made, executed, "skiff_request_attempts_total")
                if executed == 1:
                    self.assert_metric(made, 1, "skiff_requests_total", reason=reason)

    def test_it_resets_before_the_head(self):
        self.check(says_and_resets(""), 502, "upstream_reset")

    def test_it_resets_in_the_head(self):
        self.check(says_and_resets("HTTP/1.1 200 OK\r\nContent-"), 502, "upstream_reset")

    def test_it_ends_in_the_head(self):
        self.check(says_and_ends("HTTP/1.1 200 OK\r\nContent-"), 502, "upstream_reset")

    def test_it_accepts_and_is_silent(self):
        self.check(hangs, 504, "timeout_per_try", NAMED + "timeouts: {perTry: 1s}")

    def test_it_is_silent_for_longer_than_all_may_take(self):
        backend = Failing(hangs, failures=100)
        limits = "timeouts: {connect: 600ms, perTry: 400ms, request: 600ms}"
        made = self.outbound(backend, policy=NAMED + limits)
        begun = time.monotonic()
        status, headers, _ = self.client().send(request("GET")).answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_request"))
        self.assertGreater(time.monotonic() - begun, 0.55)
        self.assertLessEqual(len(backend.methods), 2)
        is_over(made)


class AfterTheHead(SidecarTest):
    """Nothing is sent again, and what the client gets does not look whole."""

    def check(self, fail):
        for method in ("GET", "POST"):
            with self.subTest(method=method):
                backend = Failing(fail)
                made = self.outbound(backend, policy=NAMED)
                with self.assertRaises((EOFError, ConnectionResetError)):
                    self.client().send(request(method)).answer()
                self.assertEqual(backend.methods, [method])
                is_over(made)
                self.assert_metric(made, 1, "skiff_requests_total", reason="upstream_reset")

    def test_it_resets_before_the_body(self):
        self.check(says_and_resets(LONG))

    def test_it_resets_in_a_body_with_a_length(self):
        self.check(says_and_resets(LONG + "some"))

    def test_it_ends_in_a_body_with_a_length(self):
        self.check(says_and_ends(LONG + "some"))

    def test_it_resets_in_a_chunked_body(self):
        self.check(says_and_resets(CHUNKED + "4\r\nsome\r\n"))

    def test_it_ends_in_a_chunked_body(self):
        self.check(says_and_ends(CHUNKED + "4\r\nsome\r\n"))

    def test_it_resets_in_a_body_that_its_end_delimits(self):
        self.check(says_and_resets("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome"))


class Rates(SidecarTest):
    def test_all_answer_503_at_a_rate(self):
        chance, lock, executions = random.Random(11), threading.Lock(), []

        def sometimes(client):
            while True:
                method = read_request(client)[0].split(" ")[0]
                with lock:
                    fails = chance.random() < 0.3
                    executions.append((method, fails))
                client.send("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" if fails else OK)

        made = self.outbound(sometimes, policy=NAMED, backends=3)
        client = self.client()
        results = {"GET": [], "POST": []}
        for i in range(300):
            method = "POST" if i % 3 == 0 else "GET"
            results[method].append(client.send(request(method)).answer()[0])
        posts = [fails for method, fails in executions if method == "POST"]
        self.assertEqual(results["POST"], [503 if fails else 200 for fails in posts])
        gets = [fails for method, fails in executions if method == "GET"]
        retries = len(gets) - len(results["GET"])
        self.assertEqual(results["GET"].count(200), gets.count(False))
        is_over(made)
        self.assert_metric(made, retries, "skiff_request_retries_total")
        self.assert_metric(made, retries, "skiff_retry_budget_granted_total")
        self.assertGreater(retries, 20)
        self.assertLess(results["GET"].count(503), 20)

    def test_one_of_three_hangs(self):
        hung, answered = [], []

        def hang(client):
            hung.append(read_request(client)[0].split(" ")[0])
            client.socket.recv(1)

        def answers(client):
            while True:
                answered.append(read_request(client)[0].split(" ")[0])
                client.send(OK)

        backends = [self.backend(handle) for handle in (hang, answers, answers)]
        self.port = free_port()
        made = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", *(backend.port for backend in backends))
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
            "  targetRefs: [{kind: Service, name: backend}]\n"
            "  loadBalancing: {algorithm: ROUND_ROBIN}\n  timeouts: {perTry: 500ms}\n"
            + indent(NAMED, 2),
        )
        client = self.client()
        for i in range(12):
            method = "POST" if i % 2 == 0 else "GET"
            status = client.send(request(method)).answer()[0]
            self.assertIn(status, (200, 504) if method == "POST" else (200,))
        self.assertEqual(hung.count("POST") + answered.count("POST"), 6, "each is executed once")
        self.assertEqual(answered.count("GET"), 6)
        self.assertGreater(hung.count("GET"), 0)
        is_over(made)


class RefusedStreams(SidecarTest):
    """Nobody has begun to act on them: they go on at once, charged to no budget."""

    def outbound_to(self, refuse):
        """Http2Peers of which the first has its first request refused so."""
        self.seen = []

        def handle(client):
            peer = Http2Peer(client)
            while True:
                stream = peer.next_request().id
                self.seen.append(peer.bodies[stream])
                if len(self.seen) == 1:
                    refuse(peer, stream)
                else:
                    peer.answer(stream)

        self.port = free_port()
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", self.backend(handle).port, protocol="HTTP2")
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
            "  targetRefs: [{kind: Service, name: backend}]\n"
            "  retry: {attempts: 1, budget: {ratio: 0%, minPerSecond: 0}}\n",
        )

    def goes_on(self, refuse):
        made = self.outbound_to(refuse)
        status, _, body = self.client().send(request("POST")).answer()
        self.assertEqual((status, body), (200, b"ok"))
        self.assertEqual(self.seen, [b"x", b"x"])
        is_over(made)
        self.assert_metric(made, 1, "skiff_request_retries_total")
        for of_the_budget in ("granted", "refused"):
            self.assert_metric(made, 0, f"skiff_retry_budget_{of_the_budget}_total")

    def test_one_that_is_refused(self):
        self.goes_on(lambda peer, stream: peer.reset(stream, ErrorCodes.REFUSED_STREAM))

    def test_one_that_a_goaway_is_below(self):
        def says_goodbye(peer, _):
            peer.goaway(0)
            while peer.socket.recv(65536):
                pass  # h2 itself takes nothing any more.
            raise EOFError

        self.goes_on(says_goodbye)


if __name__ == "__main__":
    unittest.main()
