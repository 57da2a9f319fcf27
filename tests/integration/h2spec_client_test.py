"""h2spec's cases for clients: each is a server that breaks one rule, called through a sidecar."""

import contextlib
import os
import random
import socket
import threading
import unittest

import h2spec_support as h2spec
from support import LIMIT_S, SidecarTest, free_port, service

CASES = 57
# Asks the sidecar for the service of the case whose address comes last; its status goes to a file.
ASK = """#!/bin/sh
port=${{1##*:}}
exec curl -s -m 2 -o /dev/null -w "${{port%/}} %{{http_code}}\\n" -H "Host: case${{port%/}}" \\
  http://127.0.0.1:{port}/ >> {said}
"""


def free_ports_in_a_row(count):
    """The first of so many, below those that the kernel gives: h2spec takes one for each case."""
    while True:
        first = random.randrange(10_000, 30_000)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class H2SpecForClients(SidecarTest):
    @classmethod
    def setUpClass(cls):
        h2spec.build()

    def once(self, port):
        """A way to `port` for one connection: h2spec judges the last, and we replace lost ones."""
        used = threading.Event()

        def handle(client):
            if used.is_set():
                return
            used.set()
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as far:
                back = threading.Thread(target=pump, args=(far, client.socket))
                back.start()
                pump(client.socket, far)
                back.join()

        return self.backend(handle).port

    def test_every_case(self):
        first, port = free_ports_in_a_row(CASES), free_port()
        cases = [
            service(f"case{i}", self.once(i), protocol="HTTP2")
            for i in range(first, first + CASES)
        ]
        sidecar = self.sidecar(
            f"service: test\noutbound: [{{port: {port}}}]\naccessLog: {{mode: all}}",
            "".join(cases),
        )
        said, ask = sidecar.path("said"), sidecar.path("ask")
        with open(ask, "w", encoding="ascii") as file:
            file.write(ASK.format(port=port, said=said))
        os.chmod(ask, 0o755)
        report = h2spec.run("-from-port", str(first), "-exec", ask)
        total, passed, skipped = h2spec.counts(report)
        self.assertEqual(h2spec.failures(report), {}, report)
        self.assertEqual((total, passed, skipped), (CASES, CASES, 0), report)
        self.assertIsNone(sidecar.process.poll())
        with open(said, encoding="ascii") as file:
            answers = [line.split()[1] for line in file]
        self.assertEqual(len(answers), CASES)
        self.assertEqual(set(answers), {"200", "502"}, sidecar.logged())
        print(f"{passed} of {total} ", end="", flush=True)


if __name__ == "__main__":
    unittest.main()
