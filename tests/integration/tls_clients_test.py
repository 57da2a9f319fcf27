"""A strict listener as the openssl command and testssl.sh see it."""

import json
import os
import select
import subprocess
import unittest

from mesh_support import MeshTest, identity_of
from real_servers import program
from support import LIMIT_S, SANITIZER, echo, until

CLOSING = "GET / HTTP/1.1\r\nHost: product\r\nConnection: close\r\n\r\n"
CERTIFICATE_REQUIRED, UNKNOWN_CA, PROTOCOL_VERSION, HANDSHAKE_FAILURE = 116, 48, 70, 40


class Strict(MeshTest):
    def setUp(self):
        self.certs = self.authority("order", "product")
        self.application = self.backend(echo)
        # One, as tickets are of use only to the worker that gave them.
        self.running = self.callee(self.application.port, more="workers: 1")

    def leaf(self, certs=None):
        path = (certs or self.certs).path("order.shop")
        return "-cert", f"{path}.pem", "-key", f"{path}.key"

    def handshakes(self, result):
        return self.running.metric("skiff_tls_server_handshakes_total", result=result)

    def command(self, *options):
        return [
            *(program("openssl"), "s_client", "-connect", f"127.0.0.1:{self.inbound}"),
            *("-CAfile", self.certs.path("ca.pem"), "-verify_return_error", *options),
        ]


class OpenSsl(Strict):
    def shake(self, *options):
        """What one handshake and one request bring: standard output and standard error."""
        done = subprocess.run(
            self.command("-ign_eof", *options),
            input=CLOSING,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=3 * LIMIT_S,
        )
        return done.stdout, done.stderr

    def is_refused(self, reason, alert, *options):
        """By this alert; the reason is counted and logged, and nothing reaches the application."""
        before = self.handshakes(reason)
        out, errors = self.shake(*options)
        self.assertIn(f"SSL alert number {alert}\n", errors)
        self.assertNotIn("HTTP/1.1", out)
        until(lambda: self.handshakes(reason) == before + 1, f"{reason} is counted")
        self.assert_logged(self.running, f"reason={reason}")
        self.assertEqual(self.handshakes("ok"), 0)
        self.assertEqual(self.application.connections, [])

    def test_who_is_known_is_served(self):
        for protocol in ("http/1.1", "h2,http/1.1"):
            out, _ = self.shake(*self.leaf(), "-alpn", protocol)
            self.assertIn("Verification: OK", out)
            self.assertIn("New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", out)
            self.assertIn(f"ALPN protocol: {protocol.split(',', maxsplit=1)[0]}\n", out)
        out, _ = self.shake(*self.leaf())
        self.assertIn("No ALPN negotiated", out)
        self.assertIn(f"URI={identity_of('order')}", out)

    def test_no_certificate(self):
        self.is_refused("tls_no_certificate", CERTIFICATE_REQUIRED)

    def test_a_certificate_of_others(self):
        self.is_refused("tls_unknown_root", UNKNOWN_CA, *self.leaf(self.authority("order")))

    def test_tls_1_2_and_before(self):
        for version in ("-tls1_2", "-tls1_1", "-tls1"):
            with self.subTest(version=version):
                weak = "-cipher", "DEFAULT@SECLEVEL=0"  # s_client would refuse itself.
                self.is_refused("tls_failed", PROTOCOL_VERSION, *self.leaf(), version, *weak)

    def test_nothing_in_common(self):
        for choice in (("-ciphersuites", "TLS_AES_128_CCM_SHA256"), ("-groups", "P-384")):
            with self.subTest(choice=choice):
                self.is_refused("tls_failed", HANDSHAKE_FAILURE, *self.leaf(), *choice)

    def test_every_suite_and_group_that_is_taken(self):
        for suite in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"):
            for group in ("X25519", "P-256"):
                with self.subTest(suite=suite, group=group):
                    choice = "-ciphersuites", f"TLS_{suite}", "-groups", group
                    self.assertIn("HTTP/1.1 200 OK", self.shake(*self.leaf(), *choice)[0])

    def test_a_resumed_session_is_the_same_caller(self):
        session = os.path.join(self.certs.folder.name, "session")
        self.assertIn("\nNew, TLSv1.3", self.shake(*self.leaf(), "-sess_out", session)[0])
        out, _ = self.shake("-sess_in", session)
        self.assertIn("\nReused, TLSv1.3", out)
        self.assertIn(f"URI={identity_of('order')}", out)

    def test_keys_are_changed_on_the_way(self):
        with subprocess.Popen(
            self.command(*self.leaf(), "-alpn", "http/1.1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as client:
            self.addCleanup(client.kill)
            until(lambda: self.handshakes("ok") == 1, "the handshake is over")
            for command in (b"K\n", b"k\n", b"K\n"):  # K: we are to change ours as well.
                self.write(client, command)
                self.read_to(client, b"KEYUPDATE")
                self.write(client, b"GET /next HTTP/1.1\r\nHost: product\r\n\r\n")
                self.assertIn(b"200 OK", self.read_to(client, b'"}'))
            client.stdin.close()
        self.assertEqual(self.handshakes("ok"), 1)

    @staticmethod
    def write(client, data):
        client.stdin.write(data)
        client.stdin.flush()

    @staticmethod
    def read_to(client, mark):
        got = b""
        while mark not in got:
            ready, _, _ = select.select([client.stdout], [], [], LIMIT_S)
            more = client.stdout.read1() if ready else b""
            if not more:
                raise AssertionError(f"no {mark}: {got}")
            got += more
        return got


class TestSsl(Strict):
    """testssl.sh knows many weaknesses; it opens hundreds of connections, most of them broken."""

    def test_it_finds_no_weakness(self):
        if SANITIZER:
            self.skipTest("takes minutes with sanitizers")
        made = {name: self.begin(name, *what) for name, what in self.parts.items()}
        found = {}
        for name, process in made.items():
            process.communicate(timeout=12 * LIMIT_S)
            with open(self.report(name), encoding="utf-8") as file:
                found.update({each["id"]: each for each in json.load(file)})
        bad = [e for e in found.values() if e["severity"] not in ("OK", "INFO", "DEBUG")]
        about_itself = ("engine_problem", "optimal_proto")
        self.assertEqual([e for e in bad if e["id"] not in about_itself], [])
        for old in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2"):
            self.assertEqual(found[old]["finding"], "not offered")
        self.assertIn("offered", found["TLS1_3"]["finding"])
        for weak in ("NULL", "aNULL", "EXPORT", "LOW", "3DES_IDEA", "AVERAGE"):
            self.assertEqual(found[f"cipherlist_{weak}"]["finding"], "not offered")
        self.assertEqual(found["cipherlist_STRONG"]["finding"], "offered")
        self.assertEqual(found["heartbleed"]["severity"], "OK")
        self.assertEqual(found["ALPN_HTTP2"]["finding"], "h2")
        self.assertEqual(self.application.connections, [])
        self.assertIn("HTTP/1.1 200", OpenSsl.shake(self, *self.leaf())[0])

    parts = {"ciphers": ("-p", "-s", "-f"), "weaknesses": ("-U",)}

    def report(self, name):
        return os.path.join(self.certs.folder.name, f"{name}.json")

    def begin(self, name, *what):
        options = ("--quiet", "--color", "0", "--warnings", "off", "--nodns", "none")
        return subprocess.Popen(
            [
                *(program("testssl"), *options, "--jsonfile", self.report(name), *what),
                f"127.0.0.1:{self.inbound}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    unittest.main()
