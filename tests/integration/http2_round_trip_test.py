"""Generated messages that become HTTP/1.1 on their way, and HTTP/2 again: what arrives was sent.

Client by HTTP/2, sidecar, HTTP/1.1, sidecar, backend by HTTP/2: method, path, fields, bodies and
trailers, each byte of them, both ways.
"""

import dataclasses
import random
import unittest

import h2.config
import h2.connection
import h2.events
from support import SANITIZER, Client, SidecarTest, free_port, service

COUNT = 60 if SANITIZER else 400
TOKEN = b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"
VALUE = bytes([*range(0x21, 0x7F), *range(0x80, 0x100)])
PATH = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@"
METHODS = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"PURGE", b"M-SEARCH")
MINE = b"t-"  # Names of what is generated begin so: sidecars add others.


@dataclasses.dataclass
class Message:
    first: dict = dataclasses.field(default_factory=dict)
    fields: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    ended: bool = False

    def heads(self):
        return [*self.first.items(), *self.fields]


class End:
    """Either end of a connection that speaks HTTP/2; what it says is not checked."""

    def __init__(self, client, client_side):
        self.socket = client.socket
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.flush()
        self.messages = {}

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def read(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        for event in self.h2.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event):
        kinds = h2.events
        if isinstance(event, (kinds.RequestReceived, kinds.ResponseReceived)):
            made = self.messages[event.stream_id] = Message()
            made.first = {n: v for n, v in event.headers if n.startswith(b":")}
            made.fields = [(n, v) for n, v in event.headers if n.startswith(MINE)]
        elif isinstance(event, kinds.DataReceived):
            self.messages[event.stream_id].body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, kinds.TrailersReceived):
            self.messages[event.stream_id].trailers = list(event.headers)
        elif isinstance(event, kinds.StreamEnded):
            self.messages[event.stream_id].ended = True
        elif isinstance(event, kinds.StreamReset):
            raise AssertionError(f"reset by {event.error_code}")

    def next_message(self, stream=None):
        """The number and the content of a whole one."""
        while True:
            for number, message in self.messages.items():
                if message.ended and stream in (None, number):
                    return number, self.messages.pop(number)
            self.read()

    def send(self, stream, message, chance):
        """In frames of any sizes."""
        left = message.body
        self.h2.send_headers(stream, message.heads(), end_stream=not left and not message.trailers)
        while left:
            while (most := self.h2.local_flow_control_window(stream)) == 0:
                self.flush()
                self.read()
            size = min(chance.choice((1, 100, 5_000, 16_384)), most, len(left))
            padding = chance.choice((None, None, 0, 7)) if size + 8 < min(most, 16_000) else None
            ends = size == len(left) and not message.trailers
            self.h2.send_data(stream, left[:size], end_stream=ends, pad_length=padding)
            left = left[size:]
        if message.trailers:
            self.h2.send_headers(stream, message.trailers, end_stream=True)
        self.flush()


class Generator:
    def __init__(self, seed):
        self.chance = random.Random(seed)

    def text(self, alphabet, least, most):
        return bytes(self.chance.choices(alphabet, k=self.chance.randint(least, most)))

    def value(self):
        """No space at the edges."""
        inner = self.text(VALUE + b" \t" * 20, 0, 80)
        return inner.strip(b" \t")

    def fields(self, most):
        """In the order in which they are sent; names may come again."""
        made = []
        for _ in range(self.chance.randint(0, most)):
            again = made and self.chance.random() < 0.2
            name = self.chance.choice(made)[0] if again else MINE + self.text(TOKEN, 1, 20)
            made.append((name, self.value()))
        return made

    def content(self):
        size = self.chance.choice((0, 0, 1, 10, 1_000, 20_000, 90_000))
        return self.chance.randbytes(size), self.fields(5) if self.chance.random() < 0.4 else []

    def path(self):
        parts = [self.text(PATH, 1, 12) for _ in range(self.chance.randint(1, 5))]
        path = b"/" + b"/".join(part for part in parts if part.strip(b"."))
        if self.chance.random() < 0.5:
            path += b"?" + self.text(PATH + b"/?%", 0, 30).replace(b"%", b"%2F")
        return path

    def request(self):
        method = self.chance.choice(METHODS)
        first = {
            b":method": method,
            b":scheme": b"http",
            b":authority": b"backend",
            b":path": self.path(),
        }
        body, trailers = self.content()
        return Message(first, self.fields(20), body, trailers)

    def answer(self):
        status = self.chance.choice((200, 201, 206, 299, 301, 404, 418, 500, 503, 599))
        body, trailers = self.content()
        return Message({b":status": b"%d" % status}, self.fields(20), body, trailers)


def lines(fields):
    """By name: between the names no order is kept."""
    return sorted(fields, key=lambda field: field[0])


class RoundTrip(SidecarTest):
    def setUp(self):
        self.seen = []
        self.answers = {}
        backend = self.backend(self.serve)
        between, self.port = free_port(), free_port()
        self.sidecar(
            f"service: far\noutbound: [{{port: {between}, service: backend}}]",
            service("backend", backend.port, protocol="HTTP2"),
        )
        self.sidecar(
            f"service: near\noutbound: [{{port: {self.port}, service: backend, protocol: HTTP2}}]",
            service("backend", between),
        )

    def serve(self, client):
        end = End(client, client_side=False)
        chance = random.Random(3)
        while True:
            stream, message = end.next_message()
            self.seen.append(message)
            end.send(stream, self.answers["next"], chance)

    def assert_same(self, sent, got, what):
        for name, value in sent.first.items():
            self.assertEqual(got.first[name], value, what)
        self.assertEqual(lines(got.fields), lines(sent.fields), what)
        self.assertTrue(got.body == sent.body, what)
        self.assertEqual(lines(got.trailers), lines(sent.trailers), what)

    def test_what_arrives_was_sent(self):
        generator = Generator(7)
        end = End(self.client(), client_side=True)
        for i in range(COUNT):
            request, answer = generator.request(), generator.answer()
            self.answers["next"] = answer
            stream = end.h2.get_next_available_stream_id()
            end.send(stream, request, generator.chance)
            got = end.next_message(stream)[1]
            self.assertEqual(len(self.seen), 1, (i, got))
            self.assert_same(request, self.seen.pop(), f"request {i}")
            self.assert_same(answer, got, f"answer {i}")


if __name__ == "__main__":
    unittest.main()
