"""What the integration tests stand on: real sidecars, obedient backends, raw sockets.

Everything listens on loopback, on ports from the kernel, and ends with the test that began it.
"""

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SKIFF_BIN", os.path.join(ROOT, "build/release/bin"))
# With `./run asan --all` and `./run tsan --all`: all is slow, a process's memory says nothing of
# what it holds, and what the sanitizer finds in a sidecar fails the test that began it.
SANITIZER = os.environ.get("SKIFF_SANITIZER", "")
WORKERS = os.environ.get("SKIFF_WORKERS", "")  # Of every sidecar that does not say it itself.
LIMIT_S = 90 if SANITIZER else 20  # For anything that should happen soon, on a slow machine too.
FINDINGS = ("Sanitizer", "runtime error:")


HELD_PORTS = []  # Sockets, open as long as this process runs.


def free_port():
    """A port on which nobody listens, and that nobody else is given while this process runs.

    A socket that does not listen holds it. As it may be shared, whoever asks for this very port
    (with SO_REUSEADDR, as servers do) gets it; who lets the kernel choose, to listen or to connect,
    gets another.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    HELD_PORTS.append(held)
    return held.getsockname()[1]


def until(condition, what, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"not within {limit_s} s: {what}")


class Sidecar:
    """A skiff-sidecar with its files in a folder of its own.

    `spec` is the Sidecar's spec as YAML lines (without `admin` and `policies`), `policies` the text
    of its policies.
    """

    def __init__(self, spec, policies=""):
        if WORKERS and "workers:" not in spec:
            spec += f"\nworkers: {WORKERS}"
        self.folder = tempfile.TemporaryDirectory(prefix="skiff-test-")
        self.admin = free_port()
        os.mkdir(self.path("policies"))
        self.write_policies(policies)
        self.config = self.path("sidecar.yaml")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: test}\nspec:\n")
            f.write(indent(spec, 2))
            f.write(f"\n  admin: {{port: {self.admin}}}\n  policies: policies\n")
        self.log = open(self.path("log"), "w+", encoding="utf-8")
        self.process = None

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def start(self):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "skiff-sidecar"), "--config", self.config],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        until(self.is_ready_or_dead, "the sidecar is ready")
        if self.process.poll() is not None:
            raise AssertionError(
                f"the sidecar ended with {self.process.returncode}:\n{self.logged()}"
            )
        return self

    def is_ready_or_dead(self):
        return self.process.poll() is not None or self.get("/ready")[0] == 200

    def get(self, path, method="GET", body=None, headers=None):
        """Status and text of an admin page; 0 where nothing answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin}{path}", body, headers or {}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name, **labels):
        """The sum of all series of that name that have these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name) and line[len(name)] in " {":
                if all(f'{k}="{v}"' in line for k, v in labels.items()):
                    total += float(line.rsplit(" ", 1)[1])
        return total

    def write_policies(self, text, name="all.yaml"):
        """Puts a file of policies in place of the one before, at once."""
        temporary = os.path.join(self.folder.name, "next")
        with open(temporary, "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(temporary, os.path.join(self.path("policies"), name))

    def status_kib(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(name + ":"))

    def resident_kib(self):
        return self.status_kib("VmRSS")

    def peak_kib(self):
        """The most that was resident since forget_peak()."""
        return self.status_kib("VmHWM")

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")

    def logged(self):
        with open(self.path("log"), encoding="utf-8") as f:
            return f.read()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT_S if SANITIZER else 5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        log = self.logged()
        self.log.close()
        self.folder.cleanup()
        if SANITIZER and any(finding in log for finding in FINDINGS):
            raise AssertionError(f"the sanitizer says:\n{log}")


def indent(text, by):
    return "\n".join(" " * by + line for line in text.strip("\n").splitlines())


def reset_connection():
    """A connection that the other side has reset, as whoever uses it next will find."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = socket.create_connection(server.getsockname(), timeout=LIMIT_S)
        other, _ = server.accept()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other.close()
    return connection


class Client:
    """A raw connection: what it sends is what is on the wire."""

    def __init__(self, port, timeout=LIMIT_S):
        self.pending = b""
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except ConnectionResetError:  # Accepted, and reset before we had a look at it.
            self.socket = reset_connection()

    @classmethod
    def over(cls, connection):
        """The same over a connection that is there."""
        client = cls.__new__(cls)
        client.socket, client.pending = connection, b""
        connection.settimeout(LIMIT_S)
        return client

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def read_until(self, mark):
        while mark not in self.pending:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(f"closed before {mark!r}; had {self.pending!r}")
            self.pending += got
        head, _, self.pending = self.pending.partition(mark)
        return head + mark

    def read_exactly(self, size):
        while len(self.pending) < size:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(f"closed after {len(self.pending)} of {size} bytes")
            self.pending += got
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def read_to_end(self):
        while got := self.socket.recv(65536):
            self.pending += got
        data, self.pending = self.pending, b""
        return data

    def answer(self, method="GET"):
        """The next message: (status, headers in lower case, body)."""
        head = self.read_until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        status = int(first.split(" ")[1])
        headers = {}
        for line in filter(None, lines):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self.body(status, headers, method)

    def body(self, status, headers, method):
        if method == "HEAD" or status in (204, 304) or status < 200:
            return b""
        if "chunked" in headers.get("transfer-encoding", ""):
            data = b""
            while size := int(self.read_until(b"\r\n").split(b";")[0], 16):
                data += self.read_exactly(size + 2)[:-2]
            while self.read_until(b"\r\n") != b"\r\n":
                pass
            return data
        if "content-length" in headers:
            return self.read_exactly(int(headers["content-length"]))
        return self.read_to_end()

    def is_closed(self, within_s=LIMIT_S):
        """Whether the other side ends the connection in that time, without another byte."""
        readable, _, _ = select.select([self.socket], [], [], within_s)
        if not readable:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def close(self):
        self.socket.close()


class Backend:
    """A server on a port of its own, or on a path; each connection is given to `handle(Client)` in
    a thread."""

    def __init__(self, handle, port=0, path=None):
        self.handle = handle
        if path is None:
            self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
            self.port = self.listener.getsockname()[1]
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen(64)
        self.connections = []
        self.errors = []
        self.stopping = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            self.handle(Client.over(connection))
        except (OSError, EOFError):
            pass  # The other side has gone.
        except Exception as error:  # A mistake of the test: shown where it looks for errors.
            self.errors.append(error)
        finally:
            connection.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


def read_request(client):
    """The next request: (first line, headers in lower case, body, raw head)."""
    raw = client.read_until(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    flat = {name: ", ".join(values) for name, values in headers.items()}
    if "content-length" in flat or "transfer-encoding" in flat:
        return first, flat, client.body(200, flat, "POST"), raw
    return first, flat, b"", raw


def echo(client):
    """Answers each request with a JSON description of what arrived."""
    while True:
        first, headers, body, raw = read_request(client)
        text = json.dumps(
            {
                "first": first,
                "headers": headers,
                "body": body.decode("latin-1"),
                "raw": raw.decode("latin-1"),
            }
        ).encode()
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)


class Moody:
    """A backend that is well, fails, hangs or resets, as told, and counts its requests."""

    def __init__(self, mood="well", failure=500):
        self.mood = mood
        self.failure = failure
        self.asked = 0
        self.over = threading.Event()

    def __call__(self, client):
        while True:
            read_request(client)
            self.asked += 1
            if self.mood == "hangs":
                self.over.wait()
            if self.mood == "resets":
                return
            if self.mood == "fails":
                client.send(f"HTTP/1.1 {self.failure} No\r\nContent-Length: 2\r\n\r\nno")
            else:
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def saying(text, headers=""):
    """A backend that answers each request with this text."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n{headers}\r\n"

    def handle(client):
        while True:
            read_request(client)
            client.send(head + text)

    return handle


def service(name, *ports, namespace="default", protocol="HTTP", extra=""):
    """A Service document of port 80 with one endpoint per port."""
    lines = "\n".join(f"    - {{address: 127.0.0.1, port: {port}}}" for port in ports)
    endpoints = f"\n  endpoints:\n{lines}" if ports else ""
    return (
        "---\napiVersion: skiff.dev/v1\nkind: Service\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  ports: [{{port: 80, protocol: {protocol}}}]{endpoints}\n{extra}"
    )


class WaitingTest(unittest.TestCase):
    """A test case that gives a sidecar the time to tell."""

    def assert_metric(self, sidecar, expected, name, **labels):
        """Waits for it: what becomes of a request is counted just after its answer has left."""
        try:
            until(lambda: sidecar.metric(name, **labels) == expected, name)
        except AssertionError:
            self.assertEqual(sidecar.metric(name, **labels), expected, f"{name} {labels}")

    def assert_logged(self, sidecar, text):
        """Waits for it: the log may tell of something just after a client can see it."""
        try:
            until(lambda: text in sidecar.logged(), text)
        except AssertionError:
            self.assertIn(text, sidecar.logged())


class SidecarTest(WaitingTest):
    """A test case that ends what it began."""

    def backend(self, handle, port=0, path=None):
        made = Backend(handle, port, path)
        self.addCleanup(lambda: self.assertEqual(made.errors, []))
        self.addCleanup(made.stop)
        return made

    def sidecar(self, spec, policies=""):
        made = Sidecar(spec, policies)
        self.addCleanup(made.stop)
        return made.start()

    def outbound(self, handle, *, policy="", limits="", backends=1):
        """A sidecar with one outbound listener for everything, in front of `handle`."""
        self.backends = [self.backend(handle) for _ in range(backends)]
        self.port = free_port()
        policies = service("backend", *(b.port for b in self.backends))
        if policy:
            policies += (
                "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
                "spec:\n  targetRefs: [{kind: Service, name: backend}]\n" + indent(policy, 2) + "\n"
            )
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
            f"accessLog: {{mode: all}}\n{limits}",
            policies,
        )

    def client(self, port=None):
        made = Client(port or self.port)
        self.addCleanup(made.close)
        return made
