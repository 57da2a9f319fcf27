"""Capture, identities and authorization together, between applications that know nothing of them.

Each host is a network namespace whose TCP is captured: `order` calls `product`, whose port takes
mutual TLS only. `stranger` has no sidecar.
"""

import json
import os
import shutil
import subprocess
import unittest

from captured_support import ASK, ECHO, USER, Host
from mesh_support import Authority, identity_of, mesh_tls
from namespaces import Namespace, join, run
from real_servers import program
from support import WaitingTest, until

HTTP, REDIS = 8000, 6379

POLICIES = """---
apiVersion: skiff.dev/v1
kind: Service
metadata: {{name: product, namespace: shop}}
spec:
  ports:
    - {{name: http, port: 80}}
    - {{name: redis, port: 6379, protocol: TCP}}
  addresses: [10.99.0.1]
  endpoints:
    - {{address: {address}, port: 8000, portName: http}}
    - {{address: {address}, port: 6379, portName: redis}}
---
apiVersion: skiff.dev/v1
kind: AuthorizationPolicy
metadata: {{name: secrets, namespace: shop}}
spec:
  targetRefs: [{{name: product}}]
  action: DENY
  rules:
    - {{name: nobody, to: [{{paths: [/secret/*], ports: [80]}}]}}
---
apiVersion: skiff.dev/v1
kind: AuthorizationPolicy
metadata: {{name: callers, namespace: shop}}
spec:
  targetRefs: [{{name: product}}]
  action: ALLOW
  rules:
    - {{name: order, from: [{{identities: ["{order}"]}}], to: [{{ports: [80]}}]}}
    - {{name: cache, from: [{{identities: ["{order}"]}}], to: [{{ports: [6379]}}]}}
"""


class CapturedMesh(WaitingTest):
    def setUp(self):
        self.redis_cli, self.redis_server = program("redis-cli"), program("redis-server")
        self.order, self.product = Host(self, "order"), Host(self, "product")
        self.stranger = Namespace()
        self.addCleanup(self.stranger.delete)
        self.certs = Authority("order", "product", "payment")
        self.addCleanup(self.certs.close)
        network = os.getpid() % 100 + 20
        join(self.order.namespace, self.product.namespace, network)
        join(self.stranger, self.product.namespace, network + 100)
        self.address = f"10.{network}.0.2"
        self.address_for_strangers = f"10.{network + 100}.0.2"

    def begin(self, capture="", caller="order", mode="strict"):
        """Both sidecars; on product's host an HTTP server and Redis."""
        self.product.serve(ECHO, HTTP)
        self.product.namespace.start(
            *(self.redis_server, "--port", str(REDIS), "--bind", "*", "--save", ""),
            *("--protected-mode", "no", "--dir", self.product.namespace.folder),
            stdout=subprocess.DEVNULL,
        )
        until(lambda: self.redis(self.product, "127.0.0.1", "PING") == "PONG", "Redis answers")
        policies = POLICIES.format(address=self.address, order=identity_of("order"))
        for host, name in ((self.order, caller), (self.product, "product")):
            host.name = name
            host.route_everything()
            host.sidecar(
                spec=f"  namespace: shop\n{self.identity(host, name)}",
                policies=policies + mesh_tls(mode),
                capture=capture,
            )

    def identity(self, host, name):
        """Its part of the sidecar's spec, with a copy of the files that its user may read."""
        folder = os.path.join(host.namespace.folder, "certs")
        shutil.copytree(self.certs.folder.name, folder)
        run("chown", "-R", USER, folder)
        spec = self.certs.identity(name).replace(self.certs.folder.name, folder)
        return "".join(f"  {line}\n" for line in spec.splitlines())

    def redis(self, host, address, *words):
        command = [self.redis_cli, "-h", address, "-p", str(REDIS), *words]
        return host.namespace.run(*command, check=False).stdout.strip()

    def stranger_asks_redis(self):
        """Once, where redis-cli would ask again."""
        command = ["python3", "-c", ASK, self.address_for_strangers, str(REDIS), "PING\r\n"]
        return self.stranger.run(*command).stdout

    def handshakes(self, host, side, result="ok"):
        return host.metric(f"skiff_tls_{side}_handshakes_total", result=result)

    def verdicts(self, verdict, rule):
        return self.product.metric(
            "skiff_authorization_verdicts_total", verdict=verdict, rule=rule, mode="enforce"
        )

    def test_an_allowed_caller_passes_by_name_and_by_both_addresses(self):
        self.begin()
        for number, (url, *more) in enumerate(
            (
                (f"http://{self.address}:{HTTP}/items", "-H", "Host: product"),
                (f"http://{self.address}:{HTTP}/items",),
                ("http://10.99.0.1/items",),
            ),
            1,
        ):
            status, body = self.order.curl(url, *more)
            self.assertEqual(status, 200, url)
            seen = json.loads(body)
            self.assertEqual(seen["path"], "/items")
            uris = f"By={identity_of('product')};URI={identity_of('order')}"
            self.assertEqual(seen["xfcc"], uris)
            self.assertEqual(self.verdicts("allowed", "order"), number)
        self.assertGreater(self.handshakes(self.order, "client"), 0)
        self.assertEqual(
            self.handshakes(self.order, "client"), self.handshakes(self.product, "server")
        )
        self.assert_metric(
            self.product, 3, "skiff_requests_total", direction="inbound", source="order.shop"
        )

    def test_redis_speaks_through_both_sidecars(self):
        self.begin()
        for address in (self.address, "10.99.0.1"):
            self.assertEqual(self.redis(self.order, address, "SET", "key", address), "OK")
            self.assertEqual(self.redis(self.order, address, "GET", "key"), address)
        self.assertEqual(self.redis(self.product, "127.0.0.1", "GET", "key"), "10.99.0.1")
        self.assertEqual(self.handshakes(self.product, "server"), 4, "a connection each")
        self.assertEqual(self.verdicts("allowed", "cache"), 4)

    def test_a_permissive_port_of_a_server_that_may_speak_first_takes_both(self):
        self.begin(mode="permissive")
        self.assertEqual(self.redis(self.order, self.address, "PING"), "PONG")
        self.assertEqual(self.handshakes(self.product, "server"), 1)
        self.assertNotIn("PONG", self.stranger_asks_redis(), "not allowed")
        self.assert_metric(self.product, 1, "skiff_plaintext_connections_total", fate="accepted")
        denied = self.product.metric("skiff_authorization_verdicts_total", verdict="denied")
        self.assertEqual(denied, 1)

    def test_a_denied_path_names_the_rule(self):
        self.begin()
        status, body = self.order.curl(f"http://{self.address}:{HTTP}/secret/plan", "-i")
        self.assertEqual(status, 403)
        self.assertIn("x-skiff-reason: denied", body)
        self.assertIn("x-skiff-policy: shop/secrets/nobody", body)
        self.assertEqual(self.verdicts("denied", "nobody"), 1)
        self.assertEqual(self.order.curl(f"http://{self.address}:{HTTP}/")[0], 200, "others pass")

    def test_another_identity_is_denied_http_and_bytes(self):
        self.begin(caller="payment")
        status, body = self.order.curl(f"http://{self.address}:{HTTP}/", "-i")
        self.assertEqual(status, 403)
        self.assertIn("x-skiff-policy: no-allow", body)
        self.assertNotIn("PONG", self.order.ask(self.address, REDIS, "PING\r\n"))
        self.assert_metric(self.product, 2, "skiff_requests_total", reason="denied")

    def test_a_stranger_in_plain_text_is_refused_and_counted(self):
        self.begin()
        url = f"http://{self.address_for_strangers}:{HTTP}/"
        told = self.stranger.run("curl", "-s", "--max-time", "10", url, check=False)
        self.assertIn(told.returncode, (52, 56), "closed without an answer")
        self.assertEqual(told.stdout, "")
        self.assertNotIn("PONG", self.stranger_asks_redis())
        refused = self.product.metric("skiff_plaintext_connections_total", fate="refused")
        self.assertEqual(refused, 2)
        self.assert_metric(self.product, 2, "skiff_plaintext_callers_total")
        self.assert_metric(self.product, 0, "skiff_requests_total", direction="inbound")

    def test_what_is_no_service_is_let_out_in_plain_text_and_named(self):
        self.product.serve(ECHO, 9000)
        self.begin(capture="    excludeInboundPorts: [9000]\n")
        status, body = self.order.curl(f"http://{self.address}:9000/")
        self.assertEqual((status, json.loads(body)["xfcc"]), (200, None))
        self.assert_metric(
            self.order,
            1,
            "skiff_requests_total",
            destination=f"{self.address}:9000",
            route="egress",
        )
        self.assertEqual(self.handshakes(self.order, "client"), 0)

    def test_what_is_no_service_may_be_refused_and_named(self):
        self.product.serve(ECHO, 9000)
        self.begin(capture="    egress: registry\n    excludeInboundPorts: [9000]\n")
        status, body = self.order.curl(f"http://{self.address}:9000/", "-i")
        self.assertEqual(status, 503)
        self.assertIn("x-skiff-reason: unknown_service", body)
        self.assert_metric(
            self.order,
            1,
            "skiff_requests_total",
            destination=f"{self.address}:9000",
            route="egress",
            reason="unknown_service",
        )
        self.assertEqual(self.order.curl(f"http://{self.address}:{HTTP}/")[0], 200, "a service is")


if __name__ == "__main__":
    unittest.main()
