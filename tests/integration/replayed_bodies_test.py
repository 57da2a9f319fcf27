"""Bodies of requests whose first attempt fails: they come again byte for byte, or not at all."""

import hashlib
import random
import threading
import unittest

from http2_test import POST, H2Client
from resilience_support import KEY, OK, ResilienceTest, reason, request, reset
from support import LIMIT_S, free_port, read_request, until

KEPT = 64 << 10  # Bytes of a body that are kept for another attempt.
ANYTHING = "retry: {conditions: [SERVER_ERROR, RESET]}"
NO = b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"


def some_bytes(size):
    return random.Random(size).randbytes(size)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def chunked(data, size=9999):
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


class Digests:
    """Fails its first requests, when they are whole, and keeps the digest of each body."""

    def __init__(self, failures, fail=lambda client: client.send(NO)):
        self.failures, self.fail = failures, fail
        self.seen = []

    def __call__(self, client):
        while True:
            self.seen.append(digest(read_request(client)[2]))
            self.fail(client) if len(self.seen) <= self.failures else client.send(OK)


class AtTheLimit(ResilienceTest):
    """One byte below it, at it, and one above it; the first attempt has the body in any case."""

    def check(self, send):
        for size in (KEPT - 1, KEPT, KEPT + 1):
            for fail in (lambda client: client.send(NO), reset):
                with self.subTest(size=size, resets=fail is reset):
                    digests = Digests(1, fail)
                    self.before(digests, text=ANYTHING)
                    body = some_bytes(size)
                    again = size <= KEPT
                    failed = 502 if fail is reset else 503
                    self.assertEqual(send(body), 200 if again else failed)
                    self.assertEqual(digests.seen, [digest(body)] * (2 if again else 1))

    def test_with_a_length(self):
        self.check(lambda body: self.ask(request("PUT", body))[0])

    def test_in_chunks(self):
        head = "PUT / HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.check(lambda body: self.ask(head.encode() + chunked(body))[0])

    def test_a_post_with_a_key(self):
        self.check(lambda body: self.ask(request("POST", body, KEY))[0])


class FromHttp2(ResilienceTest):
    def test_a_body_of_a_stream(self):
        for size, status in ((10_000, "200"), (KEPT - 1, "200"), (KEPT, "200"), (KEPT + 1, "503")):
            with self.subTest(size=size):
                digests = Digests(1)
                self.before(digests, text=ANYTHING, listens="HTTP2")
                body = some_bytes(size)
                client = H2Client(self.port)
                self.addCleanup(client.socket.close)
                until(lambda: client.read() and client.came, "its settings allow more at once")
                client.send(client.head(1, [("idempotency-key", "17")], False, POST))
                for at in range(0, size, 16_000):
                    piece = body[at : at + 16_000]
                    client.send(client.data(1, piece, at + 16_000 >= size))
                self.assertEqual(client.answer(1)[0][":status"], status)
                expected = 2 if status == "200" else 1
                self.assertEqual(digests.seen, [digest(body)] * expected)


class Streaming(ResilienceTest):
    """The attempt fails while the client still sends."""

    def upload(self, first, second, method="PUT", again=True):
        """The first part is sent, the attempt fails, the second part follows: (answer, bodies).

        What follows before the sidecar notices the failure may be more than it can keep. So it is
        sent when there is another attempt, where there is to be one.
        """
        failed, goes_on, bodies = threading.Event(), threading.Event(), []

        def handle(client):
            head = client.read_until(b"\r\n\r\n")
            if not failed.is_set():
                bodies.append(client.read_exactly(len(first)))
                reset(client)
                return failed.set()
            goes_on.set()
            client.pending = head + client.pending
            bodies.append(read_request(client)[2])
            client.send(OK)

        self.before(handle, text=ANYTHING)
        size = len(first) + len(second)
        head = f"{method} / HTTP/1.1\r\nHost: backend\r\nContent-Length: {size}\r\n\r\n"
        client = self.client().send(head.encode() + first)
        self.assertTrue((goes_on if again else failed).wait(LIMIT_S))
        try:
            client.send(second)
        except OSError:
            pass  # It has answered and closed, as it must where there is no second attempt.
        return client.answer(), bodies

    def test_what_is_kept_comes_again_and_the_rest_behind_it(self):
        first, second = some_bytes(20_000), some_bytes(30_000)
        answer, bodies = self.upload(first, second)
        self.assertEqual(answer[0], 200)
        self.assertEqual([digest(b) for b in bodies], [digest(first), digest(first + second)])

    def test_the_rest_may_be_longer_than_what_can_be_kept(self):
        first, second = some_bytes(20_000), some_bytes(1_000_000)
        answer, bodies = self.upload(first, second)
        self.assertEqual(answer[0], 200)
        self.assertEqual([digest(b) for b in bodies], [digest(first), digest(first + second)])

    def test_what_is_not_kept_does_not_come_again(self):
        first, second = some_bytes(KEPT + 1), some_bytes(10)
        answer, bodies = self.upload(first, second, again=False)
        self.assertEqual(reason(answer), (502, "upstream_reset"))
        self.assertEqual([digest(b) for b in bodies], [digest(first)])

    def test_a_post_does_not_come_again(self):
        first, second = some_bytes(1000), some_bytes(10)
        answer, bodies = self.upload(first, second, method="POST", again=False)
        self.assertEqual(reason(answer), (502, "upstream_reset"))
        self.assertEqual(len(bodies), 1)


class NobodyListens(ResilienceTest):
    """Nothing was sent, so all may go elsewhere, of any length and whatever the method."""

    def test_it_goes_to_who_does(self):
        for size in (10, KEPT + 1, 1_000_000):
            digests = Digests(0)
            good = self.backend(digests)
            self.before_ports(
                free_port(),
                good.port,
                text="loadBalancing: {algorithm: ROUND_ROBIN}",
                more="workers: 1",
            )
            body = some_bytes(size)
            for _ in range(4):
                self.assertEqual(self.ask(request("POST", body))[0], 200)
            self.assertEqual(digests.seen, [digest(body)] * 4)
            self.assertGreater(self.running.metric("skiff_backend_connections_failed_total"), 0)


if __name__ == "__main__":
    unittest.main()
