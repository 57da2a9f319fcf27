"""Unix-domain sockets on both sides of a sidecar: the application's, and those it calls by."""

import os
import signal
import socket
import tempfile
import unittest

from support import LIMIT_S, Client, SidecarTest, echo, free_port, service, until


def reverse(client):
    client.send(client.read_to_end()[::-1])


class UnixSockets(SidecarTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skiff-unix-")
        self.addCleanup(folder.cleanup)
        self.application = os.path.join(folder.name, "application")
        self.outbound_path = os.path.join(folder.name, "outbound")
        self.inbound = free_port()

    def chain(self, handle, protocol="HTTP", workers=1):
        """Client -> unix outbound -> TCP inbound -> unix application."""
        self.backend(handle, path=self.application)
        return self.sidecar(
            f"service: test\nworkers: {workers}\n"
            f"inbound: [{{port: {self.inbound}, application: 'unix:{self.application}', "
            f"protocol: {protocol}}}]\n"
            f"outbound: [{{unixSocket: {self.outbound_path}, service: backend, "
            f"protocol: {protocol}}}]\n"
            "accessLog: {mode: all}\n",
            service("backend", self.inbound, protocol=protocol),
        )

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.outbound_path)
        client = Client.over(connection)
        self.addCleanup(client.close)
        return client

    def test_http(self):
        sidecar = self.chain(echo)
        client = self.connect()
        for _ in range(3):
            client.send("GET /a HTTP/1.1\r\nHost: backend\r\n\r\n")
            status, _, body = client.answer()
            self.assertEqual(status, 200)
            self.assertIn(b'"first": "GET /a HTTP/1.1"', body)
        until(lambda: '"client":"unix"' in sidecar.logged(), "the log names no address")
        self.assert_logged(sidecar, f'"endpoint":"unix:{self.application}"')

    def test_bytes_and_their_ends(self):
        self.chain(reverse, "TCP")
        client = self.connect()
        data = os.urandom(2_000_000)
        client.send(data).end()
        self.assertEqual(client.read_to_end(), data[::-1])

    def test_all_workers_take_from_one_socket(self):
        self.chain(reverse, "TCP", workers=2)
        for i in range(50):
            client = self.connect()
            client.send(b"%02d" % i).end()
            self.assertEqual(client.read_to_end(), (b"%02d" % i)[::-1])

    def test_a_successor_takes_the_name_over(self):
        first = self.chain(reverse, "TCP")
        old = self.connect()
        old.send("old")
        opened = "skiff_backend_connections_opened_total"
        until(lambda: first.metric(opened) == 2, "the old one has come to the application")
        self.inbound = free_port()
        os.unlink(self.application)
        self.chain(reverse, "TCP")
        first.process.send_signal(signal.SIGTERM)
        new = self.connect()
        new.send("new").end()
        self.assertEqual(new.read_to_end(), b"wen")
        old.end()
        self.assertEqual(old.read_to_end(), b"dlo")
        self.assertEqual(first.process.wait(LIMIT_S), 0)

    def test_no_application_is_told_as_with_tcp(self):
        sidecar = self.chain(echo)
        os.unlink(self.application)
        client = self.connect()
        client.send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n")
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "connect_failed"))
        self.assertGreater(sidecar.metric("skiff_backend_connections_failed_total"), 0)


if __name__ == "__main__":
    unittest.main()
