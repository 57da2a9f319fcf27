"""Two sidecars with mutual TLS between them: who may call whom, and what comes through."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

from mesh_support import MeshTest, identity_of
from support import Client, echo, read_request, saying, until

REASON = "x-skiff-reason"
UPGRADE = "GET /chat HTTP/1.1\r\nHost: product\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3.


def handshakes(sidecar, side, result="ok"):
    return sidecar.metric(f"skiff_tls_{side}_handshakes_total", result=result)


class Pair(MeshTest):
    def test_the_callee_learns_who_called(self):
        caller, callee = self.pair(echo)
        status, _, body = self.ask()
        self.assertEqual(status, 200)
        seen = json.loads(body)["headers"]
        by_and_uri = f"By={identity_of('product')};URI={identity_of('order')}"
        self.assertEqual(seen["x-forwarded-client-cert"], by_and_uri)
        self.assertEqual(handshakes(caller, "client"), 1)
        self.assertEqual(handshakes(callee, "server"), 1)

    def test_nobody_can_claim_to_be_another(self):
        self.pair(echo)
        claim = f"X-Forwarded-Client-Cert: URI={identity_of('payment')}\r\n"
        _, _, body = self.ask(f"GET / HTTP/1.1\r\nHost: product\r\n{claim}\r\n")
        seen = json.loads(body)["headers"]["x-forwarded-client-cert"]
        self.assertNotIn("payment", seen)

    def test_many_requests_share_a_connection(self):
        caller, callee = self.pair(saying("hello"))
        client = self.client()
        for _ in range(50):
            self.assertEqual(
                client.send("GET / HTTP/1.1\r\nHost: product\r\n\r\n").answer()[0], 200
            )
        self.assertEqual(handshakes(callee, "server"), 1)
        self.assert_metric(caller, 1, "skiff_backend_connections_opened_total")

    def test_bodies_come_whole_both_ways(self):
        def mirror(client):
            while True:
                body = read_request(client)[2]
                client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        self.pair(mirror)
        data = os.urandom(3 << 20)
        head = f"POST / HTTP/1.1\r\nHost: product\r\nContent-Length: {len(data)}\r\n\r\n"
        self.assertEqual(self.ask(head.encode() + data)[2], data)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(data[i : i + 70_000]), data[i : i + 70_000])
                          for i in range(0, len(data), 70_000))  # fmt: skip
        head = b"POST / HTTP/1.1\r\nHost: product\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.ask(head + chunks + b"0\r\n\r\n")[2], data)

    def test_a_websocket_crosses(self):
        def chat(client):
            _, headers, _, _ = read_request(client)
            self.assertEqual(headers["upgrade"], "websocket")
            client.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
            client.send("Upgrade: websocket\r\nSec-WebSocket-Accept: from-the-backend\r\n\r\n")
            while got := client.socket.recv(100):
                client.send(got.upper())

        self.pair(chat)
        client = self.client().send(UPGRADE + KEY)
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["sec-websocket-accept"]), (101, ACCEPT))
        self.assertEqual(client.send("hello").read_exactly(5), b"HELLO")
        self.assertEqual(client.send("again").end().read_to_end(), b"AGAIN")

    def test_bytes_cross_and_end_each_way_by_themselves(self):
        def mirror(client):
            while got := client.socket.recv(1 << 16):
                client.send(got)

        self.pair(mirror, protocol="TCP")
        client = self.client()
        data = os.urandom(2 << 20)
        threading.Thread(target=lambda: client.send(data).end()).start()
        self.assertEqual(client.read_to_end(), data)


class Plain(MeshTest):
    """What happens to callers without mutual TLS."""

    def began(self, tls):
        self.certs = self.authority("order", "product")
        self.application = self.backend(echo)
        return self.callee(self.application.port, tls=tls)

    def test_a_strict_port_says_nothing_to_them(self):
        callee = self.began("strict")
        client = self.client(self.inbound).send("GET / HTTP/1.1\r\nHost: product\r\n\r\n")
        self.assertTrue(client.is_closed())
        self.assert_metric(callee, 1, "skiff_plaintext_connections_total", fate="refused")
        self.assertEqual(self.application.connections, [])

    def test_a_permissive_port_serves_them_and_counts_them(self):
        callee = self.began("permissive")
        self.assertEqual(self.ask(port=self.inbound)[0], 200)
        self.assert_metric(callee, 1, "skiff_plaintext_connections_total", fate="accepted")
        by_name = callee.metric("skiff_plaintext_callers_total", source="product.shop")
        self.assertEqual(by_name, 1)  # The only service with an endpoint at this address.
        self.caller()
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(handshakes(callee, "server"), 1)

    def test_with_an_identity_a_port_is_permissive(self):
        callee = self.began(None)
        self.assertEqual(self.ask(port=self.inbound)[0], 200)
        self.caller()
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(handshakes(callee, "server"), 1)

    def test_a_caller_without_identity_does_not_call_in_plain_text(self):
        self.began("permissive")
        self.caller(identity=False)
        status, headers, _ = self.ask()
        self.assertEqual((status, headers[REASON]), (503, "tls_required"))
        self.assertEqual(self.application.connections, [])


class Refusals(MeshTest):
    """Strangers at the callee's port, and strangers in place of the callee."""

    def setUp(self):
        self.certs = self.authority("order", "product")
        self.application = self.backend(echo)
        self.sidecar_of_product = self.callee(self.application.port)

    def shake(self, certificate=None, key=None, version=ssl.TLSVersion.TLSv1_3):
        """One handshake and one request; what came back of it."""
        context = ssl.create_default_context(cafile=self.certs.path("ca.pem"))
        context.check_hostname = False
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # This client would refuse itself.
        if certificate:
            context.load_cert_chain(certificate, key)
        plain = socket.create_connection(("127.0.0.1", self.inbound), 10)
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            with context.wrap_socket(plain) as secure:
                secure.sendall(b"GET / HTTP/1.1\r\nHost: product\r\nConnection: close\r\n\r\n")
                return secure.recv(100)
        return b""

    def is_refused(self, result, *leaf, **options):
        before = handshakes(self.sidecar_of_product, "server", result)
        self.assertEqual(self.shake(*leaf, **options), b"")
        until(
            lambda: handshakes(self.sidecar_of_product, "server", result) == before + 1,
            f"refused as {result}",
        )
        self.assertEqual(self.application.connections, [])

    def leaf(self, extensions, days=1, key_type=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """A certificate of the same authority with these lines as its extensions."""
        path = os.path.join(self.certs.folder.name, "odd")
        with open(f"{path}.cnf", "w", encoding="ascii") as file:
            file.write(extensions)
        new = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=odd", "-keyout", f"{path}.key"]
        subprocess.run(
            [*new, "-newkey", *key_type, "-out", f"{path}.csr"], check=True, capture_output=True
        )
        sign = ["openssl", "x509", "-req", "-in", f"{path}.csr", "-out", f"{path}.pem"]
        sign += ["-CA", self.certs.path("ca.pem"), "-CAkey", self.certs.path("ca.key")]
        subprocess.run(
            [*sign, "-CAcreateserial", "-days", str(days), "-extfile", f"{path}.cnf"],
            check=True,
            capture_output=True,
        )
        return f"{path}.pem", f"{path}.key"

    def test_who_is_known_is_served(self):
        got = self.shake(self.certs.path("order.shop.pem"), self.certs.path("order.shop.key"))
        self.assertTrue(got.startswith(b"HTTP/1.1 200"))

    def test_no_certificate(self):
        self.is_refused("tls_no_certificate")

    def test_a_root_that_nobody_knows(self):
        other = self.authority("order")
        self.is_refused(
            "tls_unknown_root", other.path("order.shop.pem"), other.path("order.shop.key")
        )

    def test_no_identity(self):
        self.is_refused("tls_no_identity", *self.leaf("subjectAltName=DNS:order\n"))

    def test_two_identities(self):
        both = f"URI:{identity_of('order')},URI:{identity_of('payment')}"
        self.is_refused("tls_several_identities", *self.leaf(f"subjectAltName={both}\n"))

    def test_another_trust_domain(self):
        name = "subjectAltName=URI:spiffe://elsewhere.test/ns/shop/sa/order\n"
        self.is_refused("tls_trust_domain", *self.leaf(name))

    def test_a_certificate_for_servers_only(self):
        name = f"subjectAltName=URI:{identity_of('order')}\nextendedKeyUsage=serverAuth\n"
        self.is_refused("tls_wrong_usage", *self.leaf(name))

    def test_an_authority_that_calls_by_itself(self):
        name = f"subjectAltName=URI:{identity_of('order')}\nbasicConstraints=CA:TRUE\n"
        self.is_refused("tls_wrong_usage", *self.leaf(name))

    def test_a_key_that_is_too_short(self):
        name = f"subjectAltName=URI:{identity_of('order')}\n"
        key_type = ("rsa:1024",)
        self.is_refused("tls_weak_key", *self.leaf(name, key_type=key_type))

    def test_tls_1_2(self):
        leaf = self.certs.path("order.shop.pem"), self.certs.path("order.shop.key")
        self.is_refused("tls_failed", *leaf, version=ssl.TLSVersion.TLSv1_2)

    def test_the_wrong_service_gets_no_request(self):
        self.caller(extra="  identities: [payment]\n")
        status, headers, _ = self.ask()
        self.assertEqual((status, headers[REASON]), (503, "tls_wrong_identity"))
        self.assertEqual(self.application.connections, [])


class NewCertificates(MeshTest):
    """The files of an identity are replaced while requests flow."""

    def replace(self, authority, name, leaf, bundle):
        """Puts `leaf` of `authority` and a bundle in the place of those of `name`, key first."""
        for suffix in (".key", ".pem"):
            shutil.copy(authority.path(leaf + suffix), self.certs.path(name + suffix + ".next"))
            os.replace(self.certs.path(name + suffix + ".next"), self.certs.path(name + suffix))
        with open(self.certs.path("ca.pem.next"), "w", encoding="ascii") as file:
            file.write(bundle)
        os.replace(self.certs.path("ca.pem.next"), self.certs.path("ca.pem"))

    def accepted(self, sidecar):
        return sidecar.metric("skiff_certificate_reloads_total", result="accepted")

    def has_taken(self, sidecar, before, step):
        until(lambda: self.accepted(sidecar) > before, f"step {step}: the change is taken")

    def serial(self, sidecar):
        return json.loads(sidecar.get("/certs")[1])["serial"]

    def test_no_request_fails_while_root_and_leaves_change(self):
        caller, callee = self.pair(saying("hello"))
        failures, stop = [], threading.Event()

        def load():
            client = Client(self.port)
            while not stop.is_set():
                status = client.send("GET / HTTP/1.1\r\nHost: product\r\n\r\n").answer()[0]
                if status != 200:
                    failures.append(status)
            client.close()

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        old_root = self.certs.read("ca.pem")
        other = self.authority("order", "product")
        for step in range(3):  # Trust both roots; then the new leaves; then the new root alone.
            authority = self.certs if step == 0 else other
            bundle = other.read("ca.pem") + (old_root if step < 2 else "")
            taken = [self.accepted(sidecar) for sidecar in (caller, callee)]
            for name in ("order.shop", "product.shop"):
                self.replace(authority, name, name, bundle)
            for sidecar, before in zip((caller, callee), taken):
                self.has_taken(sidecar, before, step)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.ask()[0], 200)

    def test_a_file_that_cannot_be_used_changes_nothing(self):
        caller, _ = self.pair(saying("hello"))
        serial = self.serial(caller)
        with open(self.certs.path("order.shop.pem"), "w", encoding="ascii") as file:
            file.write("-----BEGIN CERTIFICATE-----\nhalf of it")
        until(
            lambda: caller.metric("skiff_certificate_reloads_total", result="refused") == 1,
            "the half file is refused",
        )
        self.assertEqual(self.serial(caller), serial)
        self.assertEqual(self.ask()[0], 200)
        self.assert_logged(caller, "certificates refused")


if __name__ == "__main__":
    unittest.main()
