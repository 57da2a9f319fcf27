"""Windows of HTTP/2 that are shut, shrink, or are not given back: the others go on.

The sidecar keeps little meanwhile, and nobody waits for ever.
"""

import threading
import unittest

import h2.exceptions
from http2_backend_test import Http2Peer
from http2_backend_test import Http2Test as BackendTest
from http2_floods_test import Limited
from http2_hostile_test import frame, number
from http2_test import POST, frames
from support import LIMIT_S, Client, read_request, until

FLOW_CONTROL_ERROR, CANCEL = 3, 8
SETTINGS, PING, WINDOW_UPDATE = 4, 6, 8
WINDOW = frames.SettingsFrame.INITIAL_WINDOW_SIZE
LONG = 64_000_000
PART = 200_000  # Above the window that a client has at first.


def window_of(size):
    return frame(SETTINGS, 0, 0, WINDOW.to_bytes(2, "big") + number(size))


def opens(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, number(size))


def giving(size):
    """A backend that answers each request by so many bytes."""

    def handle(client):
        while True:
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))

    return handle


class Downloads(Limited):
    def received(self, client, stream):
        return sum(len(f.data) for f in client.of(frames.DataFrame, stream))

    def pinged(self, client):
        """All that the server had to say is here."""
        acks = len(client.of(frames.PingFrame))
        client.send_bytes(frame(PING, 0, 0, bytes(8)))
        client.until(lambda: len(client.of(frames.PingFrame)) > acks, "the answer to a PING")

    def test_a_window_that_shuts_under_a_long_answer(self):
        running = self.serve(giving(LONG), policy="timeouts: {streamIdle: 1s}")
        before = running.resident_kib()
        client = self.client({WINDOW: 2**31 - 1})
        client.send_bytes(opens(0, 2**30))
        client.send(client.head(1))
        client.until(lambda: client.of(frames.DataFrame), "the answer begins")
        client.send_bytes(window_of(0))
        self.assertNotEqual(client.reset_code(1), 0)
        self.assertLess(self.received(client, 1), LONG)
        self.assert_peak(before, 8)
        self.assert_metric(running, 0, "skiff_requests_in_flight")

    def test_a_client_that_stops_reading(self):
        idle = "timeouts: {streamIdle: 1s}"  # Of the connection, and of the stream.
        running = self.serve(giving(LONG), limits=idle, policy=idle)
        before = running.resident_kib()
        client = self.client({WINDOW: 2**31 - 1})
        client.send_bytes(opens(0, 2**30))
        client.send(client.head(1))
        client.until(lambda: client.of(frames.DataFrame), "the answer begins")
        until(lambda: running.metric("skiff_requests_in_flight") == 0, "it is given up")
        self.assert_metric(running, 0, "skiff_client_connections")
        self.assert_peak(before, 8)

    def test_a_window_that_is_opened_byte_by_byte(self):
        running = self.serve(giving(LONG), policy="timeouts: {streamIdle: 1s}")
        before = running.resident_kib()
        client = self.client({WINDOW: 0})
        client.send(client.head(1))
        while not client.of(frames.RstStreamFrame):
            client.send_bytes(opens(1, 1))
            self.pinged(client)
        self.assert_peak(before, 8)
        self.assert_metric(running, 0, "skiff_requests_in_flight")

    def test_a_window_that_shrinks_below_what_is_used(self):
        self.serve(giving(PART))
        client = self.client()
        client.send_bytes(opens(0, 2**20))
        client.send(client.head(1))
        client.until(lambda: self.received(client, 1) == 65_535, "a window's worth")
        client.send_bytes(window_of(1_000))
        client.send_bytes(opens(1, 64_535))
        self.pinged(client)
        self.assertEqual(self.received(client, 1), 65_535, "the window is 0 again")
        client.send_bytes(opens(1, 1))
        client.until(lambda: self.received(client, 1) == 65_536, "one byte more")
        client.send_bytes(opens(1, 2**20))
        self.assertEqual(len(client.answer(1)[1]), PART)

    def test_windows_that_are_opened_too_far(self):
        self.serve(giving(PART))
        client = self.client()
        client.send_bytes(opens(0, 2**20))
        client.send(client.head(1), client.head(3))
        client.send_bytes(opens(1, 2**31 - 1))
        self.assertEqual(client.reset_code(1), FLOW_CONTROL_ERROR)
        client.send_bytes(opens(3, 2**20))
        self.assertEqual(len(client.answer(3)[1]), PART)

    def test_a_setting_that_opens_windows_too_far(self):
        self.serve(giving(PART))
        client = self.client({WINDOW: 0})
        client.send_bytes(opens(0, 2**20))
        client.send(client.head(1), client.head(3, ends=False, first=POST))
        client.send_bytes(opens(3, 2**31 - 1))
        client.send_bytes(window_of(PART))
        self.assertEqual(client.reset_code(3), FLOW_CONTROL_ERROR)
        self.assertEqual(len(client.answer(1)[1]), PART)

    def test_one_of_a_hundred_that_is_not_taken(self):
        running = self.serve(giving(PART))
        client = self.client()
        before = running.resident_kib()
        client.send_bytes(opens(0, 2**30))
        client.send(*(client.head(i) for i in range(1, 201, 2)))
        client.send_bytes(b"".join(opens(i, PART) for i in range(3, 201, 2)))
        for i in range(3, 201, 2):
            self.assertEqual(len(client.answer(i)[1]), PART)
        self.assertEqual(self.received(client, 1), 65_535)
        self.assert_peak(before, 40)  # The backend gave all of it at once.
        client.send_bytes(opens(1, PART))
        self.assertEqual(len(client.answer(1)[1]), PART)


class Uploads(Limited):
    """A backend that reads no bodies of /slow before it is told."""

    def setUp(self):
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        running = self.serve(self.handle)
        self.peer = self.greeted()
        self.window = 65_535
        self.seen = 0
        self.before = running.resident_kib()

    def handle(self, client):
        while True:
            head = client.read_until(b"\r\n\r\n")
            if b" /slow " in head:
                self.release.wait(LIMIT_S)
            client.pending = head + client.pending
            size = len(read_request(client)[2])
            text = b"%d" % size
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)

    def begin(self, stream, path="/fast"):
        first = [(n, path if n == ":path" else v) for n, v in POST]
        self.peer.send(self.peer.head(stream, ends=False, first=first))

    def send(self, stream, size, ends=True):
        """As the connection's window allows."""
        while size:
            part = min(size, 16_384)
            self.peer.until(lambda part=part: self.may_send() >= part, "a window")
            size -= part
            self.window -= part
            self.peer.send(self.peer.data(stream, bytes(part), ends and size == 0))

    def may_send(self):
        for each in self.peer.came[self.seen :]:
            if isinstance(each, frames.WindowUpdateFrame) and each.stream_id == 0:
                self.window += each.window_increment
        self.seen = len(self.peer.came)
        return self.window

    def test_one_that_the_backend_does_not_read(self):
        self.begin(1, "/slow")
        self.send(1, 250_000, ends=False)
        for stream in range(3, 203, 2):
            self.begin(stream)
            self.send(stream, 100_000)
        for stream in range(3, 203, 2):
            self.assertEqual(self.peer.answer(stream)[1], b"100000")
        self.assert_peak(self.before, 16)
        self.release.set()
        self.peer.send(self.peer.data(1, b"x", ends=True))
        self.assertEqual(self.peer.answer(1)[1], b"250001")

    def test_what_is_cancelled_gives_its_window_back(self):
        for stream in range(1, 121, 2):
            self.begin(stream, "/slow")
            self.send(stream, 250_000, ends=False)
            self.peer.send(frames.RstStreamFrame(stream, CANCEL))
        self.begin(121)
        self.send(121, 250_000)
        self.assertEqual(self.peer.answer(121)[1], b"250000")
        self.assert_peak(self.before, 16)

    def test_more_than_the_window(self):
        self.begin(1, "/slow")
        for _ in range(LONG // 16_384):  # Kernels take some.
            self.peer.send(self.peer.data(1, bytes(16_384)))
        self.assertEqual(self.peer.reset_code(1), FLOW_CONTROL_ERROR)
        self.assert_peak(self.before, 8)


class OfBackends(BackendTest):
    def test_answers_that_nobody_takes_any_more_give_their_window_back(self):
        """Of each so much is left that the window of all would soon be used up."""
        peers = []

        def handle(client):
            peer = Http2Peer(client)
            peers.append(peer)
            sending = {}
            while True:
                while peer.requests:
                    request = peer.requests.pop(0)
                    peer.h2.send_headers(request.id, [(":status", "200")])
                    sending[request.id] = PART if request.fields[":path"] == "/" else LONG
                for stream in list(sending):
                    self.give(peer, sending, stream)
                peer.flush()
                peer.read()

        self.through(self.backend(handle).port)
        for _ in range(40):
            client = Client(self.port)
            client.send("GET /long HTTP/1.1\r\nHost: backend\r\n\r\n").read_until(b"\r\n\r\n")
            client.close()
        until(lambda: len(peers[0].resets) >= 40, "the backend is told of all")
        self.assertEqual(len(self.get()[2]), PART)
        self.assertEqual(len(peers), 1)

    @staticmethod
    def give(peer, sending, stream):
        """As much as the windows allow."""
        try:
            while sending[stream]:
                part = min(peer.h2.local_flow_control_window(stream), 16_384, sending[stream])
                if part == 0:
                    return
                sending[stream] -= part
                peer.h2.send_data(stream, bytes(part), end_stream=sending[stream] == 0)
            del sending[stream]
        except h2.exceptions.ProtocolError:  # It was reset.
            del sending[stream]


if __name__ == "__main__":
    unittest.main()
