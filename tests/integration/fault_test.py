"""What goes wrong on purpose: real sidecars, and clients that see it."""

import math
import time
import unittest
from concurrent import futures

import grpc
from support import LIMIT_S, SidecarTest, free_port, saying, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
TESTER = "GET / HTTP/1.1\r\nHost: backend\r\nX-Tester: yes\r\n\r\n"


def fault_policy(faults, ref="{name: backend}", ttl="1h", name="trouble"):
    return (
        f"---\napiVersion: skiff.dev/v1\nkind: FaultPolicy\nmetadata: {{name: {name}}}\n"
        f"spec: {{targetRefs: [{ref}], ttl: {ttl}, faults: [{faults}]}}\n"
    )


class Fault(SidecarTest):
    def before(self, policy, more="", protocol="HTTP", handle=None):
        """A sidecar before one backend, with this FaultPolicy."""
        self.made = self.backend(handle or saying("fine"))
        self.port = free_port()
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend, "
            f"protocol: {protocol}}}]\naccessLog: {{mode: all}}\n",
            service("backend", self.made.port, protocol=protocol) + policy + more,
        )

    def asks(self, text=GET):
        return self.client().send(text).answer()

    def breaks(self, text=GET):
        """Whether the connection is reset instead of an answer."""
        try:
            got = self.client().send(text).socket.recv(1)
        except ConnectionResetError:
            return True
        self.assertNotEqual(got, b"", "an end could be taken for an answer's")
        return False


class Http(Fault):
    def test_an_abort_answers_instead_of_the_backend(self):
        sidecar = self.before(fault_policy("{percent: 100%, abort: {status: 418}}"))
        client = self.client()
        for _ in range(3):
            status, headers, _ = client.send(GET).answer()
            self.assertEqual((status, headers["x-skiff-reason"]), (418, "fault_injected"))
        self.assertEqual(len(self.made.connections), 0)
        self.assert_metric(
            sidecar, 3, "skiff_faults_injected_total", policy="default/trouble", fault="abort"
        )
        until(lambda: '"policy":"default/trouble"' in sidecar.logged(), "the log names it")

    def test_a_reset_breaks_the_connection(self):
        sidecar = self.before(fault_policy("{percent: 100%, reset: true}"))
        self.assertTrue(self.breaks())
        self.assert_metric(sidecar, 1, "skiff_faults_injected_total", fault="reset")
        self.assert_metric(sidecar, 1, "skiff_requests_total", reason="fault_injected")

    def test_a_delay_holds_the_request(self):
        self.before(fault_policy("{percent: 100%, delay: {fixed: 300ms}}"))
        begin = time.monotonic()
        self.assertEqual(self.asks()[0], 200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.29)

    def test_a_delay_counts_against_the_deadline(self):
        timeouts = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
            "spec: {targetRefs: [{name: backend}], timeouts: {request: 200ms, connect: 100ms}}\n"
        )
        self.before(fault_policy("{percent: 100%, delay: {fixed: 1h}}"), timeouts)
        status, headers, _ = self.asks()
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_request"))
        self.assertEqual(len(self.made.connections), 0)

    def test_headers_choose_who_is_hit(self):
        self.before(
            fault_policy(
                "{percent: 100%, headers: [{name: x-tester, value: 'yes'}], abort: {status: 500}}"
            )
        )
        self.assertEqual(self.asks()[0], 200)
        self.assertEqual(self.asks(TESTER)[0], 500)

    def test_a_percentage_is_one(self):
        sidecar = self.before(fault_policy("{percent: 30%, abort: {status: 500}}"))
        client = self.client()
        tries = 2000
        hits = sum(client.send(GET).answer()[0] == 500 for _ in range(tries))
        self.assertLess(abs(hits - tries * 0.3), 6 * math.sqrt(tries * 0.3 * 0.7))
        self.assert_metric(sidecar, hits, "skiff_faults_injected_total")

    def test_nothing_goes_wrong_at_0_percent(self):
        self.before(fault_policy("{percent: 0%, reset: true}, {percent: 0%, abort: {}}"))
        client = self.client()
        for _ in range(500):
            self.assertEqual(client.send(GET).answer()[0], 200)

    def test_a_fallback_answers_what_fails_on_purpose(self):
        fallback = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
            "spec: {targetRefs: [{name: backend}], fallback: [{type: STATIC, body: calm}]}\n"
        )
        self.before(fault_policy("{percent: 100%, abort: {status: 500}}"), fallback)
        status, headers, body = self.asks()
        self.assertEqual((status, body), (200, b"calm"))
        self.assertEqual(headers["x-skiff-degraded"], "static")


class Time(Fault):
    def test_it_ends_with_its_ttl_and_is_told_once(self):
        sidecar = self.before(fault_policy("{percent: 100%, abort: {}}", ttl="2s"))
        self.assertEqual(self.asks()[0], 503)
        until(lambda: self.asks()[0] == 200, "the ttl is over")
        until(lambda: "its ttl is over" in sidecar.logged(), "the log tells it")
        self.assert_metric(sidecar, 1, "skiff_fault_policies_expired_total")
        self.reload(sidecar, service("more", 1))
        self.assertEqual(self.asks()[0], 200, "a change elsewhere does not begin it anew")
        self.assertEqual(sidecar.logged().count("its ttl is over"), 1)

    def test_another_change_does_not_prolong_it(self):
        sidecar = self.before(fault_policy("{percent: 100%, abort: {}}", ttl="2s"))
        begin = time.monotonic()
        self.reload(sidecar, service("more", 1))
        until(lambda: self.asks()[0] == 200, "the ttl is over")
        self.assertGreater(time.monotonic() - begin, 0.5, "it was still in force")

    def test_a_change_of_its_own_begins_anew(self):
        sidecar = self.before(fault_policy("{percent: 100%, abort: {}}", ttl="1s"))
        until(lambda: self.asks()[0] == 200, "the ttl is over")
        generation = sidecar.metric("skiff_config_generation")
        sidecar.write_policies(
            service("backend", self.made.port)
            + fault_policy("{percent: 100%, abort: {status: 500}}", ttl="1h")
        )
        until(lambda: sidecar.metric("skiff_config_generation") > generation, "it is live")
        self.assertEqual(self.asks()[0], 500)

    def reload(self, sidecar, text):
        generation = sidecar.metric("skiff_config_generation")
        sidecar.write_policies(text, "more.yaml")
        until(lambda: sidecar.metric("skiff_config_generation") > generation, "it is live")


ROUTE = (
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n"
    "spec: {parentRefs: [%s], rules: ["
    "{name: own, matches: [{path: {value: /own}}], backendRefs: [{name: backend, port: 80}]}, "
    "{name: rest, backendRefs: [{name: backend, port: 80}]}]}\n"
)


class Targets(Fault):
    def test_a_rule_comes_before_its_service(self):
        self.before(
            fault_policy("{percent: 100%, abort: {status: 501}}")
            + fault_policy(
                "{percent: 100%, abort: {status: 502}}",
                "{kind: HTTPRoute, name: r, sectionName: own}",
                name="of-rule",
            ),
            ROUTE % "{kind: Service, name: backend}",
        )
        self.assertEqual(self.asks(GET.replace("/ ", "/own ", 1))[0], 502)
        self.assertEqual(self.asks()[0], 501)

    def test_a_gateways_faults_are_for_what_comes_through_it(self):
        made = self.backend(saying("fine"))
        port, inside = free_port(), free_port()
        gateway = (
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"
            f"spec: {{gatewayClassName: skiff, listeners: [{{name: web, port: {port}, "
            "protocol: HTTP}]}\n"
        )
        self.sidecar(
            f"service: edge\ngateway: [{{gateway: g, sectionName: web, address: 127.0.0.1}}]\n"
            f"outbound: [{{port: {inside}, service: backend}}]\n",
            service("backend", made.port)
            + gateway
            + ROUTE % "{name: g}"
            + fault_policy("{percent: 100%, abort: {status: 501}}", "{kind: Gateway, name: g}"),
        )
        self.assertEqual(self.client(port).send(GET).answer()[0], 501)
        self.assertEqual(self.client(inside).send(GET).answer()[0], 200)


class Bytes(Fault):
    def test_a_connection_of_bytes_is_reset(self):
        def greet(client):
            client.send(b"hello")
            client.read_to_end()

        self.before(fault_policy("{percent: 100%, reset: true}"), protocol="TCP", handle=greet)
        self.assertTrue(self.breaks(b""))

    def test_a_connection_of_bytes_is_delayed(self):
        def greet(client):
            client.send(b"hello")
            client.read_to_end()

        self.before(
            fault_policy("{percent: 100%, delay: {fixed: 300ms}}"), protocol="TCP", handle=greet
        )
        begin = time.monotonic()
        client = self.client()
        self.assertEqual(client.read_exactly(5), b"hello")
        self.assertGreaterEqual(time.monotonic() - begin, 0.29)


class Echo(grpc.GenericRpcHandler):
    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(lambda message, context: message)


class Grpc(SidecarTest):
    def call(self, faults, metadata=()):
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
        )
        server.add_generic_rpc_handlers((Echo(),))
        server_port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]\n",
            service("backend", server_port, protocol="GRPC") + fault_policy(faults),
        )
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.addCleanup(channel.close)
        call = channel.unary_unary("/test.Echo/Any")
        try:
            return call(b"hi", timeout=LIMIT_S, metadata=metadata)
        except grpc.RpcError as error:
            return error.code()

    def test_an_abort_has_its_status(self):
        code = self.call("{percent: 100%, abort: {grpcStatus: RESOURCE_EXHAUSTED}}")
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_an_abort_without_one_is_unavailable(self):
        code = self.call("{percent: 100%, abort: {status: 500}}")
        self.assertEqual(code, grpc.StatusCode.UNAVAILABLE)

    def test_a_reset_is_of_the_stream(self):
        self.assertEqual(self.call("{percent: 100%, reset: true}"), grpc.StatusCode.INTERNAL)

    def test_metadata_choose_who_is_hit(self):
        faults = "{percent: 100%, headers: [{name: x-tester, value: 'yes'}], abort: {}}"
        self.assertEqual(self.call(faults), b"hi")
        self.assertEqual(self.call(faults, (("x-tester", "yes"),)), grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()
