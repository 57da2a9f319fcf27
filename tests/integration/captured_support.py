"""Hosts with applications that know nothing of sidecars, and a sidecar that captures their traffic.

Each is a network namespace. Its sidecar runs as a user of its own, with the rules of
`skiff-sidecar capture install`.
"""

import json
import os
import textwrap

from namespaces import Namespace
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
                           "client": self.client_address[0],
                           "xfcc": self.headers["x-forwarded-client-cert"]}).encode()
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

    def route_everything(self):
        """Sends what goes to no address of its own networks by its wire."""
        links = json.loads(self.namespace.run("ip", "-j", "link").stdout)
        device = next(link["ifname"] for link in links if link["ifname"] != "lo")
        for version in ("-4", "-6"):
            self.namespace.run("ip", version, "route", "add", "default", "dev", device)

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
