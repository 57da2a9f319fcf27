"""One deadline along a chain of sidecars, and what becomes of requests that are too late."""

import threading
import time
import unittest

from support import LIMIT_S, SidecarTest, free_port, read_request, service, until

HOPS = 4


def get(ms=None, path="/"):
    deadline = "" if ms is None else f"x-skiff-deadline-ms: {ms}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: backend\r\n{deadline}\r\n"


class Chain(SidecarTest):
    """Client, four sidecars one behind the other, backend."""

    def chain(self, handle):
        last = self.backend(handle).port
        self.sidecars = []
        for _ in range(HOPS):
            self.port = free_port()
            made = self.sidecar(
                f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
                "accessLog: {mode: all}",
                service("backend", last),
            )
            self.sidecars.insert(0, made)
            last = self.port

    def test_what_is_left_shrinks_from_hop_to_hop(self):
        seen = []

        def handle(client):
            while True:
                seen.append(read_request(client)[1])
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        self.chain(handle)
        self.assertEqual(self.client().send(get(9000)).answer()[0], 200)
        self.assertEqual(self.client().send(get()).answer()[0], 200)
        self.assertEqual(self.client().send(get("soon")).answer()[0], 200)
        left = [int(headers["x-skiff-deadline-ms"]) for headers in seen]
        self.assertLess(left[0], 9000)
        self.assertGreater(left[0], 0)
        for of_ours in left[1:]:
            self.assertLessEqual(of_ours, 15_000)
            self.assertGreater(of_ours, 9000)

    def test_at_its_end_all_give_up(self):
        left = threading.Event()

        def hang(client):
            read_request(client)
            if client.socket.recv(1) == b"":
                left.set()

        self.chain(hang)
        begun = time.monotonic()
        status, headers, _ = self.client().send(get(700)).answer()
        self.assertGreater(time.monotonic() - begun, 0.6)
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_deadline"))
        self.assertTrue(left.wait(LIMIT_S), "the backend's work is cancelled")
        for made in self.sidecars:
            self.assert_metric(made, 0, "skiff_requests_in_flight")

    def test_what_is_too_late_is_not_executed(self):
        executed = []

        def handle(client):
            while True:
                executed.append(read_request(client)[0])
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        self.chain(handle)
        status, headers, _ = self.client().send(get(0)).answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_deadline"))
        self.assertEqual(executed, [])


class Short(SidecarTest):
    def test_less_time_than_half_of_the_route_needed_is_refused_at_once(self):
        executed = []

        def slow(client):
            while True:
                executed.append(read_request(client)[0])
                time.sleep(0.1)
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        made = self.outbound(slow, limits="workers: 1")  # Each has a median of its own.
        clients = [self.client() for _ in range(25)]
        for client in clients:
            client.send(get(10_000))
        self.assertEqual([client.answer()[0] for client in clients], [200] * 25)
        time.sleep(0.15)  # The median is as of at most 100 ms ago.
        status, headers, _ = self.client().send(get(40)).answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "deadline_short"))
        self.assertEqual(len(executed), 25)
        counted = lambda: made.metric("skiff_requests_total", reason="deadline_short") == 1
        until(counted, "the refusal in the metrics")  # Counted as soon as it has left.
        self.assertEqual(self.client().send(get()).answer()[0], 200)


class Outside(SidecarTest):
    def test_a_gateway_believes_nobody(self):
        seen = []

        def handle(client):
            while True:
                seen.append(read_request(client)[1])
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        backend = self.backend(handle)
        port = free_port()
        self.sidecar(
            f"service: edge\ngateway: [{{address: 127.0.0.1, port: {port}, gateway: edge}}]",
            service("backend", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
            "metadata: {name: edge}\nspec:\n"
            "  listeners: [{name: http, port: 80, protocol: HTTP}]\n"
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: all}\nspec:\n"
            "  parentRefs: [{kind: Gateway, name: edge}]\n"
            "  rules: [{backendRefs: [{name: backend, port: 80}]}]\n",
        )
        lies = "x-skiff-deadline-ms: 0\r\nx-skiff-attempt: 7\r\nx-skiff-criticality: critical\r\n"
        client = self.client(port)
        client.send(f"GET / HTTP/1.1\r\nHost: backend\r\n{lies}\r\n")
        self.assertEqual(client.answer()[0], 200)
        self.assertGreater(int(seen[0]["x-skiff-deadline-ms"]), 9000)
        self.assertNotIn("x-skiff-attempt", seen[0])
        self.assertNotIn("x-skiff-criticality", seen[0])


if __name__ == "__main__":
    unittest.main()
