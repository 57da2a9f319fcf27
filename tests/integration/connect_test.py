"""CONNECT: bytes through an outbound listener that serves as a proxy; refused everywhere else."""

import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from support import LIMIT_S, SidecarTest, echo, free_port, service, until

OK = b"HTTP/1.1 200 OK\r\n\r\n"


def connect(authority):
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"


def upper(client):
    """Says hello, then answers in capitals until the end, and then `bye`."""
    client.send(b"hello ")
    while got := client.socket.recv(65536):
        client.send(got.upper())
    client.send(b" bye")


class Proxy(SidecarTest):
    def proxied(self, handle, extra=""):
        """A sidecar used as a proxy; the service `db` is `handle`."""
        self.server = self.backend(handle)
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}}}]\naccessLog: {{mode: all}}",
            service("db", self.server.port, extra=extra),
        )
        return self.running

    def refused(self, authority):
        status, headers, _ = self.client().send(connect(authority)).answer()
        return status, headers["x-skiff-reason"]

    def test_bytes_go_both_ways_and_each_end_by_itself(self):
        sidecar = self.proxied(upper)
        client = self.client().send(connect("db:80"))
        self.assertEqual(client.read_until(b"\r\n\r\n"), OK)
        self.assertEqual(client.read_exactly(6), b"hello ")
        client.send("some bytes\n")
        self.assertEqual(client.read_exactly(11), b"SOME BYTES\n")
        client.end()
        self.assertEqual(client.read_to_end(), b" bye")
        until(
            lambda: sidecar.metric("skiff_requests_total", code="2xx") == 1,
            "it is counted",
        )
        until(lambda: '"method":"CONNECT","authority":"db:80"' in sidecar.logged(), "it is logged")
        for gauge in ("skiff_backend_connections", "skiff_requests_in_flight"):
            until(lambda name=gauge: sidecar.metric(name) == 0, f"{gauge} is 0 again")

    def test_a_server_that_waits_for_the_client_hears_it(self):
        def handle(client):
            client.send(client.read_until(b"\n"))
            client.is_closed()

        self.proxied(handle)
        client = self.client().send(connect("db.default:80"))
        self.assertEqual(client.read_until(b"\r\n\r\n"), OK, "the answer waits for no byte")
        client.send("ping\n")
        self.assertEqual(client.read_until(b"\n"), b"ping\n")

    def test_bytes_behind_the_request_go_to_the_server(self):
        self.proxied(upper)
        client = self.client().send(connect("db:80") + "early").end()
        self.assertEqual(client.read_to_end(), OK + b"hello EARLY bye")

    def test_a_server_that_ends_first_still_gets_the_rest(self):
        got = []

        def handle(client):
            client.send(b"that is all")
            client.end()
            got.append(client.read_to_end())

        self.proxied(handle)
        client = self.client().send(connect("db:80"))
        self.assertEqual(client.read_to_end(), OK + b"that is all")
        for _ in range(3):
            client.send("more ")
            time.sleep(0.05)
        client.end()
        until(lambda: got == [b"more more more "], "the server got what came after its own end")
        until(lambda: self.running.metric("skiff_client_connections") == 0, "it is over")

    def test_a_server_that_resets_is_no_end(self):
        def handle(client):
            client.read_until(b"\n")
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        self.proxied(handle)
        client = self.client().send(connect("db:80"))
        client.read_until(b"\r\n\r\n")
        client.send("go\n")
        with self.assertRaises(ConnectionResetError):
            client.read_to_end()

    def test_a_lot_of_bytes_both_ways_at_once(self):
        size = 16 << 20

        def handle(client):
            while got := client.socket.recv(1 << 16):
                client.send(got)

        self.proxied(handle)
        client = self.client().send(connect("db:80"))
        client.read_until(b"\r\n\r\n")
        block, left = bytes(range(256)) * 256, size
        while left:
            client.send(block)
            self.assertEqual(client.read_exactly(len(block)), block)
            left -= len(block)
        client.end()
        self.assertEqual(client.read_to_end(), b"")

    def test_requests_before_it_are_answered(self):
        self.proxied(echo)
        client = self.client().send("GET / HTTP/1.1\r\nHost: db\r\n\r\n")
        self.assertEqual(client.answer()[0], 200)
        client.send(connect("db:80"))
        self.assertEqual(client.read_until(b"\r\n\r\n"), OK)
        client.send("GET /inside HTTP/1.1\r\nHost: any\r\n\r\n")
        self.assertIn(b"GET /inside HTTP/1.1", client.answer()[2])

    def test_names_that_nobody_knows(self):
        self.proxied(upper)
        self.assertEqual(self.refused("nowhere:80"), (503, "unknown_service"))
        self.assertEqual(self.refused("127.0.0.1:80"), (503, "unknown_service"))
        self.assertEqual(self.refused("db:81"), (404, "no_route"))
        self.assertEqual(self.server.connections, [])

    def test_nobody_listens(self):
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}}}]", service("db", free_port())
        )
        self.assertEqual(self.refused("db:80"), (503, "connect_failed"))

    def test_tls_from_end_to_end(self):
        with tempfile.TemporaryDirectory() as folder:
            name = f"{folder}/pem"
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=db", "-addext",
                 "subjectAltName=DNS:db", "-days", "1", "-keyout", name, "-out", f"{name}.crt"],
                check=True, capture_output=True,
            )  # fmt: skip
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(f"{name}.crt", name)
            trusting = ssl.create_default_context(cafile=f"{name}.crt")

        def handle(client):
            with server.wrap_socket(client.socket, server_side=True) as inner:
                inner.sendall(inner.recv(100).upper())

        self.proxied(handle)
        client = self.client().send(connect("db:80"))
        client.read_until(b"\r\n\r\n")
        with trusting.wrap_socket(client.socket, server_hostname="db") as inner:
            inner.settimeout(LIMIT_S)
            inner.sendall(b"secret")
            self.assertEqual(inner.recv(100), b"SECRET")


class Elsewhere(SidecarTest):
    def test_it_is_refused_and_no_backend_sees_it(self):
        server = self.backend(echo)
        ports = {kind: free_port() for kind in ("inbound", "outbound", "gateway")}
        self.sidecar(
            f"service: test\naccessLog: {{mode: all}}\n"
            f"inbound: [{{port: {ports['inbound']}, application: '127.0.0.1:{server.port}'}}]\n"
            f"outbound: [{{port: {ports['outbound']}, service: db}}]\n"
            f"gateway: [{{gateway: shop, port: {ports['gateway']}}}]",
            service("db", server.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
            "metadata: {name: shop}\n"
            f"spec: {{listeners: [{{name: http, port: {ports['gateway']}, protocol: HTTP}}]}}\n"
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: all}\nspec:\n  parentRefs: [{name: shop}]\n"
            "  rules: [{backendRefs: [{name: db, port: 80}]}]\n",
        )
        for kind, port in ports.items():
            with self.subTest(kind=kind):
                client = self.client(port).send(connect("db:80") + "early bytes")
                status, headers, _ = client.answer()
                self.assertEqual(
                    (status, headers["x-skiff-reason"]), (405, "bad_request_connect")
                )
                self.assertTrue(client.is_closed(), "what followed is read by nobody")
        self.assertEqual(server.connections, [])


if __name__ == "__main__":
    unittest.main()
