"""1 GiB each way through one sidecar: every byte arrives, and its memory stays what it was."""

import random
import threading
import unittest

from support import SANITIZER, SidecarTest, read_request

MIB = 1 << 20
SIZE = (64 if SANITIZER else 1024) * MIB
PATTERN = random.Random(1).randbytes(MIB)  # The body is this, over and over.
TWICE = PATTERN + PATTERN
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MOST_KIB = 4096  # What a sidecar may grow by meanwhile.


def send_body(client, chunked):
    piece = b"%x\r\n" % MIB + PATTERN + b"\r\n" if chunked else PATTERN
    for _ in range(SIZE // MIB):
        client.send(piece)
    if chunked:
        client.send(b"0\r\n\r\n")


def framing(chunked):
    return "Transfer-Encoding: chunked\r\n" if chunked else f"Content-Length: {SIZE}\r\n"


class BodyReader:
    """Takes a body off a connection piece by piece, and compares it with the pattern."""

    def __init__(self, client):
        self.client = client
        self.taken = 0

    def take(self, size):
        """Exactly so many bytes of the body."""
        while size:
            got = self.client.pending[:size] or self.client.socket.recv(min(size, MIB))
            self.client.pending = self.client.pending[len(got) :]
            at = self.taken % MIB
            if not got or got != TWICE[at : at + len(got)]:
                raise AssertionError(f"{len(got)} bytes at {self.taken} are not what was sent")
            self.taken += len(got)
            size -= len(got)

    def take_chunks(self):
        while size := int(self.client.read_until(b"\r\n"), 16):
            self.take(size)
            assert self.client.read_exactly(2) == b"\r\n"
        assert self.client.read_exactly(2) == b"\r\n"

    def take_all(self, chunked):
        if chunked:
            self.take_chunks()
        else:
            self.take(SIZE)
        return self.taken


class LongBodies(SidecarTest):
    def check(self, exchange):
        """Runs `exchange(client)`; the most memory meanwhile is little more than before."""
        client = self.client()  # Also what a connection needs is there.
        client.send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n")
        self.assertEqual(client.answer()[0], 200)
        before = self.running.resident_kib()
        self.running.forget_peak()
        exchange(client)
        grown = self.running.peak_kib() - before
        print(f"grown by {grown} KiB ", end="", flush=True)
        if not SANITIZER:
            self.assertLess(grown, MOST_KIB, "KiB more than before")

    def down(self, chunked):
        def handle(client):
            read_request(client)
            client.send(OK)
            read_request(client)
            client.send(f"HTTP/1.1 200 OK\r\n{framing(chunked)}\r\n")
            send_body(client, chunked)
            client.is_closed()

        def exchange(client):
            client.send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n").read_until(b"\r\n\r\n")
            self.assertEqual(BodyReader(client).take_all(chunked), SIZE)

        self.running = self.outbound(handle)
        self.check(exchange)

    def up(self, chunked):
        arrived = []

        def handle(client):
            read_request(client)
            client.send(OK)
            client.read_until(b"\r\n\r\n")
            arrived.append(BodyReader(client).take_all(chunked))
            client.send(OK)
            client.is_closed()

        def exchange(client):
            client.send(f"POST / HTTP/1.1\r\nHost: backend\r\n{framing(chunked)}\r\n")
            sender = threading.Thread(target=send_body, args=(client, chunked))
            sender.start()
            self.assertEqual(client.answer()[2], b"ok")
            sender.join()
            self.assertEqual(arrived, [SIZE])

        self.running = self.outbound(handle)
        self.check(exchange)

    def test_down_with_a_length(self):
        self.down(chunked=False)

    def test_down_in_chunks(self):
        self.down(chunked=True)

    def test_up_with_a_length(self):
        self.up(chunked=False)

    def test_up_in_chunks(self):
        self.up(chunked=True)


if __name__ == "__main__":
    unittest.main()
