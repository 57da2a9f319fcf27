"""A backend that closes idle connections after 5 s never makes a request fail.

usage: ./run soak [SECONDS]; 600 without it, 60 at least.

Many clients at once, each with a backend of its own. Some ask once a second, some with gaps about
as long as the backend's patience, so that request and closing cross; with the pool's own limit for
idle connections and with one that is far too long; with GET, with POST, which may not be sent
twice, and with both in turn.
"""

import itertools
import os
import random
import socket
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

# pylint: disable=wrong-import-position
from support import Client, SidecarTest, free_port, indent, read_request, service, until

SECONDS = max(60, int(os.environ.get("SKIFF_SOAK_S", "600")))
PATIENCE_S = 5.0
WARM_S = 30
MOST_KIB = 1024  # What the sidecar may grow by after its first seconds.
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
REQUESTS = {"get": [GET], "post": [POST], "both": [GET, POST]}
PACES = {
    "steady": lambda: 1.0,
    "crossing": lambda: random.uniform(PATIENCE_S - 0.2, PATIENCE_S + 0.2),
}
POLICIES = {"": "", "patient": "timeouts: {connectionIdle: 60s}"}


class Impatient:
    """Answers requests; closes what has been idle for PATIENCE_S."""

    def __init__(self):
        self.closed = 0

    def handle(self, client):
        client.socket.settimeout(PATIENCE_S)
        try:
            while True:
                read_request(client)
                client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except socket.timeout:
            self.closed += 1


class Asking:
    """A client that sends requests at its pace on one connection, until the end."""

    def __init__(self, requests, gap):
        self.requests, self.gap = requests, gap
        self.backend, self.port = Impatient(), free_port()
        self.asked, self.errors = 0, []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        end = time.monotonic() + SECONDS
        client = Client(self.port)
        for request in itertools.cycle(self.requests):
            if time.monotonic() > end:
                return client.close()
            try:
                status, headers, _ = client.send(request).answer()
                if status != 200:
                    self.errors.append((request[:4], status, headers.get("x-skiff-reason")))
            except (OSError, EOFError) as error:
                self.errors.append((request[:4], repr(error)))
                client = Client(self.port)
            self.asked += 1
            time.sleep(self.gap())


class IdleBackend(SidecarTest):
    def begin(self):
        """One sidecar before all the backends; who asks is in self.asking, by name."""
        self.asking, listeners, policies = {}, [], ""
        for pace, policy, method in itertools.product(PACES, POLICIES, REQUESTS):
            name = "-".join(filter(None, (pace, policy, method)))
            self.asking[name] = asking = Asking(REQUESTS[method], PACES[pace])
            policies += service(name, self.backend(asking.backend.handle).port)
            policies += traffic_policy(name, POLICIES[policy]) if policy else ""
            listeners.append(f"{{port: {asking.port}, service: {name}}}")
        return self.sidecar(f"service: test\noutbound: [{', '.join(listeners)}]", policies)

    def test_no_request_fails(self):
        sidecar = self.begin()
        for asking in self.asking.values():
            asking.thread.start()
        time.sleep(WARM_S)
        before = sidecar.resident_kib()
        for asking in self.asking.values():
            asking.thread.join()
        grown = sidecar.resident_kib() - before
        self.report(sidecar, grown)
        self.assertEqual({n: a.errors for n, a in self.asking.items() if a.errors}, {})
        closed = sum(a.backend.closed for a in self.asking.values())
        self.assertGreater(closed, 0, "no connection was ever idle for too long")
        self.assertLess(grown, MOST_KIB, "KiB more than before")
        until(lambda: sidecar.metric("skiff_client_connections") == 0, "no client is left")

    def report(self, sidecar, grown):
        print(f"\n{'client':24} {'requests':>8} {'errors':>6} {'closed idle':>11}")
        for name, asking in self.asking.items():
            closed = asking.backend.closed
            print(f"{name:24} {asking.asked:8} {len(asking.errors):6} {closed:11}")
        races = sidecar.metric("skiff_idle_races_total")
        print(f"requests that met a closing: {races:.0f}; grown by {grown} KiB", flush=True)


def traffic_policy(name, policy):
    return (
        f"---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {{name: {name}}}\n"
        f"spec:\n  targetRefs: [{{kind: Service, name: {name}}}]\n{indent(policy, 2)}\n"
    )


if __name__ == "__main__":
    unittest.main()
