"""Clients whose HTTP/2 is wrong, at every kind of listener: no backend sees any of it.

Each fault ends its stream or its connection by the code that the standard wants, and harms nobody
else. Frames are made by hand, so that they may be wrong.
"""

import unittest

from gateway_test import GATEWAY, route
from http2_hostile_test import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    block,
    frame,
    number,
)
from http2_test import GET, POST, H2Client, frames
from support import SidecarTest, free_port, read_request, service, until

PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 1, 3, 5, 6
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11
WHOLE = END_HEADERS | END_STREAM
NOTHING = (":method", ":scheme", ":path", ":authority")


def head(stream, fields=(), flags=WHOLE, first=None):
    """A HEADERS frame of the four fields (or `first`) and others."""
    return frame(HEADERS, flags, stream, block([*(GET if first is None else first), *fields]))


def without(name):
    return [field for field in GET if field[0] != name]


def having(name, value):
    """The four, of which one is another."""
    return [(n, value if n == name else v) for n, v in GET]


def post(fields=(), flags=END_HEADERS):
    return lambda s: head(s, fields, flags, POST)


def body(size, flags=END_STREAM):
    return lambda s: frame(DATA, flags, s, bytes(size))


def trailers(*fields):
    return lambda s: frame(HEADERS, WHOLE, s, block(fields))


def field(name, value="x"):
    return lambda s: head(s, [(name, value)])


def first(fields):
    return lambda s: head(s, first=fields)


# What is sent on a stream, by its number: its head is no request.
NO_REQUEST = {
    **{f"no {name}": first(without(name)) for name in NOTHING},
    **{f"an empty {name}": first(having(name, "")) for name in NOTHING[:3]},
    **{f"two of {name}": field(name, dict(GET)[name]) for name in NOTHING},
    "no field at all": first([]),
    "an unknown pseudo-header": first([*GET, (":other", "x")]),
    "a pseudo-header behind a field": first([*GET[:3], ("x", "y"), GET[3]]),
    "a status": first([*GET, (":status", "200")]),
    "a protocol of no CONNECT": first([*GET, (":protocol", "websocket")]),
    "a path without a slash": first(having(":path", "a")),
    "a star to GET": first(having(":path", "*")),
    "an absolute URI as the path": first(having(":path", "http://shop/a")),
    "a line end in the path": first(having(":path", "/a\r\nX: y")),
    "a space in the path": first(having(":path", "/a b")),
    "DEL in the path": first(having(":path", "/a\x7f")),
    "a line end in the method": first(having(":method", "GET /\r\n")),
    "a space in the authority": first(having(":authority", "shop other")),
    "connection": field("connection", "close"),
    "keep-alive": field("keep-alive", "timeout=1"),
    "proxy-connection": field("proxy-connection", "close"),
    "upgrade": field("upgrade", "h2c"),
    "transfer-encoding": field("transfer-encoding", "chunked"),
    "te of another kind": field("te", "gzip"),
    "a line end in a value": field("x", "a\r\nb: c"),
    "a bare LF in a value": field("x", "a\nb"),
    "NUL in a value": field("x", "a\0b"),
    "a space before a value": field("x", " a"),
    "a tab behind a value": field("x", "a\t"),
    "a space in a name": field("a b"),
    "a colon in a name": field("a:b"),
    "a line end in a name": field("a\r\nb"),
    "an empty name": field(""),
    "a name in upper case": field("X-Upper"),
    "two hosts": lambda s: head(s, [("host", "shop"), ("host", "shop")]),
    "a length without a body": field("content-length", "5"),
    **{
        f"the length {value!r}": post([("content-length", value)])
        for value in ("+5", "-5", "5, 5", "0x5", "", "9223372036854775808", "5 5")
    },
    "two lengths": post([("content-length", "5"), ("content-length", "5")]),
}
# A request begins well, then this comes: the backend has seen the begin, and is never told an end.
WITH_LENGTH, CHUNKED = [("content-length", "5")], []
NO_END = {
    "a body below its length": (WITH_LENGTH, body(2)),
    "a body above its length": (WITH_LENGTH, body(4)),
    "a length and no body": (WITH_LENGTH, body(0)),
    "trailers below the length": (WITH_LENGTH, trailers(("x-sum", "1"))),
    "trailers that do not end": (
        CHUNKED,
        lambda s: frame(HEADERS, END_HEADERS, s, block([("x-sum", "1")])),
    ),
    **{
        f"{name} in trailers": (CHUNKED, trailers((name, value)))
        for name, value in (
            (":path", "/admin"),
            (":status", "200"),
            ("connection", "close"),
            ("transfer-encoding", "chunked"),
            ("te", "gzip"),
            ("x", "a\r\nb: c"),
            ("a b", "c"),
        )
    },
}
# Requests that are understood, and answered with 400.
BAD_TARGETS = ("/a#b", "/a%2fb", "/a%5cb", "/../a", "/a;b", "/%00")


def within_a_head(*between):
    return head(1, flags=END_STREAM) + b"".join(between)


def encoded(payload):
    return frame(HEADERS, WHOLE, 1, payload)


def setting(identifier, value):
    return frame(SETTINGS, 0, 0, identifier.to_bytes(2, "big") + number(value))


# Errors of the connection, with the code of the GOAWAY.
OF_THE_CONNECTION = {
    "a body on stream 0": (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "a head on stream 0": (head(0), PROTOCOL_ERROR),
    "a body on a stream nobody began": (frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
    "a reset of a stream nobody began": (frame(RST_STREAM, 0, 1, number(8)), PROTOCOL_ERROR),
    "a window of a stream nobody began": (frame(WINDOW_UPDATE, 0, 1, number(1)), PROTOCOL_ERROR),
    "an even stream": (head(2), PROTOCOL_ERROR),
    "a stream below the last": (head(5) + head(3), PROTOCOL_ERROR),
    "a stream that is used again": (head(1) + head(3) + head(1), STREAM_CLOSED),
    "a stream that depends on itself": (
        frame(HEADERS, WHOLE | 0x20, 1, number(1) + b"\1" + block(GET)),
        PROTOCOL_ERROR,
    ),
    "a promise": (
        head(1) + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + block(GET)),
        PROTOCOL_ERROR,
    ),
    "CONTINUATION of nothing": (frame(CONTINUATION, END_HEADERS, 1, block(GET)), PROTOCOL_ERROR),
    "a body within a head": (within_a_head(frame(DATA, 0, 1, b"x")), PROTOCOL_ERROR),
    "a PING within a head": (within_a_head(frame(PING, 0, 0, bytes(8))), PROTOCOL_ERROR),
    "an unknown frame within a head": (within_a_head(frame(200, 0, 1, b"x")), PROTOCOL_ERROR),
    "CONTINUATION of another stream": (
        within_a_head(frame(CONTINUATION, END_HEADERS, 3)),
        PROTOCOL_ERROR,
    ),
    "the index 0": (encoded(b"\x80"), COMPRESSION_ERROR),
    "an index that HPACK has not": (encoded(b"\xff\x7f"), COMPRESSION_ERROR),
    "an index without end": (encoded(b"\xff" * 20), COMPRESSION_ERROR),
    "a table larger than allowed": (encoded(b"\x3f\xe1\xff\x7f"), COMPRESSION_ERROR),
    "a new size behind a field": (encoded(b"\x82\x20"), COMPRESSION_ERROR),
    "a head that breaks off": (encoded(b"\x00\x05abc"), COMPRESSION_ERROR),
    "padding of 8 bits in a text": (encoded(b"\x00\x81\x1f\x82\xff\xff\x01x"), COMPRESSION_ERROR),
    "the end of a text in a text": (encoded(b"\x00\x84\xff\xff\xff\xff\x01x"), COMPRESSION_ERROR),
    "padding as long as the frame": (head(1, flags=END_HEADERS) + frame(DATA, 8, 1, b"\4abc"),
                                     PROTOCOL_ERROR),  # fmt: skip
    "a frame over the limit": (head(1, flags=END_HEADERS) + frame(DATA, 0, 1, bytes(16_385)),
                               FRAME_SIZE_ERROR),  # fmt: skip
    "a PING of 7 bytes": (frame(PING, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "a PING on a stream": (frame(PING, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "a PRIORITY of 4 bytes": (frame(PRIORITY, 0, 1, bytes(4)), FRAME_SIZE_ERROR),
    "half of a setting": (frame(SETTINGS, 0, 0, bytes(3)), FRAME_SIZE_ERROR),
    "settings of a stream": (frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "an acknowledgement with settings": (frame(SETTINGS, ACK, 0, bytes(6)), FRAME_SIZE_ERROR),
    "settings nobody sent are acknowledged": (frame(SETTINGS, ACK, 0) * 2, PROTOCOL_ERROR),
    "windows over the limit": (setting(4, 2**31), FLOW_CONTROL_ERROR),
    "frames under the limit": (setting(5, 100), PROTOCOL_ERROR),
    "pushes that are no switch": (setting(2, 2), PROTOCOL_ERROR),
    "more settings than there are": (frame(SETTINGS, 0, 0, bytes(6) * 40), ENHANCE_YOUR_CALM),
    "the connection's window opened by nothing": (
        frame(WINDOW_UPDATE, 0, 0, number(0)),
        PROTOCOL_ERROR,
    ),
    "the connection's window opened too far": (
        frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1)),
        FLOW_CONTROL_ERROR,
    ),
    "a goodbye of a stream": (frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "a goodbye that is cut": (frame(GOAWAY, 0, 0, bytes(3)), FRAME_SIZE_ERROR),
}
# What a server must not mind.
IGNORED = {
    "an unknown frame": frame(200, 255, 0, b"x" * 100),
    "an unknown frame of a stream nobody began": frame(99, 0, 77, b"x"),
    "ALTSVC": frame(10, 0, 0, b"\0\4shophttp"),
    "ORIGIN": frame(12, 0, 0, b"\0\4shop"),
    "flags that a PING has not": frame(PING, 0xFE, 0, bytes(8)),
    "an unknown setting": setting(0xFFFF, 7),
    "priorities": frame(PRIORITY, 0, 7, number(0) + b"\1"),
    "the first bit of a stream's number": frame(WINDOW_UPDATE, 0, 2**31, number(2**31 + 1)),
}


class Application:
    """Answers each request; keeps the bytes of each that came, and counts those that were whole."""

    def __init__(self):
        self.heads, self.whole, self.ended = [], 0, 0

    def __call__(self, client):
        try:
            while True:
                raw = client.read_until(b"\r\n\r\n")
                self.heads.append(raw)
                client.pending = raw + client.pending
                read_request(client)
                self.whole += 1
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        finally:
            self.ended += 1


class Wrong:
    """The tests, of one kind of listener."""

    def setUp(self):
        self.application = Application()
        self.port = free_port()
        self.running = self.listener(self.backend(self.application).port)

    def connect(self):
        made = H2Client(self.port)
        self.addCleanup(made.socket.close)
        return made

    def served(self, client, stream):
        """A good request on that connection is answered."""
        client.send_bytes(head(stream))
        self.assertEqual(client.answer(stream)[1], b"ok")

    def test_what_is_no_request_resets_its_stream_and_reaches_nobody(self):
        client = self.connect()
        for stream, (fault, make) in enumerate(NO_REQUEST.items()):
            with self.subTest(fault=fault):
                client.send_bytes(make(4 * stream + 1))
                self.assertEqual(client.reset_code(4 * stream + 1), PROTOCOL_ERROR)
                self.served(client, 4 * stream + 3)
        self.assertEqual(len(self.application.heads), len(NO_REQUEST), "the good ones alone")

    def test_what_goes_wrong_behind_the_head_never_looks_whole(self):
        client = self.connect()
        for stream, (fault, (fields, rest)) in enumerate(NO_END.items()):
            with self.subTest(fault=fault):
                seen, ended = len(self.application.heads), self.application.ended
                client.send_bytes(head(2 * stream + 1, fields, END_HEADERS, POST))
                client.send_bytes(frame(DATA, 0, 2 * stream + 1, b"12"))
                until(lambda: len(self.application.heads) > seen, "the begin has arrived")
                client.send_bytes(rest(2 * stream + 1))
                self.assertEqual(client.reset_code(2 * stream + 1), PROTOCOL_ERROR)
                until(lambda: self.application.ended > ended, "its connection is closed")
        self.assertEqual(self.application.whole, 0)
        self.assert_metric(self.running, 0, "skiff_requests_in_flight")

    def test_targets_that_can_be_read_in_two_ways(self):
        client = self.connect()
        for stream, path in enumerate(BAD_TARGETS):
            with self.subTest(path=path):
                client.send_bytes(head(2 * stream + 1, first=having(":path", path)))
                answer, _, _ = client.answer(2 * stream + 1)
                self.assertEqual(answer[":status"], "400")
                self.assertEqual(answer["x-skiff-reason"], "bad_request_target")
        self.assertEqual(self.application.heads, [])

    def test_errors_of_the_connection_end_it_by_their_code(self):
        other = self.connect()
        for stream, (fault, (wrong, code)) in enumerate(OF_THE_CONNECTION.items()):
            with self.subTest(fault=fault):
                client = self.connect()
                client.until(lambda: client.of(frames.SettingsFrame), "the server's settings")
                client.send_bytes(wrong)
                self.assertEqual(client.goaway_code(), code)
                client.send_bytes(frame(SETTINGS, 0, 7, b"123") + head(9))  # Nobody minds.
                while client.read():
                    pass
                self.served(other, 2 * stream + 1)
        self.assertIsNone(self.running.process.poll())

    def test_what_is_unknown_is_ignored(self):
        client = self.connect()
        for stream, (what, bytes_of_it) in enumerate(IGNORED.items()):
            with self.subTest(what=what):
                client.send_bytes(bytes_of_it)
                self.served(client, 2 * stream + 1)
        self.assertEqual(client.of(frames.GoAwayFrame), [])

    def test_what_follows_a_connect_is_no_request(self):
        """Nobody has agreed to a tunnel: what was meant to go through it goes nowhere."""
        client = self.connect()
        plain = [(":method", "CONNECT"), (":authority", "db:80")]
        upgrade = [(":method", "CONNECT"), (":protocol", "websocket"), *GET[1:]]
        inner = b"GET /admin HTTP/1.1\r\nHost: shop\r\n\r\n"
        for stream, fields, status in ((1, plain, "405"), (3, upgrade, "502")):
            client.send_bytes(head(stream, flags=END_HEADERS, first=fields))
            client.send_bytes(frame(DATA, 0, stream, inner))
            self.assertEqual(client.answer(stream)[0][":status"], status)
            client.send_bytes(frame(DATA, END_STREAM, stream, inner))
        self.served(client, 5)
        self.assertEqual(len(self.application.heads), 2, "the upgrade, and the last")
        self.assertNotIn(b"/admin", b"".join(self.application.heads))

    def test_a_goodbye_ends_nothing_that_has_begun(self):
        client = self.connect()
        client.send_bytes(head(1) + frame(GOAWAY, 0, 0, number(0) + number(0) + b"bye"))
        self.assertEqual(client.answer(1)[1], b"ok")
        while client.read():
            pass
        self.assertLessEqual({f.error_code for f in client.of(frames.GoAwayFrame)}, {0})


class Outbound(Wrong, SidecarTest):
    def listener(self, application):
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend, protocol: HTTP2}}]",
            service("backend", application),
        )


class Inbound(Wrong, SidecarTest):
    def listener(self, application):
        return self.sidecar(
            f"service: test\ninbound: [{{address: 127.0.0.1, port: {self.port}, protocol: AUTO, "
            f'application: "127.0.0.1:{application}"}}]',
            service("test"),
        )


class Gateway(Wrong, SidecarTest):
    def listener(self, application):
        return self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {self.port}}}]",
            service("backend", application)
            + GATEWAY
            + route("all", "rules: [{backendRefs: [{name: backend, port: 80}]}]"),
        )


if __name__ == "__main__":
    unittest.main()
