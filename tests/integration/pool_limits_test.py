"""Connections to a backend: who waits for one, how long, in which order, and what is left over."""

import threading
import unittest

from resilience_support import OK, ResilienceTest, reason, request, reset
from support import LIMIT_S, SANITIZER, free_port, read_request

ONE = "retry: {attempts: 0}\nconnectionPool: {maxConnections: 1, "
REFUSED = 2000


class Held:
    """Answers when it is let go, and keeps the order of paths."""

    def __init__(self):
        self.go = threading.Event()
        self.paths = []

    def __call__(self, client):
        while True:
            self.paths.append(read_request(client)[0].split(" ")[1])
            self.go.wait(LIMIT_S)
            client.send(OK)


class Waiting(ResilienceTest):
    def behind(self, limits):
        self.held = Held()
        self.addCleanup(self.held.go.set)
        self.before(self.held, text=ONE + limits + "}", more="workers: 1")

    def waits(self, path, count):
        """A client that waits as one of so many."""
        client = self.client().send(request(path=path))
        self.assert_metric(self.running, count, "skiff_pool_waiting")
        return client

    def test_they_are_served_in_their_order(self):
        self.behind("maxWaiting: 9, maxWait: 1m")
        clients = [self.first()]
        clients += [self.waits(f"/{n}", n) for n in range(1, 10)]
        self.assertEqual(reason(self.ask()), (503, "pool_full"))
        self.held.go.set()
        self.assertEqual([client.answer()[0] for client in clients], [200] * 10)
        self.assertEqual(self.held.paths, [f"/{n}" for n in range(10)])
        self.assertEqual(len(self.backends[0].connections), 1)
        self.assert_metric(self.running, 0, "skiff_pool_waiting")

    def first(self):
        client = self.client().send(request(path="/0"))
        self.assert_metric(self.running, 1, "skiff_requests_in_flight")
        return client

    def test_who_waits_too_long_is_refused(self):
        self.behind("maxWaiting: 9, maxWait: 200ms")
        first = self.first()
        for _ in range(2):
            self.assertEqual(reason(self.ask()), (503, "pool_timeout"))
        self.held.go.set()
        self.assertEqual(first.answer()[0], 200)
        self.assertEqual(self.held.paths, ["/0"])
        self.assertEqual(self.ask()[0], 200)

    def test_who_leaves_lets_the_next_have_its_place(self):
        self.behind("maxWaiting: 9, maxWait: 1m")
        first = self.first()
        second, third = self.waits("/1", 1), self.waits("/2", 2)
        reset(second)
        self.assert_metric(self.running, 1, "skiff_pool_waiting")
        self.held.go.set()
        self.assertEqual((first.answer()[0], third.answer()[0]), (200, 200))
        self.is_over()
        self.assertEqual(self.held.paths, ["/0", "/2"])


class Refused(ResilienceTest):
    def test_connects_that_fail_leave_nothing_behind(self):
        self.before_ports(free_port(), text="retry: {attempts: 0}")
        client = self.client()
        client.send(request()).answer()
        descriptors = lambda: self.running.metric("process_open_fds")
        before, memory = descriptors(), self.running.resident_kib()
        for _ in range(REFUSED):
            self.assertEqual(reason(client.send(request()).answer()), (503, "connect_failed"))
        self.assertEqual(descriptors(), before)
        if not SANITIZER:
            self.assertLess(self.running.resident_kib() - memory, 4096, "KiB more than before")
        self.assert_metric(self.running, 0, "skiff_backend_connections")
        self.assert_metric(self.running, REFUSED + 1, "skiff_backend_connections_failed_total")


if __name__ == "__main__":
    unittest.main()
