"""Clients of HTTP/2 that send too much, or take too little: what they cost has a bound.

Frames are made by hand, and what is only a few bytes on the wire is repeated.
"""

import threading
import unittest

from http2_hostile_test import CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, block, frame
from http2_test import ENHANCE_YOUR_CALM, GET, POST, PREFACE, Http2Test, frames
from support import LIMIT_S, SANITIZER, Client, echo, read_request

PROTOCOL_ERROR, REFUSED_STREAM = 1, 7
WHOLE = END_HEADERS | END_STREAM
NEWEST = b"\xbe"  # What came last into the table of HPACK.
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Limited(Http2Test):
    def serve(self, handle=echo, *, limits="", policy=""):
        """As the one it overrides, with limits of the sidecar's."""
        return super().serve(handle, policy, more=f"workers: 1\n{limits}")

    def greeted(self):
        """A client that has acknowledged the server's settings."""
        client = self.client()
        client.until(lambda: client.of(frames.SettingsFrame), "the server's settings")
        return client

    def assert_peak(self, before, most_mib):
        if not SANITIZER:
            self.assertLess(self.running.peak_kib() - before, most_mib * 1024)


class Fields(Limited):
    """What a head brings is counted as it comes, whatever becomes of it."""

    def refused(self, field, count):
        """A head with so many of a field, by one byte each; the connection goes on."""
        seen = []

        def handle(client):
            while True:
                seen.append(read_request(client)[1])
                client.send(OK)

        running = self.serve(handle)
        client = self.client()
        client.send_bytes(frame(HEADERS, WHOLE, 1, block(GET) + b"\x40" + block([field])[1:]))
        self.assertEqual(client.answer(1)[0][":status"], "200")
        before = running.resident_kib()
        client.send_bytes(frame(HEADERS, WHOLE, 3, block(GET) + NEWEST * count))
        if count < 800:
            self.assertEqual(client.answer(3)[0][":status"], "431")
        else:
            self.assertNotEqual(client.reset_code(3), 0)
        client.send_bytes(frame(HEADERS, WHOLE, 5, block(GET)))
        self.assertEqual(client.answer(5)[0][":status"], "200", "HPACK is in step")
        self.assertEqual(len(seen), 2)
        self.assert_peak(before, 2)

    def test_a_few_too_many(self):
        self.refused(("x-a", "1"), 300)

    def test_crumbs_of_a_cookie(self):
        self.refused(("cookie", "a=1"), 300)

    def test_fields_that_are_dropped(self):
        self.refused(("http2-settings", "AAMAAABkAAQAAP__"), 300)

    def test_thousands_of_crumbs(self):
        self.refused(("cookie", "a=1"), 16_000)

    def test_thousands_of_fields_that_are_dropped(self):
        self.refused(("http2-settings", "AAMAAABkAAQAAP__"), 16_000)

    def test_thousands_of_empty_values(self):
        self.refused(("x-empty", ""), 16_000)

    def test_thousands_of_hosts(self):
        running = self.serve()
        client = self.client()
        host = block(GET) + b"\x40" + block([("host", "shop")])[1:]
        client.send_bytes(frame(HEADERS, WHOLE, 1, host))
        self.assertEqual(client.answer(1)[0][":status"], "200")
        before = running.resident_kib()
        client.send_bytes(frame(HEADERS, WHOLE, 3, block(GET) + NEWEST * 10_000))
        self.assertEqual(client.reset_code(3), PROTOCOL_ERROR)
        client.send_bytes(frame(HEADERS, WHOLE, 5, block(GET)))
        self.assertEqual(client.answer(5)[0][":status"], "200", "HPACK is in step")
        self.assert_metric(running, 2, "skiff_request_attempts_total")
        self.assert_peak(before, 2)

    def test_what_is_of_another_hop_is_not_forwarded(self):
        seen = []

        def handle(client):
            while True:
                seen.append(read_request(client)[1])
                client.send(OK)

        self.serve(handle)
        client = self.client()
        fields = [("http2-settings", "AAMAAABk"), ("proxy-authorization", "Basic x"), ("x", "y")]
        client.send(client.head(1, fields))
        self.assertEqual(client.answer(1)[1], b"ok")
        self.assertEqual(seen[0]["x"], "y")
        self.assertNotIn("http2-settings", seen[0])
        self.assertNotIn("proxy-authorization", seen[0])

    def test_trailers_bring_nothing_that_others_decide_by(self):
        seen = []

        def handle(client):
            while True:
                seen.append(read_request_with_trailers(client))
                client.send(OK)

        self.serve(handle)
        client = self.client()
        bad = [
            ("host", "evil"),
            ("content-length", "5"),
            ("authorization", "Basic x"),
            ("cookie", "a=1"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-client-cert", "URI=spiffe://evil"),
            ("x-skiff-deadline-ms", "1"),
            ("x-request-id", "evil"),
            ("traceparent", "evil"),
            ("http2-settings", "AAMAAABk"),
            ("expect", "100-continue"),
        ]
        for stream, each in enumerate(bad):
            with self.subTest(name=each[0]):
                client.send(client.head(2 * stream + 1, ends=False, first=POST))
                client.send(client.data(2 * stream + 1, b"12345"))
                both = block([each, ("x-sum", "1")])
                client.send_bytes(frame(HEADERS, WHOLE, 2 * stream + 1, both))
                self.assertEqual(client.answer(2 * stream + 1)[1], b"ok")
                headers, trailers = seen.pop()
                self.assertEqual(trailers, b"x-sum: 1\r\n\r\n")
                self.assertNotIn(f"{each[0]}: {each[1]}\r\n", headers.lower())


def read_request_with_trailers(client):
    """The head, and what comes behind the last chunk of the body."""
    head = client.read_until(b"\r\n\r\n").decode("latin-1")
    client.read_until(b"\r\n0\r\n")
    trailers = b""
    while not trailers.endswith(b"\r\n\r\n"):
        trailers += client.read_until(b"\r\n")
    return head, trailers


class Floods(Limited):
    def calms_down(self, once, times, *before):
        """That many of these bytes at once end the connection by ENHANCE_YOUR_CALM."""
        running = self.serve()
        client = self.client()
        client.send_bytes(b"".join(before))
        lines = running.logged().count("\n")
        for begin in range(0, times, 1000):
            client.send_bytes(once * min(1000, times - begin))
        self.assertEqual(client.goaway_code(), ENHANCE_YOUR_CALM)
        self.served_still()
        self.assertLess(running.logged().count("\n") - lines, 10)

    def test_empty_bodies_with_padding_of_nothing(self):
        head = frame(HEADERS, END_HEADERS, 1, block(POST))
        self.calms_down(frame(DATA, 8, 1, b"\0"), 20_000, head)

    def test_empty_heads(self):
        self.serve()
        client = self.client()
        client.send_bytes(b"".join(frame(HEADERS, WHOLE, s) for s in range(1, 10_001, 2)))
        self.assertEqual(client.goaway_code(), ENHANCE_YOUR_CALM)
        self.served_still()

    def test_heads_in_too_many_pieces(self):
        running = self.serve()
        for pieces in (9, 1000):
            for piece in (b"", b"\0\1a\1b"):
                with self.subTest(pieces=pieces, piece=piece):
                    client = self.greeted()
                    begin = frame(HEADERS, END_STREAM, 1, block(GET))
                    client.send_bytes(begin + frame(CONTINUATION, 0, 1, piece) * pieces)
                    self.assertIn(client.goaway_code(), (PROTOCOL_ERROR, ENHANCE_YOUR_CALM))
        self.served_still()
        self.assertLess(running.logged().count("\n"), 20)
        self.assert_metric(running, 1, "skiff_request_attempts_total")

    def test_a_head_that_never_ends(self):
        running = self.serve(limits="timeouts: {requestHeaders: 500ms}")
        client = self.greeted()
        client.send_bytes(frame(HEADERS, END_STREAM, 1, block(GET)))
        client.send_bytes(frame(CONTINUATION, 0, 1, b""))
        while client.read():
            pass
        reason = "timeout_request_headers"
        self.assert_metric(running, 1, "skiff_requests_total", reason=reason)
        self.served_still()

    def test_pings_of_one_who_does_not_read(self):
        self.deaf(frame(6, 0, 0, bytes(8)))

    def test_settings_of_one_who_does_not_read(self):
        self.deaf(frame(4, 0, 0))

    def deaf(self, once):
        running = self.serve()
        before = running.resident_kib()
        client = Client(self.port)
        self.addCleanup(client.close)
        with self.assertRaises(OSError):  # Nobody reads on, and then it is closed.
            client.send(PREFACE + frame(4, 0, 0))
            while True:
                client.send(once * 5000)
        self.served_still()
        self.assert_peak(before, 8)

    def test_resets_of_requests_as_soon_as_they_are_sent(self):
        running = self.serve(limits="limits: {http2: {glitchBurst: 100, glitchesPerSecond: 1}}")
        client = self.client()
        pairs = (
            client.head(i).serialize() + frames.RstStreamFrame(i, 8).serialize()
            for i in range(1, 6001, 2)
        )
        client.send_bytes(b"".join(pairs))
        self.assertEqual(client.goaway_code(), ENHANCE_YOUR_CALM)
        self.served_still()
        self.assertLess(running.metric("skiff_request_attempts_total"), 300)

    def serve_five_at_once(self):
        """... and an event for which the application waits."""
        release = threading.Event()
        self.addCleanup(release.set)

        def handle(client):
            while True:
                read_request(client)
                release.wait(LIMIT_S)
                client.send(OK)

        return self.serve(handle, limits="limits: {http2: {concurrentStreams: 5}}"), release

    def test_streams_beyond_the_limit(self):
        running, release = self.serve_five_at_once()
        client = self.client()
        # Before the client can know of the limit: each of them may be sent again.
        client.send(*(client.head(i) for i in range(1, 21, 2)))
        for stream in range(11, 21, 2):
            self.assertEqual(client.reset_code(stream), REFUSED_STREAM)
        client.until(lambda: client.of(frames.SettingsFrame), "the limit")
        self.assertEqual(client.of(frames.SettingsFrame)[0].settings[3], 5)
        release.set()
        for stream in range(1, 11, 2):
            self.assertEqual(client.answer(stream)[1], b"ok")
        client.send(*(client.head(i) for i in range(21, 31, 2)))
        for stream in range(21, 31, 2):
            self.assertEqual(client.answer(stream)[1], b"ok")
        self.assert_metric(running, 10, "skiff_request_attempts_total")

    def test_streams_beyond_a_limit_that_was_acknowledged(self):
        running, release = self.serve_five_at_once()
        client = self.greeted()
        client.send(*(client.head(i) for i in range(1, 13, 2)))
        client.until(
            lambda: client.of(frames.GoAwayFrame) or client.of(frames.RstStreamFrame, 11), "an end"
        )
        if client.of(frames.GoAwayFrame):
            self.assertEqual(client.goaway_code(), PROTOCOL_ERROR)
        else:
            self.assertEqual(client.reset_code(11), REFUSED_STREAM)
        release.set()
        self.served_still()
        self.assertLessEqual(running.metric("skiff_request_attempts_total"), 6)


if __name__ == "__main__":
    unittest.main()
