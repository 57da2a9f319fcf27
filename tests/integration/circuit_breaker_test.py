"""Circuit breakers: they open on failures and on a total hang, try again, and close."""

import json
import os
import subprocess
import time
import unittest
from concurrent import futures

import grpc
from http2_test import POST, H2Client
from mesh_support import MeshTest
from support import BIN, LIMIT_S, Moody, SidecarTest, free_port, indent, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
RETRY_NOTHING = "retry: {attempts: 0}\n"
QUICK = (
    RETRY_NOTHING + "circuitBreaker: {slidingWindowSize: 10, minimumNumberOfCalls: 4, "
    "waitDurationInOpenState: 500ms, maxWaitDurationInOpenState: 500ms}"
)
LONG = QUICK.replace("500ms", "1m")  # Open until the test is over.
SLOW_S = 2
HANGS = (
    RETRY_NOTHING + "circuitBreaker: {minimumNumberOfCalls: 5, "
    f"slowCallDurationThreshold: {SLOW_S}s, waitDurationInOpenState: 1m}}"
)


def policy(text, name="backend", namespace="default"):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
        f"metadata: {{name: p, namespace: {namespace}}}\n"
        f"spec:\n  targetRefs: [{{kind: Service, name: {name}}}]\n" + indent(text, 2) + "\n"
    )


class BreakerTest(SidecarTest):
    def behind(self, mood, text, limits="workers: 2"):
        self.moody = Moody(mood)
        self.addCleanup(self.moody.over.set)
        self.running = self.outbound(self.moody, policy=text, limits=limits)
        return self.running

    def ask(self, port=None):
        """(status, headers) of a request on a connection of its own."""
        return self.client(port).send(GET).answer()[:2]

    def reason(self, port=None):
        return self.ask(port)[1].get("x-skiff-reason", "")

    def state(self, name):
        return self.running.metric("skiff_circuit_breaker_state", state=name)

    def transitions(self, before, after):
        labels = {"policy": "circuit_breaker", "from": before, "to": after}
        return self.running.metric("skiff_policy_transitions_total", **labels)


class Opens(BreakerTest):
    def test_on_failures_tries_again_and_closes(self):
        self.behind("fails", QUICK)
        for _ in range(4):
            self.assertEqual(self.ask()[0], 500)
        asked = self.moody.asked
        status, headers = self.ask()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "circuit_open"))
        self.assertEqual(headers["retry-after"], "1")
        self.assertEqual(self.moody.asked, asked, "the backend is spared")
        self.assert_metric(self.running, 1, "skiff_requests_total", reason="circuit_open")
        self.assert_logged(
            self.running,
            "circuit_breaker of backend.default: closed -> open: 4 of 4 calls failed (100.0%); "
            "next trial in 5",
        )
        until(lambda: self.reason() != "circuit_open", "a trial is let through")
        until(lambda: self.transitions("half_open", "open") >= 1, "the trial failed")
        self.moody.mood = "well"
        until(lambda: self.ask()[0] == 200, "a trial succeeds")
        until(lambda: self.ask()[0] == 200 and self.state("closed") == 1, "it closes")
        self.assertEqual(self.transitions("half_open", "closed"), 1)
        self.assert_logged(self.running, "half_open -> closed: all trial calls succeeded")

    def test_on_connections_that_break(self):
        self.behind("resets", LONG)
        self.assertEqual([self.reason() for _ in range(5)][-1], "circuit_open")
        self.assertEqual(self.moody.asked, 4)

    def test_when_nobody_listens(self):
        self.behind("well", LONG)
        self.running.write_policies(service("backend", free_port()) + policy(LONG))
        until(lambda: self.reason() == "connect_failed", "the change is live")
        until(lambda: self.reason() == "circuit_open", "it opens")

    def test_on_a_total_hang_within_two_slow_thresholds(self):
        self.behind("hangs", HANGS)
        begin = time.monotonic()
        hanging = [self.client().send(GET) for _ in range(5)]
        until(lambda: self.moody.asked == 5, "all hang")

        def refused():
            client = self.client().send(GET)
            hanging.append(client)
            client.socket.settimeout(0.1)
            try:
                return client.answer()[1]["x-skiff-reason"] == "circuit_open"
            except TimeoutError:
                return False

        until(refused, "it opens")
        took = time.monotonic() - begin
        print(f"a total hang opened it after {took:.2f} s; a call is slow after {SLOW_S} s")
        self.assertGreaterEqual(took, SLOW_S)
        self.assertLess(took, 2 * SLOW_S)
        self.assertRegex(self.running.logged(), r"closed -> open: \d+ of \d+ calls were slow \(100")

    def test_for_clients_of_http2_and_of_grpc_each_in_its_own_way(self):
        port = free_port()
        backend = self.backend(Moody("fails"))
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]",
            service("backend", backend.port) + policy(LONG),
        )
        client = H2Client(port)
        self.addCleanup(client.socket.close)
        for stream in (1, 3, 5, 7):
            client.send(client.head(stream))
            self.assertEqual(client.answer(stream)[0][":status"], "500")
        client.send(client.head(9))
        head = client.answer(9)[0]
        self.assertEqual((head[":status"], head["x-skiff-reason"]), ("503", "circuit_open"))
        self.assertGreaterEqual(int(head["retry-after"]), 59)
        client.send(client.head(11, [("content-type", "application/grpc")], False, POST))
        head = client.answer(11)[0]
        self.assertEqual((head[":status"], head["grpc-status"]), ("200", "14"))
        self.assertEqual(head["x-skiff-reason"], "circuit_open")


class Modes(BreakerTest):
    """What an operator sets stands above the policy, until it is set again."""

    def skiff(self, *arguments):
        done = subprocess.run(
            [os.path.join(BIN, "skiff"), "breaker", *arguments]
            + ["--admin", f"127.0.0.1:{self.running.admin}"],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def shown(self):
        return json.loads(self.skiff("list", "--json")[1])["breakers"][0]

    def test_an_operator_opens_it_watches_it_and_turns_it_off(self):
        self.behind("well", LONG)
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual((self.shown()["state"], self.shown()["calls"]), ("closed", 1))
        code, out, _ = self.skiff("set", "backend.default", "FORCED_OPEN")
        self.assertEqual(code, 0)
        self.assertIn("backend.default  forced_open   FORCED_OPEN", out)
        self.assertEqual(self.reason(), "circuit_open")
        self.assertEqual(self.moody.asked, 1)

        self.moody.mood = "fails"
        self.assertEqual(self.skiff("set", "backend.default", "METRICS_ONLY")[0], 0)
        self.assertEqual([self.ask()[0] for _ in range(8)], [500] * 8)
        shown = self.shown()
        self.assertEqual((shown["state"], shown["calls"], shown["failed"]), ("metrics_only", 8, 8))
        self.assertEqual(self.state("metrics_only"), 1)

        self.assertEqual(self.skiff("set", "backend.default", "DISABLED")[0], 0)
        self.assertEqual([self.ask()[0] for _ in range(8)], [500] * 8)
        self.assertEqual(self.shown()["calls"], 0)

        self.assertEqual(self.skiff("set", "backend.default", "AUTOMATIC")[0], 0)
        self.assertEqual([self.ask()[0] for _ in range(5)], [500] * 4 + [503])
        self.assert_logged(self.running, "closed -> forced_open: an operator said so")

    def test_what_is_wrong_is_said(self):
        self.behind("well", LONG)
        code, _, err = self.skiff("set", "backend.defalt", "DISABLED")
        self.assertEqual(code, 64)
        self.assertIn("did you mean backend.default?", err)
        code, _, err = self.skiff("set", "backend.default", "OPEN")
        self.assertEqual(code, 64)
        self.assertIn("FORCED_OPEN", err)
        self.running.process.kill()
        self.running.process.wait()
        code, _, err = self.skiff("list")
        self.assertEqual(code, 1)
        self.assertIn("refused", err.lower())


class Keeps(BreakerTest):
    def test_its_state_when_another_part_of_the_policy_changes(self):
        self.behind("fails", LONG)
        until(lambda: self.reason() == "circuit_open", "it opens")
        to = service("backend", self.backends[0].port)
        generation = self.running.metric("skiff_config_generation")
        for text in (LONG + "\ntimeouts: {request: 3s}", LONG.replace("Calls: 4", "Calls: 5")):
            self.running.write_policies(to + policy(text))
            generation += 1
            until(
                lambda: self.running.metric("skiff_config_generation") == generation,
                "the change is live",
            )
            self.assertEqual(self.reason(), "circuit_open")
        self.assertEqual(self.transitions("closed", "open"), 1)
        self.running.write_policies(to + policy(RETRY_NOTHING))
        until(lambda: self.ask()[0] == 500, "without the policy the backend is called")
        self.assertEqual(self.state("open"), 0)

    def test_quiet_where_clients_leave(self):
        self.behind("hangs", LONG)
        for n in range(6):
            client = self.client().send(GET)
            until(lambda: self.moody.asked == n + 1, "it is under way")
            client.close()
        self.moody.mood = "well"
        self.moody.over.set()
        self.assertEqual(self.ask()[0], 200)


class Failing(grpc.GenericRpcHandler):
    """Ends every call with the status that its name says."""

    def __init__(self):
        self.asked = 0

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.fail)

    def fail(self, message, context):
        self.asked += 1
        context.send_initial_metadata((("x-first", "so that the status is in trailers"),))
        context.abort(grpc.StatusCode[message.decode()], "as you wish")


class Grpc(BreakerTest):
    def setUp(self):
        self.failing = Failing()
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
        )
        server.add_generic_rpc_handlers((self.failing,))
        backend = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]",
            service("backend", backend, protocol="GRPC") + policy(LONG),
        )
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{port}", options=[("grpc.default_authority", "backend")]
        )
        self.addCleanup(self.channel.close)

    def call(self, status):
        """(code, metadata) of what became of a call that is to end so."""
        try:
            self.channel.unary_unary("/test.Test/Call")(status.encode(), timeout=LIMIT_S)
        except grpc.RpcError as error:
            every = [*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())]
            return error.code().name, dict(every)
        self.fail("it must fail")

    def test_statuses_in_trailers_open_it_and_callers_get_unavailable(self):
        for status in ("PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT") * 3:
            self.assertEqual(self.call(status)[0], status)
        self.assertEqual(self.state("closed"), 1, "the backend works")
        for _ in range(9):
            self.call("INTERNAL")
        code, metadata = self.call("INTERNAL")
        self.assertEqual((code, metadata["x-skiff-reason"]), ("UNAVAILABLE", "circuit_open"))
        self.assertEqual(self.state("open"), 1)
        self.assertLess(self.failing.asked, 19)


class Inbound(MeshTest):
    """Towards the application: callers in plain text are spared the wait too."""

    def test_the_applications_own_sidecar_stops_calling_it(self):
        moody = Moody("fails")
        self.certs = self.authority("product")
        callee = self.callee(
            self.backend(moody).port,
            tls="permissive",
            policies=policy(LONG, "product", "shop"),
        )
        answers = [self.ask(GET, self.inbound) for _ in range(5)]
        self.assertEqual([status for status, _, _ in answers], [500] * 4 + [503])
        self.assertEqual(answers[-1][1]["x-skiff-reason"], "circuit_open")
        self.assertEqual(moody.asked, 4)
        self.assert_metric(callee, 1, "skiff_circuit_breaker_state", state="open")
        until(lambda: '"reason":"circuit_open"' in callee.logged(), "it is in the access log")


if __name__ == "__main__":
    unittest.main()
