"""Requests that are sent again, and those that must not be: a sidecar in front of bad backends."""

import hashlib
import random
import socket
import struct
import threading
import time
import unittest
from concurrent import futures

import grpc
from support import LIMIT_S, Client, SidecarTest, free_port, read_request, service, until

EVERYTHING = "conditions: [SERVER_ERROR, RESET, PER_TRY_TIMEOUT]"
GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
KEY = "Idempotency-Key: 17\r\n"


def post(body=b"x", more=""):
    length = f"Content-Length: {len(body)}\r\n"
    return f"POST / HTTP/1.1\r\nHost: backend\r\n{length}{more}\r\n".encode() + body


def answer(status, text="", more=""):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n{more}\r\n{text}"


class Ledger:
    """A backend that answers its n-th request with the n-th of these, and the last again and again.

    An entry is an answer, or None: the connection is reset when the request has been read.
    """

    def __init__(self, *answers):
        self.answers = answers
        self.lock = threading.Lock()
        self.seen = []  # (time, headers, body) of each execution.

    def __call__(self, client):
        while True:
            _, headers, body, _ = read_request(client)
            with self.lock:
                self.seen.append((time.monotonic(), headers, body))
                what = self.answers[min(len(self.seen), len(self.answers)) - 1]
            if what is None:
                linger = struct.pack("ii", 1, 0)
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            if callable(what):
                what(client)
            else:
                client.send(what)

    def attempts(self):
        return [headers.get("x-skiff-attempt") for _, headers, _ in self.seen]


class Retries(SidecarTest):
    def through(self, ledger, retry=EVERYTHING, more="", **options):
        policy = f"retry: {{{retry}}}\n{more}"
        return self.outbound(ledger, policy=policy, **options)

    def ask(self, request=GET):
        return self.client().send(request).answer()

    def test_a_get_goes_to_another_endpoint_after_503(self):
        bad, good = Ledger(answer(503, "no")), Ledger(answer(200, "yes"))
        backends = [self.backend(bad), self.backend(good)]
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", *(b.port for b in backends)) + policy_of(EVERYTHING),
        )
        for _ in range(30):
            self.assertEqual(self.ask()[::2], (200, b"yes"))
        self.assertEqual(len(good.seen), 30)
        self.assertEqual(set(bad.attempts()) | {None}, {None}, "another was preferred")
        self.assertEqual(good.attempts().count("2"), len(bad.seen))

    def test_a_post_whose_answer_is_lost_is_executed_once(self):
        ledger = Ledger(None)
        self.through(ledger)
        status, headers, _ = self.ask(post())
        self.assertEqual((status, headers["x-skiff-reason"]), (502, "upstream_reset"))
        self.assertEqual(len(ledger.seen), 1)

    def test_a_post_that_failed_is_executed_once(self):
        ledger = Ledger(answer(503, "no"))
        self.through(ledger)
        self.assertEqual(self.ask(post())[::2], (503, b"no"))
        self.assertEqual(len(ledger.seen), 1)

    def test_a_post_with_a_key_may_be_executed_again(self):
        ledger = Ledger(None, answer(503), answer(200, "yes"))
        self.through(ledger)
        self.assertEqual(self.ask(post(b"order", KEY))[::2], (200, b"yes"))
        self.assertEqual([body for _, _, body in ledger.seen], [b"order"] * 3)
        self.assertEqual(ledger.attempts(), [None, "2", "3"])

    def test_a_body_that_is_kept_comes_again_as_it_was(self):
        for size, again in ((65_535, True), (65_536, True), (65_537, False)):
            ledger = Ledger(answer(503, "no"), answer(200, "yes"))
            self.through(ledger)
            body = random.Random(size).randbytes(size)
            status = self.ask(post(body, KEY))[0]
            self.assertEqual(status, 200 if again else 503, size)
            digests = {hashlib.sha256(seen).digest() for _, _, seen in ledger.seen}
            self.assertEqual(digests, {hashlib.sha256(body).digest()})
            self.assertEqual(len(ledger.seen), 2 if again else 1)

    def test_the_client_gets_the_last_answer(self):
        ledger = Ledger(answer(500, "one"), answer(500, "two"), answer(503, "three"))
        made = self.through(ledger)
        self.assertEqual(self.ask()[::2], (503, b"three"))
        until(lambda: made.metric("skiff_request_attempts_total") == 3, "it is counted")
        self.assert_metric(made, 2, "skiff_request_retries_total")

    def test_the_connection_of_a_discarded_answer_lives_on(self):
        ledger = Ledger(*[answer(503, "x" * 1000), answer(200)] * 10)
        self.through(ledger)
        client = self.client()
        for _ in range(10):
            self.assertEqual(client.send(GET).answer()[0], 200)
        self.assertEqual(len(self.backends[0].connections), 1)

    def test_an_answer_that_does_not_end_is_cancelled(self):
        closed = threading.Event()

        def endless(client):
            client.send("HTTP/1.1 503 X\r\nContent-Length: 10\r\n\r\nsome")
            if client.socket.recv(1) == b"":
                closed.set()

        self.through(Ledger(endless, answer(200, "yes")))
        self.assertEqual(self.ask()[::2], (200, b"yes"))
        self.assertTrue(closed.wait(LIMIT_S))

    def test_an_attempt_that_hangs_is_left(self):
        left = threading.Event()

        def hang(client):
            if client.socket.recv(1) == b"":
                left.set()

        self.through(Ledger(hang, answer(200, "yes")), more="timeouts: {perTry: 1s}")
        self.assertEqual(self.ask()[::2], (200, b"yes"))
        self.assertTrue(left.wait(LIMIT_S))

    def test_retry_after_is_honoured(self):
        ledger = Ledger(answer(503, more="Retry-After: 1\r\n"), answer(200))
        self.through(ledger)
        self.assertEqual(self.ask()[0], 200)
        (first, _, _), (second, _, _) = ledger.seen
        self.assertGreaterEqual(second - first, 1.0)

    def test_retry_after_beyond_the_deadline_is_an_answer(self):
        ledger = Ledger(answer(503, "later", more="Retry-After: 60\r\n"))
        self.through(ledger)
        status, headers, body = self.ask()
        self.assertEqual((status, headers["retry-after"], body), (503, "60", b"later"))
        self.assertEqual(len(ledger.seen), 1)

    def test_a_brownout_adds_no_more_than_the_budget(self):
        ledger = Ledger(answer(503, "no"))
        made = self.through(ledger, EVERYTHING + ", budget: {ratio: 20%, minPerSecond: 0}")
        client = self.client()
        reasons = [client.send(GET).answer()[1].get("x-skiff-reason") for _ in range(200)]
        self.assertLessEqual(len(ledger.seen), 240)
        self.assertGreater(len(ledger.seen), 220, "what the budget allows is done")
        self.assertGreater(reasons.count("retry_budget"), 100)
        self.assert_metric(made, reasons.count("retry_budget"), "skiff_retry_budget_refused_total")
        self.assert_metric(made, 0, "skiff_retry_budget_left")
        labels = {"policy": "retry_budget", "subject": "backend.default", "to": "spent"}
        self.assert_metric(made, 1, "skiff_policy_transitions_total", **labels)

    def test_hops_do_not_multiply(self):
        ledger = Ledger(answer(503, "no"))
        self.through(ledger)
        port = free_port()
        self.sidecar(
            f"service: first\noutbound: [{{port: {port}, service: backend}}]",
            service("backend", self.port) + policy_of(EVERYTHING),
        )
        client = Client(port)
        self.addCleanup(client.close)
        self.assertEqual(client.send(GET).answer()[0], 503)
        self.assertEqual(len(ledger.seen), 5, "three of the first attempt, one of each other")

    def test_what_takes_long_is_sent_once_more_and_the_first_answer_wins(self):
        slow, fast = threading.Event(), Ledger(answer(200, "fast"))
        left = threading.Event()
        hanging = []

        def sometimes(client):
            while True:
                read_request(client)
                if not slow.is_set():
                    client.send(answer(200, "fast"))
                    continue
                hanging.append(1)
                if client.socket.recv(1) == b"":
                    left.set()
                return

        backends = [self.backend(sometimes), self.backend(fast)]
        self.port = free_port()
        made = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", *(b.port for b in backends))
            + policy_of("hedging: {least: 50ms}")
            + "  loadBalancing: {algorithm: ROUND_ROBIN}\n",
        )
        client = self.client()
        for _ in range(40):
            self.assertEqual(client.send(GET).answer()[0], 200)
        slow.set()
        for _ in range(20):
            self.assertEqual(client.send(GET).answer()[::2], (200, b"fast"))
        self.assertTrue(hanging)
        self.assertTrue(left.wait(LIMIT_S), "the loser is cancelled")
        self.assert_metric(made, len(hanging), "skiff_retry_budget_granted_total")
        self.assert_metric(made, len(hanging), "skiff_hedged_attempts_won_total")
        until(lambda: made.metric("skiff_requests_in_flight") == 0, "nothing is left")
        self.assert_metric(made, len(hanging), "skiff_request_retries_total")

    def test_a_route_says_it_as_gateway_api_does(self):
        ledger = Ledger(answer(418), answer(200))
        backend = self.backend(ledger)
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}}}]",
            service("backend", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: r}\nspec:\n"
            "  parentRefs: [{kind: Service, name: backend}]\n"
            "  rules:\n  - backendRefs: [{name: backend, port: 80}]\n"
            "    retry: {codes: [418], attempts: 1, backoff: 10ms}\n",
        )
        self.assertEqual(self.ask()[0], 200)

    def test_nothing_is_executed_after_the_client_has_left(self):
        ledger = Ledger(answer(503, more="Retry-After: 2\r\n"))
        made = self.through(ledger, EVERYTHING + ", budget: {minPerSecond: 1000}")
        clients = [Client(self.port).send(GET) for _ in range(25)]
        chance = random.Random(3)
        for client in clients:
            time.sleep(chance.random() * 0.02)
            linger = struct.pack("ii", 1, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
        until(lambda: made.metric("skiff_requests_in_flight") == 0, "all are given up")
        executed = len(ledger.seen)
        self.assertLessEqual(executed, 25, "none was tried twice")
        time.sleep(2.2)
        self.assertEqual(len(ledger.seen), executed)


def policy_of(retry):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
        f"  targetRefs: [{{kind: Service, name: backend}}]\n  retry: {{{retry}}}\n"
    )


class Unavailable(grpc.GenericRpcHandler):
    """Fails the first calls, with trailers alone or behind a head; then answers."""

    def __init__(self, failures, with_head):
        self.failures, self.with_head, self.calls = failures, with_head, []

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.call)

    def call(self, message, context):
        self.calls.append(context.time_remaining())
        if len(self.calls) > self.failures:
            return message
        if self.with_head:
            context.send_initial_metadata((("x-first", "begin"),))
        return context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


class Grpc(SidecarTest):
    def call(self, handler, metadata=(("idempotency-key", "17"),), timeout=LIMIT_S):
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
        )
        server.add_generic_rpc_handlers((handler,))
        server_port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]",
            service("backend", server_port, protocol="GRPC")
            + policy_of("grpcStatuses: [UNAVAILABLE]"),
        )
        channel = grpc.insecure_channel(
            f"127.0.0.1:{port}",
            options=[("grpc.default_authority", "backend"), ("grpc.enable_retries", 0)],
        )
        self.addCleanup(channel.close)
        return channel.unary_unary("/test.Echo/Call")(b"hello", metadata=metadata, timeout=timeout)

    def test_unavailable_in_trailers_alone_is_repeated(self):
        handler = Unavailable(2, with_head=False)
        self.assertEqual(self.call(handler), b"hello")
        self.assertEqual(len(handler.calls), 3)

    def test_unavailable_in_trailers_behind_a_head_is_repeated(self):
        handler = Unavailable(1, with_head=True)
        try:
            self.assertEqual(self.call(handler), b"hello")
        except grpc.RpcError as error:  # The head came well before the trailers, and went on.
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            self.skipTest("this server was slow")
        self.assertEqual(len(handler.calls), 2)

    def test_a_call_without_a_key_is_executed_once(self):
        handler = Unavailable(1, with_head=False)
        with self.assertRaises(grpc.RpcError) as caught:
            self.call(handler, metadata=())
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(len(handler.calls), 1)

    def test_the_deadline_shrinks_from_attempt_to_attempt(self):
        handler = Unavailable(2, with_head=False)
        self.call(handler, timeout=LIMIT_S)
        self.assertEqual(len(handler.calls), 3)
        self.assertLess(handler.calls[0], LIMIT_S + 0.11)  # gRPC rounds up to tenths.
        self.assertEqual(handler.calls, sorted(handler.calls, reverse=True))


if __name__ == "__main__":
    unittest.main()
