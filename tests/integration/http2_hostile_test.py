"""Backends whose HTTP/2 is wrong: each fault ends in a 502, harms nobody else, and is over with it.

Frames are made by hand (hyperframe, hpack), so that they may be wrong.
"""

import unittest

from real_servers import debian_module
from support import SidecarTest, free_port, service

hpack = debian_module("hpack")
frames = debian_module("hyperframe.frame")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
OK = [(":status", "200")]


def frame(kind, flags, stream, payload=b""):
    """Any frame, right or wrong."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


def number(value):
    return value.to_bytes(4, "big")


DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE = range(6)
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(6, 10)
ACK = END_STREAM = 1
END_HEADERS = 4


def block(fields):
    """In HPACK, without its tables: nobody's state changes."""
    encoded = b""
    for name, value in fields:
        encoded += b"\0" + bytes([len(name)]) + name.encode("latin-1")
        encoded += bytes([len(value)]) + value.encode("latin-1")
    return encoded


def head(stream, fields, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, block(fields))


def whole(*fields):
    """An answer that is only a head, of these fields."""
    return lambda stream: head(stream, fields, END_HEADERS | END_STREAM)


def setting(identifier, value):
    return lambda _: frame(SETTINGS, 0, 0, identifier.to_bytes(2, "big") + number(value))


# What comes instead of an answer, by the stream's number: errors of the connection.
OF_THE_CONNECTION = {
    "no frames": lambda _: b"\xff" * 64,
    "HTTP/1": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a body on stream 0": lambda _: frame(DATA, 0, 0, b"x"),
    "a body before the head": lambda s: frame(DATA, 0, s, b"x"),
    "a head on stream 0": lambda _: head(0, OK),
    "a reset of stream 0": lambda _: frame(RST_STREAM, 0, 0, number(8)),
    "a body on a stream nobody began": lambda s: frame(DATA, 0, s + 2, b"x"),
    "a head on a stream nobody began": lambda s: head(s + 2, OK),
    "a reset of a stream nobody began": lambda s: frame(RST_STREAM, 0, s + 2, number(8)),
    "a stream of the server's": lambda _: head(2, OK),
    "CONTINUATION of nothing": lambda s: frame(CONTINUATION, END_HEADERS, s, block(OK)),
    "a body within a head": lambda s: head(s, OK, 0) + frame(DATA, 0, s, b"x"),
    "an unknown frame within a head": lambda s: head(s, OK, 0) + frame(200, 0, s, b"x"),
    "CONTINUATION without end": lambda s: head(s, OK, 0) + frame(CONTINUATION, 0, s) * 20,
    "an index that HPACK has not": lambda s: frame(HEADERS, END_HEADERS, s, b"\xff\x7f"),
    "a table larger than allowed": lambda s: frame(HEADERS, END_HEADERS, s, b"\x3f\xe1\xff\x7f"),
    "a head that breaks off": lambda s: frame(HEADERS, END_HEADERS, s, b"\x00\x05abc"),
    "a frame over the limit": lambda s: frame(DATA, 0, s, bytes(20_000)),
    "a window opened by nothing": lambda _: frame(WINDOW_UPDATE, 0, 0, number(0)),
    "a window of the stream opened by nothing": lambda s: frame(WINDOW_UPDATE, 0, s, number(0)),
    "a window opened too far": lambda _: frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1)) * 2,
    "windows over the limit": setting(4, 2**31),
    "frames under the limit": setting(5, 100),
    "pushes allowed by the server": setting(2, 1),
    "half of a setting": lambda _: frame(SETTINGS, 0, 0, b"\0\4\0"),
    "settings of a stream": lambda s: frame(SETTINGS, 0, s),
    "a ping of 7 bytes": lambda _: frame(PING, 0, 0, b"1234567"),
    "a promise": lambda s: frame(
        PUSH_PROMISE, END_HEADERS, s, number(2) + block([(":method", "GET"), (":path", "/")])
    ),
    "a goodbye of a stream": lambda s: frame(GOAWAY, 0, s, number(s) + number(0)),
    "a goodbye that is cut": lambda _: frame(GOAWAY, 0, 0, b"123"),
    "a goodbye that takes more back": lambda s: frame(GOAWAY, 0, 0, number(s) + number(0))
    + frame(GOAWAY, 0, 0, number(s + 10) + number(0)),
}
# … and of the stream alone.
OF_THE_STREAM = {
    "no status": whole(("server", "x")),
    "an empty head": whole(),
    "two statuses": whole(*OK, *OK),
    "a status in words": whole((":status", "two")),
    "an empty status": whole((":status", "")),
    "a status of two digits": whole((":status", "99")),
    "a status of four digits": whole((":status", "2000")),
    "a switch of protocols": whole((":status", "101")),
    "an interim answer that ends": whole((":status", "103")),
    "a path in an answer": whole(*OK, (":path", "/")),
    "an unknown pseudo-header": whole(*OK, (":other", "x")),
    "a status behind a field": whole(("server", "x"), *OK),
    "a name in upper case": whole(*OK, ("Server", "x")),
    "an empty name": whole(*OK, ("", "x")),
    "a name with a colon": whole(*OK, ("a:b", "x")),
    "a line end in a value": whole(*OK, ("x", "a\r\nb: c")),
    "NUL in a value": whole(*OK, ("x", "a\0b")),
    "connection": whole(*OK, ("connection", "close")),
    "transfer-encoding": whole(*OK, ("transfer-encoding", "chunked")),
    "a length without a body": whole(*OK, ("content-length", "5")),
    "two lengths": whole(*OK, ("content-length", "0"), ("content-length", "0")),
    "a length that is none": whole(*OK, ("content-length", "+0")),
    "a reset": lambda s: frame(RST_STREAM, 0, s, number(2)),
}
# After a head that is passed on: the answer is cut off, and must not look whole.
AFTER_THE_HEAD = {
    "too long a body": lambda s: head(s, [*OK, ("content-length", "2")])
    + frame(DATA, END_STREAM, s, b"123"),
    "too short a body": lambda s: head(s, [*OK, ("content-length", "4")])
    + frame(DATA, END_STREAM, s, b"123"),
    "a status in trailers": lambda s: head(s, OK)
    + frame(DATA, 0, s, b"123")
    + head(s, OK, END_HEADERS | END_STREAM),
    "trailers that do not end": lambda s: head(s, OK)
    + frame(DATA, 0, s, b"123")
    + head(s, [("x", "y")]),
    "more than the window": lambda s: head(s, OK) + frame(DATA, 0, s, bytes(16_384)) * 400,
    "padding longer than the frame": lambda s: head(s, OK) + frame(DATA, 8, s, b"\xffabc"),
}
FAULTS = {**OF_THE_CONNECTION, **OF_THE_STREAM, **AFTER_THE_HEAD}


class HostileBackend:
    """Answers /good well, and /N by the fault of that number."""

    def __init__(self):
        self.connections = 0
        self.greeting = frame(SETTINGS, 0, 0)

    def serve(self, client):
        self.connections += 1
        client.read_exactly(len(PREFACE))
        client.send(self.greeting)
        decoder = hpack.Decoder()
        while True:
            made, size = frames.Frame.parse_frame_header(memoryview(client.read_exactly(9)))
            made.parse_body(memoryview(client.read_exactly(size)))
            if isinstance(made, frames.SettingsFrame) and "ACK" not in made.flags:
                client.send(frame(SETTINGS, ACK, 0))
            if isinstance(made, frames.HeadersFrame):
                path = dict(decoder.decode(made.data))[":path"]
                client.send(self.answer(path, made.stream_id))

    @staticmethod
    def answer(path, stream):
        if path == "/good":
            return head(stream, OK) + frame(DATA, END_STREAM, stream, b"good")
        return list(FAULTS.values())[int(path[1:])](stream)


class Hostile(SidecarTest):
    def setUp(self):
        self.hostile = HostileBackend()
        backend = self.backend(self.hostile.serve)
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
            "accessLog: {mode: all}\nworkers: 1",  # Each has connections of its own.
            service("backend", backend.port, protocol="HTTP2"),
        )

    def ask(self, path, method="POST"):
        client = self.client()
        length = "Content-Length: 0\r\n" if method == "POST" else ""
        client.send(f"{method} {path} HTTP/1.1\r\nHost: backend\r\n{length}\r\n")
        try:
            return client.answer()
        finally:
            client.close()

    def all_is_well(self):
        self.assertEqual(self.ask("/good", "GET")[2], b"good")
        self.assertIsNone(self.running.process.poll())

    def is_bad_gateway(self, fault):
        status, headers, _ = self.ask(f"/{list(FAULTS).index(fault)}")
        self.assertEqual(status, 502)
        self.assertIn(headers["x-skiff-reason"], ("upstream_reset", "bad_response"))

    def test_errors_of_the_connection_end_it(self):
        for fault in OF_THE_CONNECTION:
            with self.subTest(fault=fault):
                self.all_is_well()
                before = self.hostile.connections
                self.is_bad_gateway(fault)
                self.all_is_well()
                self.assertEqual(self.hostile.connections, before + 1)

    def test_errors_of_a_stream_end_only_that(self):
        self.all_is_well()
        for fault in OF_THE_STREAM:
            with self.subTest(fault=fault):
                before = self.hostile.connections
                self.is_bad_gateway(fault)
                self.all_is_well()
                self.assertEqual(self.hostile.connections, before)

    def test_what_is_wrong_after_the_head_cuts_the_answer(self):
        for fault in AFTER_THE_HEAD:
            with self.subTest(fault=fault):
                with self.assertRaises((EOFError, ConnectionResetError)):
                    self.ask(f"/{list(FAULTS).index(fault)}")
                self.all_is_well()

    def test_no_settings_first(self):
        self.hostile.greeting = frame(PING, 0, 0, b"12345678")
        self.assertEqual(self.ask("/good")[0], 502)
        self.hostile.greeting = frame(SETTINGS, 0, 0)
        self.assertEqual(self.ask("/good")[2], b"good")


if __name__ == "__main__":
    unittest.main()
