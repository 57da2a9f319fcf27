"""HTTP/2 clients of other makes: nghttp, h2load and curl, in clear text and by mutual TLS."""

import json
import os
import re
import subprocess
import unittest

from mesh_support import MeshTest, identity_of
from real_servers import program
from support import LIMIT_S, SANITIZER, echo, read_request, saying

LARGE = bytes(range(256)) * 8192  # 2 MiB


def mirror(client):
    """Gives each request its body back."""
    while True:
        body = read_request(client)[2]
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Clients(MeshTest):
    """Each test runs in clear text through a pair, and by TLS with the callee alone."""

    def setUp(self):
        self.certs = self.authority("order", "product")

    def caller_of(self, handle):
        """The address of a listener in clear text; behind it are two sidecars."""
        self.application = self.backend(handle)
        self.callee_of_pair = self.callee(self.application.port)
        self.caller(listens="HTTP2")
        return f"http://127.0.0.1:{self.port}"

    def strict(self, handle):
        """The address of a strict listener."""
        self.application = self.backend(handle)
        self.strict_callee = self.callee(self.application.port)
        return f"https://127.0.0.1:{self.inbound}"

    def leaf(self, certificate="--cert", key="--key"):
        path = self.certs.path("order.shop")
        return certificate, f"{path}.pem", key, f"{path}.key"

    def file_of(self, data):
        path = os.path.join(self.certs.folder.name, "data")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def run_it(self, *command):
        done = subprocess.run(
            [program(command[0]), *command[1:]], capture_output=True, timeout=6 * LIMIT_S
        )
        self.assertEqual(done.returncode, 0, done)
        return done.stdout


class Curl(Clients):
    def curl(self, *options):
        """Status, version of HTTP, body."""
        says = "\n%{http_code} %{http_version}"
        out = self.run_it("curl", "-s", "-w", says, "-m", str(LIMIT_S), *options)
        body, _, last = out.rpartition(b"\n")
        return (*last.decode().split(), body)

    def test_a_request_in_clear_text(self):
        url = self.caller_of(echo)
        status, version, body = self.curl("--http2-prior-knowledge", f"{url}/a?b", "-H", "X-A: b")
        self.assertEqual((status, version), ("200", "2"))
        seen = json.loads(body)
        self.assertEqual(seen["first"], "GET /a?b HTTP/1.1")
        self.assertEqual(seen["headers"]["x-a"], "b")
        self.assertIn(identity_of("order"), seen["headers"]["x-forwarded-client-cert"])

    def test_a_head_has_no_body(self):
        def handle(client):
            while True:
                read_request(client)
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")

        out = self.curl("--http2-prior-knowledge", "-I", self.caller_of(handle))[2].lower()
        self.assertIn(b"http/2 200", out)
        self.assertIn(b"content-length: 5", out)

    def test_large_bodies_both_ways(self):
        for url, options in (
            (self.caller_of(mirror), ["--http2-prior-knowledge"]),
            (self.strict(mirror), ["--http2", "-k", *self.leaf()]),
        ):
            with self.subTest(url=url):
                upload = ["--data-binary", f"@{self.file_of(LARGE)}", url]
                status, version, body = self.curl(*options, *upload)
                self.assertEqual((status, version), ("200", "2"))
                self.assertTrue(body == LARGE, len(body))

    def test_many_at_once_on_one_connection(self):
        url = self.strict(saying("hello\n"))
        out = self.run_it(
            *("curl", "-s", "-k", "--http2", "--parallel", "--parallel-max", "50"),
            *(*self.leaf(), f"{url}/[1-300]"),
        )
        self.assertEqual(out, b"hello\n" * 300)
        opened = self.strict_callee.metric("skiff_tls_server_handshakes_total", result="ok")
        self.assertLess(opened, 5)

    def test_http1_by_tls(self):
        status, version, body = self.curl(
            "--http1.1", "-k", *self.leaf(), self.strict(saying("hello"))
        )
        self.assertEqual((status, version, body), ("200", "1.1", b"hello"))


class Nghttp(Clients):
    def test_downloads_and_uploads(self):
        for url, options in (
            (self.caller_of(mirror), []),
            (self.strict(mirror), self.leaf()),
        ):
            with self.subTest(url=url):
                body = self.run_it("nghttp", *options, "-d", self.file_of(LARGE), url)
                self.assertTrue(body == LARGE, len(body))

    def test_padding_and_small_windows(self):
        url = self.caller_of(mirror)
        small = LARGE[:200_000]
        options = ("--padding=256", "--window-bits=10", "--connection-window-bits=12")
        body = self.run_it("nghttp", *options, "-d", self.file_of(small), url)
        self.assertTrue(body == small, len(body))

    def test_frames_are_as_it_wants_them(self):
        url = self.strict(saying("hello"))
        said = self.run_it("nghttp", "-nv", *self.leaf(), "-m", "20", url).decode()
        self.assertIn("The negotiated protocol: h2", said)
        self.assertEqual(len(re.findall(":status: 200", said)), 20)
        self.assertNotIn("RST_STREAM", said)
        self.assertNotIn("; PROTOCOL_ERROR", said)


class H2Load(Clients):
    count = 2_000 if SANITIZER else 10_000

    def load(self, *options):
        out = self.run_it("h2load", "-n", str(self.count), "-c", "20", *options).decode()
        failed = "0 failed, 0 errored, 0 timeout"
        self.assertIn(f"{self.count} succeeded, {failed}", out)
        self.assertIn(f"status codes: {self.count} 2xx", out)

    def test_requests_in_clear_text(self):
        self.load("-m", "10", self.caller_of(saying("hello")))
        self.assert_metric(self.callee_of_pair, self.count, "skiff_requests_total")

    def test_uploads_in_clear_text(self):
        body = self.file_of(b"x" * 20_000)
        self.load("-m", "10", "-d", body, self.caller_of(saying("hello")))

    def test_small_windows(self):
        self.load("-m", "10", "-w", "10", "-W", "12", self.caller_of(saying("hello" * 500)))


if __name__ == "__main__":
    unittest.main()
