"""Bulkheads: never more in flight than the limit, whoever ends a request and however it ends."""

import asyncio
import collections
import threading
import time
import unittest

from mesh_support import MeshTest
from resilience_support import reset
from support import SidecarTest, free_port, indent, read_request, service, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CALLERS = 1000


def get(path="/", fields=""):
    return f"GET {path} HTTP/1.1\r\nHost: backend\r\n{fields}\r\n"


class Gate:
    """A backend that answers nothing until it is opened, and counts what it has at a time."""

    def __init__(self):
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.now = self.most = self.served = 0
        self.seen = []

    def __call__(self, client):
        while True:
            first, headers, _, _ = read_request(client)
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
                self.seen.append((first.split(" ")[1], headers))
            self.open.wait()
            with self.lock:  # Before the answer, after which the next may come.
                self.now -= 1
                self.served += 1
            client.send(OK)


def policy(text, name="backend", namespace="default"):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
        f"metadata: {{name: p, namespace: {namespace}}}\n"
        f"spec:\n  targetRefs: [{{kind: Service, name: {name}}}]\n" + indent(text, 2) + "\n"
    )


class BulkheadTest(SidecarTest):
    def behind(self, text, *, backends=1):
        """Two workers in front of backends that are held, with this policy."""
        self.gate = Gate()
        self.addCleanup(self.gate.open.set)
        self.running = self.outbound(self.gate, policy=text, limits="workers: 2", backends=backends)
        return self.running

    def figure(self, name, **labels):
        return self.running.metric(f"skiff_bulkhead_{name}", **labels)

    def until_figures(self, in_use, queued):
        until(
            lambda: (self.figure("in_use"), self.figure("queued")) == (in_use, queued),
            f"{in_use} in use and {queued} queued",
        )

    def refused(self, client, reason):
        status, headers, _ = client.answer()
        self.assertEqual((status, headers.get("x-skiff-reason")), (503, reason))
        self.assertEqual(headers["retry-after"], "1")

    def served(self, client):
        self.assertEqual(client.answer()[0], 200)

    def sent(self, path="/", fields=""):
        return self.client().send(get(path, fields))


class Limits(BulkheadTest):
    def test_of_a_thousand_callers_ten_at_a_time_get_through(self):
        self.behind("bulkhead: {target: {maxConcurrent: 10, maxQueue: 20, maxWait: 1m}}")
        reasons = collections.Counter()
        waits = []

        async def call():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            begin = time.monotonic()
            writer.write(get().encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status = int(head.split(" ")[1])
            reason = "bulkhead_full" if "x-skiff-reason: bulkhead_full\r\n" in head else ""
            reasons[(status, reason)] += 1
            if status == 503:
                waits.append(time.monotonic() - begin)
            writer.close()

        def all_call():
            async def together():
                await asyncio.gather(*(call() for _ in range(CALLERS)))

            asyncio.run(together())

        caller = threading.Thread(target=all_call)
        caller.start()
        until(lambda: len(waits) == CALLERS - 30, "all but thirty are refused")
        self.assertEqual(self.figure("in_use", scope="target"), 10)
        self.assertEqual(self.figure("queued", scope="target"), 20)
        self.assertEqual(self.figure("limit", subject="backend.default"), 10)
        until(lambda: self.gate.now == 10, "the backend has read them")
        self.gate.open.set()
        caller.join()
        self.assertEqual(reasons, {(200, ""): 30, (503, "bulkhead_full"): CALLERS - 30})
        self.assertEqual((self.gate.most, self.gate.served), (10, 30))
        self.until_figures(0, 0)
        median = sorted(waits)[len(waits) // 2] * 1000
        print(f"refused after {median:.1f} ms in the median, {max(waits) * 1000:.1f} at most")

    def test_the_backend_never_sees_more_while_callers_come_and_go(self):
        self.behind("bulkhead: {target: {maxConcurrent: 10, maxQueue: 1000, maxWait: 1m}}")
        self.gate.open.set()

        def call():
            client = self.client()
            for _ in range(50):
                client.send(get())
                self.served(client)

        threads = [threading.Thread(target=call) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.gate.served, 2000)
        self.assertLessEqual(self.gate.most, 10)
        self.until_figures(0, 0)

    def test_who_waits_too_long_is_refused(self):
        self.behind("bulkhead: {target: {maxConcurrent: 1, maxWait: 50ms}}")
        first = self.sent()
        self.until_figures(1, 0)
        self.refused(self.sent(), "bulkhead_timeout")
        self.gate.open.set()
        self.served(first)
        self.until_figures(0, 0)

    def test_a_change_of_the_policy_wakes_who_waits_and_lets_the_rest_drain(self):
        sidecar = self.behind("bulkhead: {target: {maxConcurrent: 1, maxWait: 1m}}")
        clients = [self.sent() for _ in range(3)]
        self.until_figures(1, 2)
        to = service("backend", *(b.port for b in self.backends))
        limit = "bulkhead: {{target: {{maxConcurrent: {}, maxWait: 1m}}}}"
        sidecar.write_policies(to + policy(limit.format(3)))
        self.until_figures(3, 0)
        sidecar.write_policies(to + policy(limit.format(1)))
        until(lambda: self.figure("limit") == 1, "the change is live")
        clients.append(self.sent())
        self.until_figures(3, 1)
        self.gate.open.set()
        for client in clients:
            self.served(client)
        self.until_figures(0, 0)

    def test_says_in_the_log_when_it_is_full(self):
        sidecar = self.behind("bulkhead: {target: {maxConcurrent: 1, maxQueue: 0}}")
        first = self.sent()
        self.until_figures(1, 0)
        self.refused(self.sent(), "bulkhead_full")
        self.refused(self.sent(), "bulkhead_full")
        line = "bulkhead of backend.default: room -> full: 1 in flight of at most 1, 0 wait"
        self.assert_logged(sidecar, line)
        self.assertEqual(sidecar.logged().count(line), 1)
        self.gate.open.set()
        self.served(first)

    def test_an_adaptive_limit_says_what_it_is(self):
        self.behind("bulkhead: {target: {maxConcurrent: 100, adaptive: {minConcurrent: 8}}}")
        self.gate.open.set()
        self.served(self.sent())
        self.assertEqual(self.figure("limit"), 20)


class Exits(BulkheadTest):
    """However a request ends, its slot comes back."""

    LIMIT = "bulkhead: {target: {maxConcurrent: 2, maxQueue: 2, maxWait: 1m}}\n"

    def change_to(self, text, *ports):
        """Other endpoints, with this policy; when it is live in both workers."""
        self.running.write_policies(service("backend", *ports) + policy(text))
        old, new = f'127.0.0.1:{self.backends[0].port}"', f'127.0.0.1:{ports[0]}"'

        def live():
            page = self.running.get("/endpoints")[1]
            return new in page and old not in page

        until(live, "the change is live")

    def test_when_the_client_leaves(self):
        self.behind(self.LIMIT)
        clients = [self.sent() for _ in range(4)]
        self.until_figures(2, 2)
        for client in clients:
            reset(client)
        self.until_figures(0, 0)
        self.gate.open.set()
        self.served(self.sent())

    def test_when_its_time_is_over(self):
        self.behind(self.LIMIT + "timeouts: {request: 300ms, connect: 300ms}")
        clients = [self.sent() for _ in range(4)]
        for client in clients:
            status, headers, _ = client.answer()
            self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_request"))
        self.until_figures(0, 0)

    def test_when_the_backend_breaks_off(self):
        self.behind(self.LIMIT)

        def breaks(client):
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

        broken = self.backend(breaks)
        self.change_to(self.LIMIT, broken.port)
        for _ in range(6):
            with self.assertRaises((EOFError, ConnectionResetError)):
                self.sent().answer()
        self.until_figures(0, 0)

    def test_when_each_attempt_takes_too_long(self):
        self.behind(
            self.LIMIT + "timeouts: {perTry: 300ms}\nretry: {conditions: [PER_TRY_TIMEOUT]}"
        )
        for _ in range(3):
            status, headers, _ = self.sent().answer()
            self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_per_try"))
        self.assertEqual(len(self.gate.seen), 9)
        self.until_figures(0, 0)

    def test_when_another_attempt_was_faster(self):
        slow, fast = Gate(), Gate()
        self.addCleanup(slow.open.set)
        fast.open.set()
        backends = [self.backend(slow), self.backend(fast)]
        slow.open.set()
        self.behind(self.LIMIT)
        text = "retry: {hedging: {least: 20ms}}\nloadBalancing: {algorithm: ROUND_ROBIN}"
        self.change_to(self.LIMIT + text, *(made.port for made in backends))
        while min(slow.served, fast.served) < 40:  # Whose times are known, in both workers.
            self.served(self.sent())
        slow.open.clear()
        for _ in range(20):
            self.served(self.sent())
        self.assertGreater(self.running.metric("skiff_hedged_attempts_won_total"), 0)
        self.until_figures(0, 0)

    def test_when_nobody_listens(self):
        self.behind(self.LIMIT)
        self.change_to(self.LIMIT, free_port())
        for _ in range(6):
            self.refused(self.sent(), "connect_failed")
        self.until_figures(0, 0)

    def test_when_the_sidecar_stops(self):
        sidecar = self.behind(self.LIMIT)
        for _ in range(4):
            self.sent()
        self.until_figures(2, 2)
        sidecar.process.terminate()
        self.gate.open.set()
        self.assertEqual(sidecar.process.wait(60), 0)


class Criticality(BulkheadTest):
    def test_what_matters_more_is_served_while_what_matters_less_is_shed(self):
        self.behind("bulkhead: {target: {maxConcurrent: 1, maxQueue: 2, maxWait: 1m}}")
        first = self.sent("/first")
        self.until_figures(1, 0)
        sheddable = self.sent("/sheddable", "x-skiff-criticality: sheddable\r\n")
        self.until_figures(1, 1)
        normal = self.sent("/normal")
        self.until_figures(1, 2)
        critical = self.sent("/critical", "X-Skiff-Criticality: critical\r\n")
        self.refused(sheddable, "bulkhead_full")
        self.refused(self.sent("/late", "x-skiff-criticality: sheddable\r\n"), "bulkhead_full")
        self.gate.open.set()
        for client in (first, critical, normal):
            self.served(client)
        self.assertEqual([path for path, _ in self.gate.seen], ["/first", "/critical", "/normal"])

    def test_is_sent_along(self):
        self.behind("criticality: SHEDDABLE")
        self.gate.open.set()
        self.served(self.sent())
        self.served(self.sent("/", "x-skiff-criticality: critical\r\n"))
        self.served(self.sent("/", "x-skiff-criticality: nonsense\r\n"))
        said = [headers.get("x-skiff-criticality") for _, headers in self.gate.seen]
        self.assertEqual(said, ["sheddable", "critical", "sheddable"])

    def test_is_not_believed_from_outside(self):
        gate = Gate()
        gate.open.set()
        port = free_port()
        backend = self.backend(gate)
        self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {port}}}]",
            service("backend", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
            "metadata: {name: edge}\nspec:\n  gatewayClassName: skiff\n"
            f"  listeners: [{{name: http, port: {port}, protocol: HTTP}}]\n"
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: all}\nspec:\n  parentRefs: [{name: edge}]\n"
            "  rules: [{backendRefs: [{name: backend, port: 80}]}]\n",
        )
        client = self.client(port)
        self.served(client.send(get("/", "x-skiff-criticality: critical\r\n")))
        self.assertNotIn("x-skiff-criticality", gate.seen[0][1])


class Endpoints(BulkheadTest):
    def test_one_that_is_full_is_not_chosen_while_another_has_room(self):
        self.behind("bulkhead: {endpoint: {maxConcurrent: 1, maxQueue: 0}}", backends=2)
        clients = [self.sent()]
        self.until_figures(1, 0)
        clients.append(self.sent())  # To either worker, of which one has used neither.
        self.until_figures(2, 0)
        self.assertEqual(self.figure("in_use", scope="endpoint"), 2)
        for backend in self.backends:
            subject = f"backend.default 127.0.0.1:{backend.port}"
            self.assertEqual(self.figure("in_use", subject=subject), 1)
        self.refused(self.sent(), "bulkhead_full")
        self.gate.open.set()
        for client in clients:
            self.served(client)
        self.until_figures(0, 0)


class Callers(MeshTest):
    """Where requests arrive, each identity has its own limit, those without one another."""

    def test_each_identity_has_its_own(self):
        gate = Gate()
        self.addCleanup(gate.open.set)
        self.certs = self.authority("order", "product")
        application = self.backend(gate)
        callee = self.callee(
            application.port,
            tls="permissive",
            more="workers: 2",
            policies=policy(
                "bulkhead: {caller: {maxConcurrent: 1, maxQueue: 0}}", "product", "shop"
            ),
        )
        self.caller()
        in_use = lambda: callee.metric("skiff_bulkhead_in_use", scope="caller")
        first = self.client().send(get())
        until(lambda: in_use() == 1, "order's slot is taken")
        status, headers, _ = self.ask(get())
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "bulkhead_full"))
        plain = self.client(self.inbound).send(get())
        until(lambda: in_use() == 2, "a caller in plain text has its own")
        status, headers, _ = self.ask(get(), self.inbound)
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "bulkhead_full"))
        gate.open.set()
        for client in (first, plain):
            self.assertEqual(client.answer()[0], 200)
        until(lambda: in_use() == 0, "all slots are back")
        self.assertEqual(self.ask(get())[0], 200)


if __name__ == "__main__":
    unittest.main()
