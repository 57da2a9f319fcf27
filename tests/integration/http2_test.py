"""HTTP/2 in, HTTP/1.1 out: through a listener of a real sidecar.

Frames are made by hand (hyperframe, hpack), so that they may be wrong.
"""

import json
import signal
import socket
import time
import unittest

from real_servers import debian_module
from support import LIMIT_S, SANITIZER, SidecarTest, echo, free_port, read_request, service, until

hpack = debian_module("hpack")
frames = debian_module("hyperframe.frame")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENHANCE_YOUR_CALM = 11
GET = [(":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "shop")]
POST = [(":method", "POST"), *GET[1:]]


class H2Client:
    """One connection; what comes is kept as frames, and as the answers of streams."""

    def __init__(self, port, settings=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.pending = b""
        self.came = []
        self.is_closed = False
        self.socket.sendall(PREFACE + frames.SettingsFrame(0, settings=settings or {}).serialize())

    def send(self, *all_frames):
        self.send_bytes(b"".join(frame.serialize() for frame in all_frames))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            self.is_closed = True

    def head(self, stream, fields=(), ends=True, first=None):
        """A HEADERS frame; `fields` after the four (or `first`)."""
        made = frames.HeadersFrame(stream, self.encoder.encode([*(first or GET), *fields]))
        made.flags.add("END_HEADERS")
        if ends:
            made.flags.add("END_STREAM")
        return made

    def data(self, stream, data=b"", ends=False):
        made = frames.DataFrame(stream, data)
        if ends:
            made.flags.add("END_STREAM")
        return made

    def read(self):
        """What the next read brings; False at the end."""
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            got = b""
        self.is_closed = self.is_closed or not got
        self.pending += got
        while len(self.pending) >= 9:
            frame, size = frames.Frame.parse_frame_header(memoryview(self.pending[:9]))
            if len(self.pending) < 9 + size:
                break
            frame.parse_body(memoryview(self.pending[9 : 9 + size]))
            self.pending = self.pending[9 + size :]
            if isinstance(frame, frames.HeadersFrame):
                frame.fields = [(str(n), str(v)) for n, v in self.decoder.decode(frame.data)]
            if isinstance(frame, frames.SettingsFrame) and "ACK" not in frame.flags:
                self.send(frames.SettingsFrame(0, flags=["ACK"]))
            self.came.append(frame)
        return bool(got)

    def of(self, kind, stream=None):
        return [f for f in self.came if isinstance(f, kind) and stream in (None, f.stream_id)]

    def until(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end or not self.read():
                raise AssertionError(f"{what}; came {self.came}")

    def answer(self, stream):
        """(fields as a dict, body, trailers as a dict) of a whole answer."""
        self.until(
            lambda: any("END_STREAM" in f.flags for f in self.came if f.stream_id == stream)
            or self.of(frames.RstStreamFrame, stream),
            f"the answer of stream {stream}",
        )
        heads = [dict(f.fields) for f in self.of(frames.HeadersFrame, stream)]
        body = b"".join(f.data for f in self.of(frames.DataFrame, stream))
        return heads[0], body, heads[1] if len(heads) > 1 else {}

    def reset_code(self, stream):
        self.until(lambda: self.of(frames.RstStreamFrame, stream), f"a reset of stream {stream}")
        return self.of(frames.RstStreamFrame, stream)[0].error_code

    def goaway_code(self):
        """The error code of the GOAWAY that comes; the connection may be closed then."""
        self.until(lambda: self.of(frames.GoAwayFrame), "a GOAWAY")
        return self.of(frames.GoAwayFrame)[0].error_code


class Http2Test(SidecarTest):
    def serve(self, handle=echo, policy="", application=0, protocol="HTTP2", more=""):
        """A sidecar whose clients speak HTTP/2, and whose backend HTTP/1.1."""
        policies = service("backend", application or self.backend(handle).port)
        if policy:
            policies += (
                "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
                f"spec:\n  targetRefs: [{{kind: Service, name: backend}}]\n  {policy}\n"
            )
        self.port = free_port()
        self.running = self.sidecar(
            "service: test\n"
            f"outbound: [{{port: {self.port}, service: backend, protocol: {protocol}}}]\n{more}",
            policies,
        )
        return self.running

    def client(self, settings=None):
        made = H2Client(self.port, settings)
        self.addCleanup(made.socket.close)
        return made

    def served_still(self):
        client = self.client()
        client.send(client.head(1))
        self.assertEqual(client.answer(1)[0][":status"], "200")


class Bridge(Http2Test):
    def test_a_request_arrives_whole(self):
        self.serve()
        client = self.client()
        fields = [("x-one", "1"), ("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")]
        client.send(
            client.head(1, fields, ends=False, first=[*POST[:2], (":path", "/b/%7e?q=1"), POST[3]]),
            client.data(1, b"he"),
            client.data(1, b"llo", ends=True),
        )
        head, body, _ = client.answer(1)
        self.assertEqual(head[":status"], "200")
        self.assertNotIn("connection", head)
        seen = json.loads(body)
        self.assertEqual(seen["first"], "POST /b/~?q=1 HTTP/1.1")
        self.assertEqual(seen["headers"]["host"], "shop")
        self.assertEqual(seen["headers"]["cookie"], "a=1; b=2")
        self.assertEqual(seen["headers"]["x-one"], "1")
        self.assertEqual(seen["body"], "hello")

    def test_many_streams_at_once(self):
        self.serve()
        client = self.client()
        ids = range(1, 401, 2)
        client.send(frames.WindowUpdateFrame(0, 2**20))  # For the answers of all.
        client.send(*(client.head(i, [("x-id", str(i))]) for i in ids))
        for i in ids:
            seen = json.loads(client.answer(i)[1])
            self.assertEqual(seen["headers"]["x-id"], str(i))

    def test_trailers_and_upper_case_of_the_application(self):
        def handle(client):
            read_request(client)
            client.send(
                "HTTP/1.1 200 OK\r\nX-Upper: Case\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"
            )

        self.serve(handle)
        client = self.client()
        client.send(client.head(1, [("te", "trailers")]))
        head, body, trailers = client.answer(1)
        self.assertEqual(head["x-upper"], "Case")
        self.assertEqual(body, b"abc")
        self.assertEqual(trailers, {"x-sum": "6"})

    def test_a_large_upload_and_download(self):
        size = 3_000_000

        def handle(client):
            _, _, body, _ = read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        self.serve(handle)
        client = self.client({frames.SettingsFrame.INITIAL_WINDOW_SIZE: 2**31 - 1})
        client.send(frames.WindowUpdateFrame(0, 2**30))
        client.send(client.head(1, ends=False, first=POST))
        window = {0: 65535, 1: 65535}
        sent = 0
        client.until(lambda: client.of(frames.SettingsFrame), "the server's settings")
        told = client.of(frames.SettingsFrame)[0].settings
        window[1] = told[frames.SettingsFrame.INITIAL_WINDOW_SIZE]
        seen = 0
        while sent < size:
            for frame in client.came[seen:]:
                if isinstance(frame, frames.WindowUpdateFrame):
                    window[frame.stream_id] += frame.window_increment
            seen = len(client.came)
            part = min(16384, window[0], window[1], size - sent)
            if part == 0:
                client.read()
                continue
            sent += part
            window[0] -= part
            window[1] -= part
            client.send(client.data(1, b"x" * part, ends=sent == size))
        self.assertEqual(len(client.answer(1)[1]), size)

    def test_grpc_gets_its_own_kind_of_failure(self):
        self.serve(application=free_port(), protocol="GRPC")
        client = self.client()
        client.send(client.head(1, [("content-type", "application/grpc")], False, POST))
        head, body, _ = client.answer(1)
        self.assertEqual(head[":status"], "200")
        self.assertEqual(head["grpc-status"], "14")
        self.assertEqual(head["x-skiff-reason"], "connect_failed")
        self.assertEqual(body, b"")

    def test_a_websocket_waits_for_the_switch(self):
        seen = []

        def handle(client):
            _, headers, _, _ = read_request(client)
            client.socket.settimeout(0.3)
            try:
                seen.append(client.socket.recv(100))
            except TimeoutError:
                seen.append("nothing")
            client.socket.settimeout(LIMIT_S)
            if "sec-websocket-key" not in headers:
                return
            client.send(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Accept: x\r\n\r\nhello"
            )
            seen.append(client.read_exactly(10))
            client.send("bye")

        self.serve(handle)
        client = self.client()
        first = [(":method", "CONNECT"), (":protocol", "websocket"), *GET[1:]]
        client.send(client.head(1, [("sec-websocket-version", "13")], False, first))
        client.send(client.data(1, b"GET /admin"))
        head, body, _ = client.answer(1)
        self.assertEqual(head[":status"], "200")
        self.assertNotIn("sec-websocket-accept", head)
        self.assertEqual(body, b"hellobye")
        self.assertEqual(seen, ["nothing", b"GET /admin"])

    def test_a_stop_lets_what_is_in_flight_finish(self):
        arrived, release = [], []

        def handle(client):
            arrived.append(read_request(client))
            until(lambda: release, "the test lets it answer")
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

        running = self.serve(handle)
        client = self.client()
        client.send(client.head(1))
        until(lambda: arrived, "the request arrives")
        running.process.send_signal(signal.SIGTERM)
        self.assertEqual(client.goaway_code(), 0)
        self.assertEqual(client.of(frames.GoAwayFrame)[0].last_stream_id, 2**31 - 1)
        release.append(True)
        self.assertEqual(client.answer(1)[1], b"done")


class Attacks(Http2Test):
    def test_rapid_resets(self):
        self.serve()
        client = self.client()
        burst = b""
        for i in range(1, 6001, 2):
            burst += client.head(i).serialize() + frames.RstStreamFrame(i, 8).serialize()
        client.send_bytes(burst)
        self.assertEqual(client.goaway_code(), ENHANCE_YOUR_CALM)
        self.served_still()

    def flood(self, *flood):
        self.serve()
        client = self.client()
        client.send(client.head(1, ends=False, first=POST))
        once = b"".join(frame.serialize() for frame in flood)
        for _ in range(20):
            client.send_bytes(once * 1000)
        self.assertEqual(client.goaway_code(), ENHANCE_YOUR_CALM)
        self.served_still()

    def test_empty_data(self):
        self.flood(frames.DataFrame(1))

    def test_pings(self):
        self.flood(frames.PingFrame(0, b"12345678"))

    def test_settings(self):
        self.flood(frames.SettingsFrame(0))

    def test_priorities(self):
        self.flood(frames.PriorityFrame(3, 1, 16))

    def test_window_updates(self):
        self.flood(frames.WindowUpdateFrame(0, 1))

    def test_endless_continuation(self):
        self.serve()
        client = self.client()
        first = frames.HeadersFrame(1, client.encoder.encode(GET))
        client.send(first, *(frames.ContinuationFrame(1, b"") for _ in range(1000)))
        self.assertNotEqual(client.goaway_code(), 0)
        self.served_still()

    def test_a_bomb_of_indexed_fields(self):
        running = self.serve()
        before = running.resident_kib()
        client = self.client()
        client.send(client.head(1, [("x-bomb", "y" * 3000)]))
        client.answer(1)
        index = client.encoder.encode([("x-bomb", "y" * 3000)])
        self.assertEqual(len(index), 1)
        for stream in range(3, 23, 2):
            bomb = frames.HeadersFrame(stream, client.encoder.encode(GET) + index * 16000)
            bomb.flags.add("END_HEADERS")
            bomb.flags.add("END_STREAM")
            client.send(bomb)
        client.until(lambda: client.of(frames.RstStreamFrame) or client.is_closed, "resets")
        self.served_still()
        if not SANITIZER:
            self.assertLess(running.peak_kib() - before, 8 * 1024)

    def test_windows_that_stay_shut(self):
        def handle(client):
            while True:
                read_request(client)
                head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"
                client.send(head + b"x" * 10_000_000)

        running = self.serve(handle, "timeouts: {streamIdle: 1s}")
        before = running.resident_kib()
        client = self.client({frames.SettingsFrame.INITIAL_WINDOW_SIZE: 0})
        client.send(*(client.head(i) for i in range(1, 41, 2)))
        for i in range(1, 41, 2):
            self.assertNotEqual(client.reset_code(i), 0)
        if not SANITIZER:
            self.assertLess(running.peak_kib() - before, 20 * 1024)

    def test_what_is_no_http2(self):
        self.serve()
        client = self.client()
        client.send_bytes(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
        client.until(lambda: client.of(frames.GoAwayFrame) or client.is_closed, "an end")
        self.served_still()

    def test_fields_that_may_not_be(self):
        self.serve()
        client = self.client()
        stream = 1
        for field in (
            ("connection", "close"),
            ("transfer-encoding", "chunked"),
            ("x", "a\r\nb: c"),
            ("x", "a\0b"),
            ("a b", "c"),
            ("content-length", "5"),
        ):
            client.send(client.head(stream, [field]))
            self.assertEqual(client.reset_code(stream), 1, field)
            stream += 2
        self.served_still()

    def test_targets_that_may_not_be(self):
        self.serve()
        client = self.client()
        stream = 1
        for path in ("/a#b", "/a%2fb", "/../a", "/a;b", "/%00"):
            client.send(client.head(stream, first=[*GET[:2], (":path", path), GET[3]]))
            head, _, _ = client.answer(stream)
            self.assertEqual(head[":status"], "400", path)
            self.assertEqual(head["x-skiff-reason"], "bad_request_target")
            stream += 2


if __name__ == "__main__":
    unittest.main()
