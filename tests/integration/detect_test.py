"""Listeners of `protocol: AUTO`: each kind of client is told by what comes first."""

import os
import ssl
import threading
import unittest

import h2.connection
import h2.events
from mesh_support import MeshTest
from support import free_port, read_request, saying, service

# A client that is silent is not waited for longer than `detect`; the other is over all limits here.
TIMEOUTS = "timeouts: {detect: 50ms, requestHeaders: 1m}"


class Detected(MeshTest):
    def through(self, handle):
        self.application = self.backend(handle)
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend, protocol: AUTO}}]\n"
            f"accessLog: {{mode: all}}\n{TIMEOUTS}",
            service("backend", self.application.port),
        )

    def found(self, protocol):
        return self.running.metric("skiff_detected_connections_total", protocol=protocol)

    def test_http1(self):
        self.through(saying("hello"))
        client = self.client()
        for byte in "GET / HTTP/1.1\r\nHost: a\r\n\r\n":
            client.send(byte)
        status, headers, body = client.answer()
        self.assertEqual((status, body), (200, b"hello"))
        self.assertEqual(self.found("http1"), 1)

    def test_http2(self):
        self.through(saying("hello"))
        client, peer = self.client(), h2.connection.H2Connection()
        peer.initiate_connection()
        fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]
        peer.send_headers(1, fields, end_stream=True)
        for byte in peer.data_to_send():
            client.send(bytes([byte]))
        body = b""
        while not body:
            events = peer.receive_data(client.socket.recv(65536))
            body = b"".join(e.data for e in events if isinstance(e, h2.events.DataReceived))
        self.assertEqual(body, b"hello")
        self.assertEqual(self.found("http2"), 1)

    def test_bytes(self):
        def mirror(client):
            while got := client.socket.recv(65536):
                client.send(got)

        self.through(mirror)
        client = self.client().send(b"\0\1\2 anything\r\n\r\n")
        self.assertEqual(client.end().read_to_end(), b"\0\1\2 anything\r\n\r\n")
        self.assertEqual(self.found("bytes"), 1)

    def test_a_server_that_speaks_first(self):
        def greet(client):
            client.send("220 ready\r\n")
            client.send(client.read_until(b"\r\n"))

        self.through(greet)
        client = self.client()
        self.assertEqual(client.read_until(b"\r\n"), b"220 ready\r\n")
        self.assertEqual(client.send("HELO\r\n").read_until(b"\r\n"), b"HELO\r\n")

    def test_tls_of_the_application(self):
        self.certs = self.authority("product")
        leaf = self.certs.path("product.shop")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(f"{leaf}.pem", f"{leaf}.key")

        def handle(client):
            with server.wrap_socket(client.socket, server_side=True) as secure:
                secure.sendall(secure.recv(100).upper())

        self.through(handle)
        context = ssl.create_default_context(cafile=self.certs.path("ca.pem"))
        context.check_hostname = False
        with context.wrap_socket(self.client().socket) as secure:
            secure.sendall(b"hello")
            self.assertEqual(secure.recv(100), b"HELLO")
        self.assertEqual(self.found("tls"), 1)


class DetectedBehindMutualTls(MeshTest):
    """The callee finds out what comes out of TLS; the caller's sidecar says what it carries."""

    def pair_of(self, handle, protocol):
        self.certs = self.authority("order", "product")
        self.application = self.backend(handle)
        self.callee(self.application.port, protocol="AUTO", more=TIMEOUTS)
        self.caller(protocol=protocol)

    def test_messages(self):
        self.pair_of(saying("hello"), "HTTP")
        self.assertEqual(self.ask()[2], b"hello")

    def test_bytes(self):
        def mirror(client):
            while got := client.socket.recv(65536):
                client.send(got)

        self.pair_of(mirror, "TCP")
        client, data = self.client(), os.urandom(1 << 20)
        threading.Thread(target=lambda: client.send(data).end()).start()
        self.assertTrue(client.read_to_end() == data)

    def test_bytes_that_look_like_messages(self):
        """What the caller's sidecar said counts."""

        def handle(client):
            read_request(client)
            client.send("no HTTP at all")

        self.pair_of(handle, "TCP")
        client = self.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(client.end().read_to_end(), b"no HTTP at all")

    def test_a_server_that_speaks_first(self):
        def greet(client):
            client.send("220 ready\r\n")
            client.read_to_end()

        self.pair_of(greet, "TCP")
        self.assertEqual(self.client().read_until(b"\r\n"), b"220 ready\r\n")


if __name__ == "__main__":
    unittest.main()
