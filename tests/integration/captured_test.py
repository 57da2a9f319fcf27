"""Applications that know nothing of sidecars, on hosts of their own, whose traffic is captured.

Two network namespaces joined by a wire. Each has a sidecar, which runs as a user of its own, and
the rules of `skiff-sidecar capture install`.
"""

import json
import os
import socket
import subprocess
import textwrap
import unittest

from namespaces import Namespace, join, run
from support import BIN, until

SIDECAR = os.path.join(BIN, "skiff-sidecar")
USER = "61337"  # Whose traffic is left alone; nobody else has this number.

# What answers with what arrived, in whatever network namespace it is started.
ECHO = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({"host": self.headers["Host"], "path": self.path,
                           "id": self.headers["x-request-id"], "from": sys.argv[2],
                           "client": self.client_address[0]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = __import__("socket").AF_INET6
Server(("::", int(sys.argv[1])), Handler).serve_forever()
"""

# Greets, then sends back what comes, until the end.
GREETER = """
import socketserver, sys
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"220 " + sys.argv[2].encode() + b"\\n")
        while data := self.request.recv(65536):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    address_family = __import__("socket").AF_INET6
    allow_reuse_address = daemon_threads = True
Server(("::", int(sys.argv[1])), Handler).serve_forever()
"""

# Says what it is told to an address, ends its side, prints what comes, or how it ended.
ASK = """
import socket, sys
try:
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
    s.sendall(sys.argv[3].encode())
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536):
        sys.stdout.write(data.decode())
except OSError as error:
    print("broken:", type(error).__name__)
"""


class Host:
    """A namespace with a sidecar beside its applications."""

    def __init__(self, test, name):
        self.namespace = Namespace()
        test.addCleanup(self.namespace.delete)
        self.name = name
        self.config = os.path.join(self.namespace.folder, "sidecar.yaml")
        self.log = os.path.join(self.namespace.folder, "log")

    def write(self, name, text):
        path = os.path.join(self.namespace.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(text))

    def sidecar(self, spec="", policies="", capture=""):
        self.write(
            "sidecar.yaml",
            "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: test}\nspec:\n"
            f"  service: {self.name}\n  policies: policies\n  accessLog: {{mode: all}}\n"
            f"{spec}  capture:\n    user: {USER}\n{capture}",
        )
        self.write("policies/all.yaml", policies)
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = self.namespace.start(
                *("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"),
                *(SIDECAR, "--config", self.config),
                stdout=log,
                stderr=log,
            )
        until(self.is_ready, f"the sidecar of {self.name} is ready: {self.logged()}")
        self.namespace.run(SIDECAR, "capture", "install", "--config", self.config)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(self.logged())
        return self.page("/ready") is not None

    def page(self, path):
        done = self.namespace.run("curl", "-sf", f"http://127.0.0.1:15000{path}", check=False)
        return done.stdout if done.returncode == 0 else None

    def metric(self, name, **labels):
        total = 0.0
        for line in (self.page("/metrics") or "").splitlines():
            if line.startswith(name) and line[len(name)] in " {":
                if all(f'{k}="{v}"' in line for k, v in labels.items()):
                    total += float(line.rsplit(" ", 1)[1])
        return total

    def logged(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def lines(self):
        return [json.loads(line) for line in self.logged().splitlines() if line.startswith("{")]

    def serve(self, program, port, address="127.0.0.1"):
        self.namespace.start("python3", "-c", program, str(port), self.name)
        command = ["python3", "-c", ASK, address, str(port), ""]
        until(lambda: "broken" not in self.namespace.run(*command).stdout, f"port {port} listens")

    def curl(self, url, *more):
        done = self.namespace.run(
            "curl", "-s", "--max-time", "10", "-w", "\n%{http_code}", *more, url, check=False
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def ask(self, address, port, text):
        return self.namespace.run("python3", "-c", ASK, address, str(port), text).stdout


def static(name, port, address, protocol="HTTP", extra=""):
    return (
        f"---\napiVersion: skiff.dev/v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec:\n  ports: [{{port: {port}, protocol: {protocol}}}]\n{extra}"
        f"  endpoints: [{{address: '{address}', port: {port}}}]\n"
    )


class Captured(unittest.TestCase):
    def setUp(self):
        self.shop = Host(self, "shop")
        self.store = Host(self, "store")
        join(self.shop.namespace, self.store.namespace, os.getpid() % 200 + 20)
        self.network = os.getpid() % 200 + 20
        self.shop4, self.store4 = f"10.{self.network}.0.1", f"10.{self.network}.0.2"
        self.shop6, self.store6 = f"fd00:{self.network}::1", f"fd00:{self.network}::2"

    def policies(self):
        return static("store", 8000, self.store4, extra=f"  addresses: ['10.99.0.1']\n") + static(
            "greeter", 7000, self.store4, "TCP", "  addresses: ['10.99.0.2']\n"
        )

    def both(self, capture=""):
        """A sidecar on each host, captured; the store serves HTTP on 8000 and bytes on 7000."""
        self.store.serve(ECHO, 8000)
        self.store.serve(GREETER, 7000)
        for host in (self.shop, self.store):
            host.namespace.run("ip", "route", "add", "default", "dev", self.device(host))
            host.namespace.run("ip", "-6", "route", "add", "default", "dev", self.device(host))
            host.sidecar(policies=self.policies(), capture=capture)

    def device(self, host):
        links = json.loads(host.namespace.run("ip", "-j", "link").stdout)
        return next(link["ifname"] for link in links if link["ifname"] != "lo")

    def test_http_by_name_goes_through_both_sidecars(self):
        self.both()
        status, body = self.shop.curl(f"http://{self.store4}:8000/a", "-H", "Host: store")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["path"], "/a")
        self.assertTrue(json.loads(body)["id"], "a sidecar has given it an id")
        self.assertEqual(
            self.shop.metric(
                "skiff_requests_total", direction="outbound", destination="store.default"
            ),
            1,
        )
        self.assertEqual(self.store.metric("skiff_requests_total", direction="inbound"), 1)

    def test_http_to_an_endpoints_address(self):
        self.both()
        status, body = self.shop.curl(f"http://{self.store4}:8000/a")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["host"], f"{self.store4}:8000")
        self.assertEqual(
            self.shop.metric("skiff_requests_total", destination="store.default", route="endpoint"),
            1,
        )

    def test_http_and_bytes_to_a_services_address(self):
        self.both()
        status, body = self.shop.curl("http://10.99.0.1:8000/a")
        self.assertEqual((status, json.loads(body)["from"]), (200, "store"))
        self.assertEqual(self.shop.ask("10.99.0.2", 7000, "hello"), "220 store\nhello")
        self.assertEqual(
            self.shop.metric(
                "skiff_requests_total", direction="outbound", destination="greeter.default"
            ),
            1,
        )

    def test_a_server_that_speaks_first_on_a_declared_port(self):
        self.both()
        self.assertEqual(self.shop.ask(self.store4, 7000, "hello"), "220 store\nhello")

    def test_ipv6_like_ipv4(self):
        self.both()
        status, body = self.shop.curl(f"http://[{self.store6}]:8000/six")
        self.assertEqual((status, json.loads(body)["path"]), (200, "/six"))
        self.assertEqual(self.shop.ask(self.store6, 7000, "six"), "220 store\nsix")
        self.assertEqual(self.store.metric("skiff_requests_total", direction="inbound"), 2)
        self.assertEqual(
            self.shop.metric(
                "skiff_requests_total", destination=f"[{self.store6}]:8000", route="egress"
            ),
            1,
        )

    def test_what_is_unknown_is_let_out_and_named(self):
        self.store.serve(ECHO, 9000)
        self.both()
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 200)
        self.assertEqual(
            self.shop.metric(
                "skiff_requests_total", destination=f"{self.store4}:9000", route="egress"
            ),
            1,
        )

    def test_what_is_unknown_may_be_refused_and_named(self):
        self.store.serve(ECHO, 9000)
        self.both(capture="    egress: registry\n")
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 503)
        told = self.shop.ask(self.store4, 9000, "GARBAGE")
        self.assertTrue(told.startswith("broken: "), told)
        self.assertNotIn("Timeout", told)
        self.assertEqual(
            self.shop.metric(
                "skiff_requests_total",
                destination=f"{self.store4}:9000",
                route="egress",
                reason="unknown_service",
            ),
            2,
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200, "a known one")

    def test_excluded_ports_are_let_alone(self):
        self.store.serve(ECHO, 9000)
        self.both(
            capture="    egress: registry\n    excludeOutboundPorts: [9000]\n"
            "    excludeInboundPorts: [9000]\n"
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 200)
        self.assertEqual(self.shop.metric("skiff_requests_total"), 0)
        self.assertEqual(self.store.metric("skiff_requests_total"), 0)

    def test_an_inbound_listener_serves_its_applications_port(self):
        self.store.serve(ECHO, 8000)
        self.store.sidecar(
            spec="  inbound: [{port: 5102, application: '127.0.0.1:8000'}]\n",
            policies=self.policies(),
        )
        status, body = self.shop.curl(f"http://{self.store4}:8000/")
        self.assertEqual(status, 200)
        self.assertIn("127.0.0.1", json.loads(body)["client"])
        self.assertEqual(self.shop.curl(f"http://{self.store4}:5102/")[0], 200, "directly, too")

    def test_what_listens_on_loopback_alone_stays_out_of_reach(self):
        secret = ECHO.replace('("::",', '("::1",')
        self.store.serve(secret, 8500, "::1")
        self.both()
        self.assertNotEqual(self.shop.curl(f"http://[{self.store6}]:8500/")[0], 200)
        self.assertNotEqual(self.shop.curl(f"http://{self.store4}:15000/metrics")[0], 200)

    def test_no_way_leads_back_to_the_sidecar(self):
        self.both()
        for port in (15001, 15006):
            for host, address in ((self.shop, self.store4), (self.store, self.store4)):
                self.assertEqual(host.curl(f"http://{address}:{port}/")[0], 0)
            self.assertEqual(self.store.curl(f"http://127.0.0.1:{port}/")[0], 0)
        self.assertGreater(
            self.shop.metric("skiff_captured_connections_refused_total")
            + self.store.metric("skiff_captured_connections_refused_total"),
            3,
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200, "it lives on")

    def test_an_application_reaches_itself(self):
        self.both()
        for address in ("127.0.0.1", self.store4, f"[{self.store6}]", "[::1]"):
            self.assertEqual(self.store.curl(f"http://{address}:8000/")[0], 200, address)

    def test_much_both_ways(self):
        self.both()
        text = "x" * 100_000
        self.assertEqual(self.shop.ask(self.store4, 7000, text), "220 store\n" + text)

    def test_removed_the_sidecars_are_out_of_the_way(self):
        self.both()
        for host in (self.shop, self.store):
            host.namespace.run(SIDECAR, "capture", "remove")
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200)
        self.assertEqual(self.shop.metric("skiff_requests_total"), 0)
        self.assertEqual(self.store.metric("skiff_requests_total"), 0)


if __name__ == "__main__":
    unittest.main()
