"""Endpoints that come and go, and weights that change, while requests flow."""

import collections
import threading
import unittest

from resilience_support import OK, ResilienceTest, request
from support import SidecarTest, free_port, indent, read_request, saying, service, until

CHANGES = 20
IN_FLIGHT = 50


class Counted:
    """Answers, at /held when it is let go; counts its requests."""

    def __init__(self):
        self.asked = 0
        self.go = threading.Event()

    def __call__(self, client):
        while True:
            path = read_request(client)[0].split(" ")[1]
            self.asked += 1
            if path == "/held":
                self.go.wait()
            client.send(OK)


class ComeAndGo(ResilienceTest):
    def setUp(self):
        self.stays, self.goes = Counted(), Counted()
        self.addCleanup(self.goes.go.set)
        self.before(self.stays, self.goes, text="loadBalancing: {algorithm: ROUND_ROBIN}")
        self.stop, self.statuses = threading.Event(), collections.Counter()

    def change_to(self, *backends):
        """Every worker has taken it when the page of endpoints shows it."""
        self.running.write_policies(service("backend", *(b.port for b in backends)))

        def taken():
            page = self.running.get("/endpoints")[1]
            return all((f'127.0.0.1:{b.port}"' in page) == (b in backends) for b in self.backends)

        until(taken, "the change is live")

    def ask_on(self):
        client = self.client()
        while not self.stop.is_set():
            self.statuses[client.send(request()).answer()[0]] += 1

    def test_one_that_is_gone_is_asked_no_more_and_nobody_notices(self):
        callers = [threading.Thread(target=self.ask_on) for _ in range(3)]
        for caller in callers:
            caller.start()
        self.addCleanup(self.stop.set)
        for _ in range(CHANGES):
            self.change_to(self.backends[0])
            asked, others = self.goes.asked, self.stays.asked
            until(lambda: self.stays.asked > others + 10, "requests go on")
            # What was chosen before the change was shown may have been on its way.
            self.assertLessEqual(self.goes.asked, asked + len(callers))
            before = self.goes.asked
            until(lambda: self.stays.asked > others + 30, "requests go on")
            self.assertEqual(self.goes.asked, before)
            self.change_to(*self.backends)
            until(lambda: self.goes.asked > before, "it is used again")
        self.stop.set()
        for caller in callers:
            caller.join()
        self.assertEqual(set(self.statuses), {200})

    def test_what_is_in_flight_there_ends_well(self):
        clients = []
        while self.goes.asked < IN_FLIGHT:
            clients.append(self.client().send(request(path="/held")))
            until(
                lambda: self.goes.asked + self.stays.asked == len(clients),
                "it has come to an endpoint",
            )
        self.stays.go.set()
        self.change_to(self.backends[0])
        for _ in range(20):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.goes.asked, IN_FLIGHT)
        self.change_to(*self.backends)  # The same address is another endpoint now.
        until(lambda: self.ask()[0] == 200 and self.goes.asked > IN_FLIGHT, "it is used again")
        self.goes.go.set()
        self.assertEqual({client.answer()[0] for client in clients}, {200})
        self.is_over()


ROUTE = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: split}
spec:
  parentRefs: [{kind: Service, name: backend}]
"""


class Weights(SidecarTest):
    """Of a route's backends."""

    def text(self, one, two):
        refs = f"{{name: one, port: 80, weight: {one}}}, {{name: two, port: 80, weight: {two}}}"
        return self.services + ROUTE + indent(f"rules: [{{backendRefs: [{refs}]}}]", 2)

    def setUp(self):
        names = [self.backend(saying(name)).port for name in ("one", "two")]
        self.services = service("backend", names[0]) + "".join(
            service(name, port) for name, port in zip(("one", "two"), names)
        )
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            self.text(1, 1),
        )

    def change(self, one, two, to="config_generation"):
        """Waits until it is taken, or refused."""
        count = lambda: self.running.metric(f"skiff_{to}")
        before = count()
        self.running.write_policies(self.text(one, two))
        until(lambda: count() > before, "it is decided")

    def shares(self, count):
        client = self.client()
        got = [client.send(request()).answer() for _ in range(count)]
        self.assertEqual({status for status, _, _ in got}, {200})
        return collections.Counter(body.decode() for _, _, body in got)

    def test_zero_is_nothing_and_each_change_counts(self):
        for _ in range(5):
            self.change(0, 1)
            until(lambda: self.shares(1)["two"], "the change is live")
            self.assertEqual(self.shares(50), {"two": 50})
            self.change(1_000_000, 0)
            until(lambda: self.shares(1)["one"], "the change is live")
            self.assertEqual(self.shares(50), {"one": 50})
        self.change(300_000, 100_000)
        until(lambda: self.shares(1)["two"], "the change is live")
        # Binomial: sigma is 8.7; six of them happen once in 5e8 runs.
        self.assertLess(abs(self.shares(400)["one"] - 300), 53)

    def test_what_means_nothing_is_refused_and_changes_nothing(self):
        self.change(0, 1)
        until(lambda: self.shares(1)["two"], "the change is live")
        for one, two in ((0, 0), (2**32 - 1, 1), (1_000_001, 1), (-1, 1)):
            self.change(one, two, "config_reloads_total")
            self.assertEqual(self.shares(20), {"two": 20})
        self.assertEqual(self.running.metric("skiff_config_reloads_total", result="refused"), 4)
        self.assert_logged(self.running, "weight")


if __name__ == "__main__":
    unittest.main()
