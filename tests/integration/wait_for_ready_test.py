"""Requests that wait for an endpoint that accepts their connection, and those that do not."""

import signal
import subprocess
import threading
import time
import unittest

import grpc
from grpc_support import GrpcEchoTest
from mesh_support import MeshTest, mesh_tls
from real_servers import program
from resilience_support import OK, ResilienceTest, policy, reason, request, reset
from support import LIMIT_S, Client, free_port, indent, read_request, service, until

WAITS = "waitForReady: {maxWait: 1m}\n"
LONG = WAITS + "timeouts: {request: 1m}\n"
ONCE = "retry: {attempts: 0}\n"


class Keeping:
    """Answers, and keeps what it was asked."""

    def __init__(self):
        self.bodies = []

    def __call__(self, client):
        while True:
            self.bodies.append(read_request(client)[2])
            client.send(OK)


def once(client):
    """Answers one request and keeps no connection."""
    read_request(client)
    client.send(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))


class Waits(ResilienceTest):
    def before_nobody(self, text, endpoints=1, **options):
        """A sidecar before ports on which nobody listens yet."""
        self.ports = [free_port() for _ in range(endpoints)]
        self.keeping = Keeping()
        return self.before_ports(*self.ports, text=text, **options)

    def start(self, port=None):
        return self.backend(self.keeping, port or self.ports[0])

    def waiting(self, count):
        until(lambda: self.running.metric("skiff_ready_waiting") == count, f"{count} wait")

    def send(self, body=b"x"):
        return self.client().send(request("POST", body))

    def test_the_restart_of_the_only_endpoint_costs_nothing(self):
        self.before_nobody(LONG, more="workers: 1")
        first = self.backend(once, self.ports[0])
        self.assertEqual(self.send(b"0").answer()[0], 200)
        first.stop()
        sent = [self.send(b"%d" % i) for i in range(1, 21)]
        self.waiting(20)
        self.start()
        for each in sent:
            self.assertEqual(each.answer()[0], 200)
        self.assertEqual(sorted(self.keeping.bodies), sorted(b"%d" % i for i in range(1, 21)))
        self.assert_metric(
            self.running, 20, "skiff_ready_waits_total", destination="backend.default"
        )
        self.assert_metric(self.running, 0, "skiff_ready_waits_in_vain_total")
        self.assert_metric(self.running, 0, "skiff_retry_budget_refused_total")
        who = "wait_for_ready of backend.default"
        self.assert_logged(
            self.running, f"{who}: ready -> waiting: none of 1 endpoints accepts a connection"
        )
        self.assert_logged(self.running, f"{who}: waiting -> ready: an endpoint accepts")
        self.assert_metric(
            self.running, 1, "skiff_policy_transitions_total", policy="wait_for_ready", to="ready"
        )

    def test_one_of_three_that_is_back_is_enough(self):
        self.before_nobody(LONG + ONCE, endpoints=3)
        sent = [self.send() for _ in range(12)]
        self.waiting(12)
        self.start(self.ports[1])
        for each in sent:
            self.assertEqual(each.answer()[0], 200)
        self.assertEqual(len(self.keeping.bodies), 12)

    def test_when_its_time_is_over_it_fails_as_at_first(self):
        self.before_nobody("waitForReady: {maxWait: 300ms}\n" + ONCE)
        began = time.monotonic()
        self.assertEqual(reason(self.send().answer()), (503, "connect_failed"))
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.assert_metric(self.running, 1, "skiff_ready_waits_in_vain_total")
        self.says_why("connect_failed")

    def test_without_the_policy_it_fails_at_once(self):
        self.before_nobody(ONCE)
        self.assertEqual(reason(self.send().answer()), (503, "connect_failed"))
        self.assertEqual(self.running.metric("skiff_ready_waits_total"), 0)

    def test_the_deadline_ends_the_wait(self):
        self.before_nobody(WAITS + "timeouts: {request: 1200ms}")
        self.assertEqual(reason(self.send().answer()), (504, "timeout_request"))

    def test_a_long_body_waits_too(self):
        self.before_nobody(LONG)
        body = bytes(range(256)) * 4096  # 1 MiB: much more than is kept for another attempt.
        client = self.client()
        sending = threading.Thread(target=client.send, args=(request("POST", body),), daemon=True)
        sending.start()
        self.waiting(1)
        self.start()
        self.assertEqual(client.answer()[0], 200)
        sending.join()
        self.assertEqual(self.keeping.bodies, [body])

    def test_a_client_that_leaves_is_not_executed_later(self):
        self.before_nobody(LONG, more="workers: 1")
        leaves, stays = self.send(b"leaves"), self.send(b"stays")
        self.waiting(2)
        reset(leaves)
        self.waiting(1)
        self.start()
        self.assertEqual(stays.answer()[0], 200)
        self.assertEqual(self.keeping.bodies, [b"stays"])
        self.says_why("client_gone")

    def test_there_are_so_many_places_and_no_more(self):
        self.before_nobody("waitForReady: {maxWait: 1m, maxWaiting: 2}", more="workers: 1")
        kept = [self.send(), self.send()]
        self.waiting(2)
        self.assertEqual(reason(self.send().answer()), (503, "connect_failed"))
        self.assert_metric(self.running, 1, "skiff_ready_waits_full_total")
        self.start()
        for each in kept:
            self.assertEqual(each.answer()[0], 200)

    def test_an_endpoint_that_comes_by_the_policies_is_used(self):
        running = self.before_nobody(LONG, endpoints=0)
        sent = [self.send() for _ in range(5)]
        self.waiting(5)
        backend = self.backend(self.keeping)
        running.write_policies(service("backend", backend.port) + policy(LONG))
        for each in sent:
            self.assertEqual(each.answer()[0], 200)
        self.assertEqual(len(self.keeping.bodies), 5)

    def test_who_waits_is_not_dropped_where_the_policy_goes(self):
        running = self.before_nobody(LONG)
        sent = self.send()
        self.waiting(1)
        running.write_policies(service("backend", *self.ports) + policy(ONCE))
        until(lambda: running.metric("skiff_config_generation") == 2, "the policy is off")
        self.assertEqual(reason(self.send().answer()), (503, "connect_failed"))
        self.start()
        self.assertEqual(sent.answer()[0], 200)

    def test_a_breaker_that_is_open_for_long_lets_nobody_wait(self):
        self.before_nobody(
            f"{LONG}{ONCE}circuitBreaker: {{consecutiveFailures: 5, waitDurationInOpenState: 1h, "
            "maxWaitDurationInOpenState: 1h}",
            more="workers: 1",
        )
        sent = [self.send() for _ in range(10)]
        answers = [reason(each.answer()) for each in sent]
        self.assertEqual(answers, [(503, "circuit_open")] * 10)

    def test_a_breaker_that_tries_again_soon_is_waited_for(self):
        self.before_nobody(
            f"{LONG}{ONCE}circuitBreaker: {{consecutiveFailures: 2, waitDurationInOpenState: 1ms, "
            "maxWaitDurationInOpenState: 1ms, permittedNumberOfCallsInHalfOpenState: 1}",
            more="workers: 1",
        )
        sent = [self.send() for _ in range(10)]
        until(
            lambda: self.running.metric("skiff_policy_transitions_total", to="half_open") > 3,
            "it tries again",
        )
        self.backend(self.takes_its_time, self.ports[0])
        for each in sent:
            self.assertEqual(each.answer()[0], 200)
        self.assertEqual(len(self.keeping.bodies), 10)

    def takes_its_time(self, client):
        """Its breaker closes when the body of the first answer is over, long after its head."""
        while True:
            self.keeping.bodies.append(read_request(client)[2])
            client.send(OK[:-2])
            time.sleep(0.05)
            client.send(OK[-2:])

    def test_a_drain_lets_them_have_their_time(self):
        running = self.before_nobody(LONG)
        sent = self.send()
        self.waiting(1)
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "drain" in running.logged(), "it drains")
        self.start()
        self.assertEqual(sent.answer()[0], 200)

    def test_a_connection_of_bytes_waits_too(self):
        def reverses(client):
            client.send(client.read_exactly(5)[::-1])

        self.before_nobody(LONG, protocol="TCP", listens="TCP")
        client = self.client().send(b"hello")
        self.waiting(1)
        self.backend(reverses, self.ports[0])
        self.assertEqual(client.read_exactly(5), b"olleh")

    def test_http2_waits_too(self):
        self.before_nobody(LONG, listens="HTTP2", more="workers: 1")
        command = [program("curl"), "-s", "-m", "60", "--http2-prior-knowledge"]
        url = f"http://127.0.0.1:{self.port}/"
        asking = [
            subprocess.Popen([*command, "-d", str(i), url], stdout=subprocess.PIPE)
            for i in range(5)
        ]
        for each in asking:
            self.addCleanup(each.wait)
            self.addCleanup(each.kill)
        self.waiting(5)
        self.start()
        for each in asking:
            self.assertEqual(each.communicate(timeout=LIMIT_S)[0], b"ok")
        self.assertEqual(sorted(self.keeping.bodies), [b"%d" % i for i in range(5)])


class WaitsOfGrpc(GrpcEchoTest):
    def test_a_call_waits_for_the_sidecar_of_its_service(self):
        behind = free_port()
        port = self.caller(
            behind,
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
            f"  targetRefs: [{{kind: Service, name: product}}]\n{indent(LONG, 2)}\n",
        )
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/shop.Echo/Say").future(b"hello", timeout=LIMIT_S)
            until(lambda: self.calling.metric("skiff_ready_waiting") == 1, "it waits")
            self.sidecar(
                f"service: product\ninbound:\n  - {{address: 127.0.0.1, port: {behind}, protocol: "
                f'GRPC, application: "127.0.0.1:{self.server_port}"}}',
                service("product", behind),
            )
            self.assertEqual(call.result(), b"hello")
        self.assertEqual(len(self.seen), 1)


class WaitsInTheMesh(MeshTest):
    def test_the_restart_of_an_application_is_bridged_by_its_sidecar(self):
        self.certs = self.authority("order", "product")
        port = free_port()
        callee = self.callee(
            port,
            policies=mesh_tls("strict")
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
            + "metadata: {name: p, namespace: shop}\n"
            + f"spec:\n  targetRefs: [{{kind: Service, name: product}}]\n{indent(LONG, 2)}\n",
        )
        self.caller()
        keeping = Keeping()
        sent = []
        for i in range(8):
            client = Client(self.port)
            self.addCleanup(client.close)
            sent.append(client.send(request("POST", b"%d" % i).replace(b"backend", b"product")))
        until(lambda: callee.metric("skiff_ready_waiting") == 8, "all wait beside the application")
        self.backend(keeping, port)
        for each in sent:
            self.assertEqual(each.answer()[0], 200)
        self.assertEqual(sorted(keeping.bodies), [b"%d" % i for i in range(8)])


if __name__ == "__main__":
    unittest.main()
