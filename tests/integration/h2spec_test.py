"""h2spec's cases for servers against every kind of listener, in clear text and by mutual TLS."""

import unittest

import h2spec_support as h2spec
from gateway_test import GATEWAY, route
from mesh_support import MeshTest
from real_servers import Nghttpd
from support import free_port, saying, service

LEAST = 146  # Cases; fewer would mean that it was not run as a whole.
# Where a listener speaks more than HTTP/2, what has no preface is something else, and h2spec cannot
# read the answer.
NO_PREFACE = {"3.5/2": "Sends invalid connection preface"}


class H2Spec(MeshTest):
    @classmethod
    def setUpClass(cls):
        h2spec.build()

    def holds(self, sidecar, port, *options, but=None):
        report = h2spec.run("-port", str(port), *options)
        total, passed, skipped = h2spec.counts(report)
        self.assertEqual(h2spec.failures(report), but or {}, report)
        self.assertGreaterEqual(total, LEAST, report)
        self.assertEqual((passed, skipped), (total - len(but or {}), 0), report)
        self.assertIsNone(sidecar.process.poll())
        print(f"{passed} of {total} ", end="", flush=True)

    def outbound_listener(self, protocol):
        self.port = free_port()
        return self.sidecar(
            "service: test\n"
            f"outbound: [{{port: {self.port}, service: backend, protocol: {protocol}}}]\n"
            "timeouts: {detect: 10s}",  # A case may connect long before it says anything.
            service("backend", self.backend(saying("hello")).port),
        )

    def test_outbound(self):
        self.holds(self.outbound_listener("HTTP2"), self.port)

    def test_outbound_where_the_protocol_is_found_out(self):
        self.holds(self.outbound_listener("AUTO"), self.port, but=NO_PREFACE)
        bytes_of_no_protocol = self.client().send("INVALID CONNECTION PREFACE\r\n\r\n")
        self.assertEqual(bytes_of_no_protocol.answer()[2], b"hello")

    def inbound_listener(self, tls, protocol="HTTP2"):
        """HTTP2: so is what is spoken with the application."""
        self.certs = self.authority("order", "product")
        if protocol != "HTTP2":
            return self.callee(self.backend(saying("hello")).port, tls=tls, protocol=protocol)
        application = Nghttpd()
        self.addCleanup(application.stop)
        return self.callee(application.start().port, tls=tls, protocol=protocol)

    def mutual_tls(self):
        leaf = self.certs.path("order.shop.pem"), self.certs.path("order.shop.key")
        return "-tls", "-cert", leaf[0], "-key", leaf[1]

    def test_inbound_in_clear_text(self):
        self.holds(self.inbound_listener("disabled"), self.inbound)

    def test_inbound_permissive(self):
        sidecar = self.inbound_listener("permissive")
        self.holds(sidecar, self.inbound)
        self.holds(sidecar, self.inbound, *self.mutual_tls())

    def test_inbound_strict(self):
        for protocol in ("HTTP", "HTTP2"):
            with self.subTest(protocol=protocol):
                sidecar = self.inbound_listener("strict", protocol)
                self.holds(sidecar, self.inbound, *self.mutual_tls())
                opened = sidecar.metric("skiff_tls_server_handshakes_total", result="ok")
                self.assertGreaterEqual(opened, LEAST)

    def test_a_pair(self):
        """The caller's listener; behind it HTTP/2 by mutual TLS to the callee."""
        self.certs = self.authority("order", "product")
        application = self.backend(saying("hello"))
        callee = self.callee(application.port)
        caller = self.caller(listens="HTTP2")
        self.holds(caller, self.port)
        self.assertIsNone(callee.process.poll())
        self.assertGreaterEqual(callee.metric("skiff_requests_total"), 20)

    def test_gateway(self):
        self.port = free_port()
        sidecar = self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {self.port}}}]",
            service("backend", self.backend(saying("hello")).port)
            + GATEWAY
            + route("all", "rules: [{backendRefs: [{name: backend, port: 80}]}]"),
        )
        self.holds(sidecar, self.port, but=NO_PREFACE)
        no_http2 = self.client().send("INVALID CONNECTION PREFACE\r\n\r\n")
        self.assertEqual(no_http2.answer()[0], 400)
        self.assertTrue(no_http2.is_closed())


if __name__ == "__main__":
    unittest.main()
