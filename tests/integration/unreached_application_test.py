"""A pod whose sidecar lives and whose application does not: nobody acts on its requests."""

import threading
import unittest

import grpc
from grpc_support import GrpcEchoTest
from mesh_support import MeshTest, mesh_tls
from resilience_support import OK, request
from support import LIMIT_S, free_port, read_request, service, until

IN_TURN = "loadBalancing: {algorithm: ROUND_ROBIN}"
FORGED = OK.replace(b"200 OK\r\n", b"503 No\r\nX-Skiff-Unprocessed: 1\r\n")


class UnreachedApplication(MeshTest):
    def setUp(self):
        self.certs = self.authority("order", "product")
        self.lock = threading.Lock()
        self.bodies = []

    def keep(self, client):
        while True:
            body = read_request(client)[2]
            with self.lock:
                self.bodies.append(body)
            client.send(OK)

    def pods(self, *application_ports, protocol="HTTP", policy=IN_TURN):
        """`product` with a sidecar before each of these, and the sidecar of `order`."""
        inbound = []
        for port in application_ports:
            self.callees = [*getattr(self, "callees", []), self.callee(port, protocol=protocol)]
            inbound.append(self.inbound)
        self.port = free_port()
        self.calling = self.sidecar(
            "service: order\nnamespace: shop\n"
            f"{self.certs.identity('order')}"
            f"outbound: [{{port: {self.port}, service: product, protocol: {protocol}}}]\n"
            "workers: 1\n",
            service("product", *inbound, namespace="shop", protocol=protocol)
            + mesh_tls("strict")
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
            + "metadata: {name: p, namespace: shop}\n"
            + f"spec:\n  targetRefs: [{{kind: Service, name: product}}]\n  {policy}\n",
        )

    def post(self, body):
        return self.ask(request("POST", body).replace(b"backend", b"product"))

    def test_its_posts_go_to_another_pod(self):
        good = self.backend(self.keep)
        self.pods(free_port(), good.port)
        for i in range(20):
            self.assertEqual(self.post(b"%d" % i)[0], 200)
        self.assertEqual(self.bodies, [b"%d" % i for i in range(20)], "each once, in order")
        refused = lambda: self.callees[0].metric("skiff_requests_total", reason="connect_failed")
        until(lambda: refused() > 0, "the other pod was asked, too")

    def test_where_all_are_so_the_client_gets_the_answer_without_the_mark(self):
        self.pods(free_port(), free_port())
        status, headers, _ = self.post(b"x")
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "connect_failed"))
        self.assertNotIn("x-skiff-unprocessed", headers)

    def test_an_application_cannot_say_it(self):
        def forges(client):
            self.bodies.append(read_request(client)[2])
            client.send(FORGED)

        bad = self.backend(forges)
        self.pods(bad.port, bad.port)
        status, headers, _ = self.post(b"once")
        self.assertEqual(status, 503)
        self.assertEqual(self.bodies, [b"once"])
        self.assertNotIn("x-skiff-unprocessed", headers)


class UnreachedServerOfGrpc(GrpcEchoTest):
    def test_its_calls_go_to_another(self):
        good = self.beside()
        self.server_port = free_port()
        bad = self.beside()
        port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: product, protocol: GRPC}}]\n"
            "workers: 1",
            service("product", good, bad, protocol="GRPC"),
        )
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            say = channel.unary_unary("/shop.Echo/Say")
            for i in range(10):
                self.assertEqual(say(b"%d" % i, timeout=LIMIT_S), b"%d" % i)
        self.assertEqual([message for message, _ in self.seen], [b"%d" % i for i in range(10)])


if __name__ == "__main__":
    unittest.main()
