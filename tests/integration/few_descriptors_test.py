"""A sidecar that may open few files, and far more clients than it can hold."""

import collections
import resource
import subprocess
import threading
import time
import unittest
from unittest import mock

from http2_test import H2Client
from resilience_support import OK, ResilienceTest, request
from support import LIMIT_S, Client, read_request, until

FEW = 256
MOST = (FEW - 80) // 2  # Clients that one worker takes then.
CLIENTS = 1000


def answers(client):
    while True:
        read_request(client)
        client.send(OK)


class FewDescriptors(ResilienceTest):
    def before(self, *handles, **options):
        """As ever, but that this sidecar may have so few files open."""
        begin = subprocess.Popen

        def limited(*arguments, **more):
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
            return begin(*arguments, preexec_fn=limit, **more)

        with mock.patch("support.subprocess.Popen", limited):
            return super().before(*handles, more="workers: 1", **options)

    def crowd(self):
        """So many clients, and those of them that were taken."""
        clients = [Client(self.port) for _ in range(CLIENTS)]
        for client in clients:
            self.addCleanup(client.close)
        refused = lambda: self.running.metric("skiff_client_connections_refused_total")
        until(lambda: refused() == CLIENTS - MOST, "the others are refused")
        return clients, [client for client in clients if not client.is_closed(0)]

    def cpu_ticks(self):
        with open(f"/proc/{self.running.process.pid}/stat", encoding="ascii") as f:
            user, system = f.read().rsplit(")", 1)[1].split()[11:13]
        return int(user) + int(system)

    def test_a_crowd_is_turned_away_and_the_others_are_served(self):
        self.before(answers)
        self.assert_logged(self.running, f"limits.connections: {MOST} instead of 10000")
        clients, taken = self.crowd()
        self.assertEqual(len(taken), MOST)
        for client in taken:
            client.send(request())
        for client in taken:
            self.assertEqual(client.answer()[0], 200)
        self.assertEqual(self.running.get("/ready")[0], 200)
        self.assertLess(self.running.metric("process_open_fds"), FEW)
        before = self.cpu_ticks()
        time.sleep(0.5)
        self.assertLess(self.cpu_ticks() - before, 10, "in hundredths of a second")
        for client in clients:
            client.close()
        until(lambda: self.running.metric("skiff_client_connections") == 0, "all have gone")
        for _ in range(10):
            self.assertEqual(self.ask()[0], 200)
        self.assert_metric(self.running, 0, "skiff_requests_total", reason="connect_failed")

    def test_backends_do_not_take_the_last_either(self):
        """Streams of one connection need one each; who gets none is refused, and nobody blamed."""
        text = "outlierEjection: {consecutiveFailures: 1}\ncircuitBreaker: {consecutiveFailures: 1}"
        held, go = [], threading.Event()
        self.addCleanup(go.set)

        def holds(client):
            while True:
                held.append(read_request(client))
                go.wait(LIMIT_S)
                client.send(OK)

        self.before(holds, text=text, listens="HTTP2")
        client = H2Client(self.port)
        self.addCleanup(client.socket.close)
        for i in range(FEW):
            client.send(client.head(2 * i + 1))
        refused = lambda: self.running.metric("skiff_requests_total", reason="overload")
        until(lambda: len(held) + refused() == FEW, "each waits or is refused")
        self.assertGreater(refused(), 0)
        self.assertEqual(self.running.get("/ready")[0], 200)
        self.assertEqual(self.running.metric("skiff_circuit_breaker_state", state="open"), 0)
        self.assertEqual(self.running.metric("skiff_outlier_ejected"), 0)
        self.assert_metric(self.running, 0, "skiff_requests_total", reason="connect_failed")
        go.set()
        heads = [client.answer(2 * i + 1)[0] for i in range(FEW)]
        got = collections.Counter((head[":status"], head.get("x-skiff-reason")) for head in heads)
        self.assertEqual(got, {("200", None): len(held), ("503", "overload"): refused()})
        client.send(client.head(2 * FEW + 1))
        self.assertEqual(client.answer(2 * FEW + 1)[0][":status"], "200")


if __name__ == "__main__":
    unittest.main()
