"""What the tests of resilience share: backends of one service, each bad in its own way."""

import contextlib
import socket
import struct

from support import SidecarTest, free_port, indent, service, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
KEY = "Idempotency-Key: 17\r\n"


def policy(text):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
        f"spec:\n  targetRefs: [{{kind: Service, name: backend}}]\n{indent(text, 2)}\n"
    )


def request(method="GET", body=b"", fields="", path="/"):
    """A whole request as bytes; only a GET has no length."""
    length = "" if method == "GET" else f"Content-Length: {len(body)}\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: backend\r\n{length}{fields}\r\n"
    return head.encode() + body


@contextlib.contextmanager
def full_port():
    """A port whose listener's queue is full, so the kernel answers nobody any more."""
    with socket.socket() as full, contextlib.ExitStack() as fillers:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def reset(client):
    """Breaks the connection so that the other side gets an RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


def reason(answer):
    """(status, reason) of what Client.answer() gave."""
    return answer[0], answer[1].get("x-skiff-reason")


class ResilienceTest(SidecarTest):
    def before(self, *handles, text="", more="", protocol="HTTP", listens="HTTP"):
        """A sidecar before these backends of one service, with this policy."""
        self.backends = [self.backend(handle) for handle in handles]
        return self.before_ports(
            *(made.port for made in self.backends),
            text=text,
            more=more,
            protocol=protocol,
            listens=listens,
        )

    def before_ports(self, *ports, text="", more="", protocol="HTTP", listens="HTTP"):
        self.port = free_port()
        policies = service("backend", *ports, protocol=protocol)
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend, "
            f"protocol: {listens}}}]\naccessLog: {{mode: all}}\n{more}",
            policies + (policy(text) if text else ""),
        )
        return self.running

    def ask(self, message=None):
        return self.client().send(message or request()).answer()

    def is_over(self):
        """What became of a request is counted a moment after its last byte."""
        until(lambda: self.running.metric("skiff_requests_in_flight") == 0, "nothing is in flight")

    def says_why(self, word, times=1):
        self.is_over()
        self.assert_metric(self.running, times, "skiff_requests_total", reason=word)
