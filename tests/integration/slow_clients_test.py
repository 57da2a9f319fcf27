"""Many clients that are slow on purpose: each is cut at its limit, and the others are served."""

import socket
import unittest

from resilience_support import OK, ResilienceTest, request
from support import SANITIZER, Client, read_request, until

SLOW = 500
KIB_EACH = 16
KIB_UNREAD = (
    256  # What was read for a client that does not take it is kept; it is one read at most.
)
LIMITS = "timeouts: {requestHeaders: 1s, streamIdle: 2s, connectionIdle: 2s}"
STALLS = "retry: {attempts: 0}\ntimeouts: {streamIdle: 2s}"
LONG = bytes(8 << 20)


def answers(client):
    while True:
        path = read_request(client)[0].split(" ")[1]
        if path == "/long":
            client.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(LONG)}\r\n\r\n")
            client.send(LONG)
        else:
            client.send(OK)


class SlowClients(ResilienceTest):
    def crowd(self, message, count=SLOW, kib_each=KIB_EACH):
        """So many clients that send this and no more; the others are served meanwhile."""
        self.before(answers, text=STALLS, more=LIMITS)
        self.assertEqual(self.ask()[0], 200)
        before = self.running.resident_kib()
        clients = []
        for _ in range(count):
            client = Client(self.port)
            self.addCleanup(client.close)
            # Small, so that the kernel's buffers do not take a long answer for it.
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            clients.append(client.send(message))
        good = self.client()
        for _ in range(100):
            self.assertEqual(good.send(request()).answer()[0], 200)
        if not SANITIZER:
            grown = self.running.resident_kib() - before
            self.assertLess(grown, kib_each * count, "KiB more than before")
        return clients

    def all_have_gone(self):
        open_ones = lambda: self.running.metric("skiff_client_connections")
        until(lambda: open_ones() == 0, "all are cut")
        self.assertEqual(self.ask()[0], 200)
        self.is_over()

    def test_heads_that_do_not_end(self):
        clients = self.crowd("GET / HTTP/1.1\r\nHost: back")
        self.assertEqual({client.answer()[0] for client in clients}, {408})
        self.all_have_gone()

    def test_bodies_that_do_not_end(self):
        head = "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 100\r\n\r\nabc"
        clients = self.crowd(head)
        self.assertEqual({client.answer()[0] for client in clients}, {504})
        self.all_have_gone()

    def test_answers_that_are_not_read(self):
        self.crowd(request(path="/long"), 20, KIB_UNREAD)
        self.all_have_gone()
        self.says_why("timeout_stream_idle", 20)


if __name__ == "__main__":
    unittest.main()
