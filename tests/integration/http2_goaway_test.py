"""The end of connections of HTTP/2, by either side: no request is lost, and none is sent twice."""

import itertools
import signal
import socket
import threading
import unittest

from http2_backend_test import Http2Test as BackendTest
from http2_backend_test import Http2Peer, raw_answer
from http2_hostile_test import GOAWAY, RST_STREAM, frame, number
from http2_test import POST, Http2Test, frames
from support import LIMIT_S, SANITIZER, Client, SidecarTest, free_port, read_request, service, until

REFUSED_STREAM = 7
EVERY_STREAM = 2**31 - 1


def goodbye(last):
    return frame(GOAWAY, 0, 0, number(last) + number(0))


def reset(stream, code):
    return frame(RST_STREAM, 0, stream, number(code))


class OfBackends(BackendTest):
    def test_a_goodbye_in_two_steps(self):
        """The first notice ends nothing, but new requests go elsewhere; the last one decides."""
        peers, told = [], threading.Event()

        def handle(peer):
            peers.append(peer)
            if len(peers) > 1:
                peer.serve()
            peer.until(lambda: len(peer.ended) == 3)
            streams = sorted(peer.ended)
            peer.socket.sendall(goodbye(EVERY_STREAM))
            told.wait(LIMIT_S)
            peer.socket.sendall(goodbye(streams[1]))
            peer.socket.sendall(raw_answer(streams[0]) + raw_answer(streams[1]))
            while peer.socket.recv(65536):
                pass

        sidecar = self.outbound_to(handle)
        got = []
        threads = [threading.Thread(target=lambda: got.append(self.post()[0])) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: len(peers) == 2, "the next connection is made ahead")
        self.assertEqual(self.post()[0], 200)
        self.assertEqual(got, [], "those that the first notice found are not given up")
        told.set()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual(got, [200] * 3)
        self.assertEqual(len(peers), 2)
        self.assert_metric(sidecar, 5, "skiff_request_attempts_total")
        self.assert_metric(sidecar, 0, "skiff_retry_budget_granted_total")

    def test_a_request_above_the_last_is_sent_again_without_a_policy_for_it(self):
        peers = []

        def handle(peer):
            peers.append(peer)
            if len(peers) > 1:
                peer.serve()
            peer.next_request()
            peer.goaway(0)
            while peer.socket.recv(65536):
                pass

        self.outbound_to(handle)
        self.assertEqual(self.post()[0], 200)
        self.assertEqual(len(peers), 2)

    def test_a_reset_right_behind_a_goodbye(self):
        """Many times over: every other is served, each leaves nothing behind."""
        rounds = 200 if SANITIZER else 1_500
        served = itertools.cycle((False, True))

        def handle(peer):
            peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = peer.next_request().id
            if next(served):
                peer.socket.sendall(goodbye(stream) + raw_answer(stream) + reset(stream, 0))
            else:
                peer.socket.sendall(goodbye(0) + reset(stream, REFUSED_STREAM))
            while peer.socket.recv(65536):
                pass

        sidecar = self.outbound_to(handle)
        client = Client(self.port)
        self.addCleanup(client.close)

        def ask(times):
            for _ in range(times):
                client.send("POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 0\r\n\r\n")
                self.assertEqual(client.answer()[0], 200)

        ask(rounds)
        before = sidecar.resident_kib()
        ask(rounds)
        if not SANITIZER:
            self.assertLess(sidecar.resident_kib() - before, 512)


class OfTheSidecar(Http2Test):
    """A drain, while clients ask as fast as they can."""

    is_told = False

    def drained(self, running, client, outstanding=20):
        """Keeps so many requests in flight until it is told to go; what it sent, it gets."""
        sent = 0
        answered = set()
        while not client.of(frames.GoAwayFrame):
            while sent - len(answered) < outstanding:
                sent += 1
                client.send(client.head(2 * sent - 1, first=POST))
            client.read()
            answered.update(f.stream_id for f in client.of(frames.DataFrame))
            if sent > 200 and running.process.poll() is None and not self.is_told:
                self.is_told = True
                running.process.send_signal(signal.SIGTERM)
        for stream in range(1, 2 * sent, 2):
            self.assertEqual(client.answer(stream)[0][":status"], "200")
        while client.read():
            pass
        self.assertEqual(client.of(frames.RstStreamFrame), [])
        return sent, client.of(frames.GoAwayFrame)

    def test_every_request_before_the_notice_is_answered(self):
        seen = []

        def handle(client):
            while True:
                read_request(client)
                seen.append(1)
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        running = self.serve(handle)
        clients = [self.client() for _ in range(4)]
        results = []
        threads = [
            threading.Thread(target=lambda c=c: results.append(self.drained(running, c)))
            for c in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * LIMIT_S)
        self.assertEqual(len(results), 4, "each had all its answers")
        for sent, goodbyes in results:
            self.assertEqual(goodbyes[0].last_stream_id, EVERY_STREAM)
            self.assertEqual(goodbyes[-1].last_stream_id, 2 * sent - 1)
            self.assertEqual({f.error_code for f in goodbyes}, {0})
        self.assertEqual(len(seen), sum(sent for sent, _ in results))
        self.assertEqual(running.process.wait(LIMIT_S), 0)


class OfOneOfTwo(SidecarTest):
    """A service of two sidecars, called by a third; one of the two is stopped under load."""

    def beside(self, application):
        port = free_port()
        made = self.sidecar(
            f"service: product\ninbound: [{{address: 127.0.0.1, port: {port}, protocol: HTTP2, "
            f'application: "127.0.0.1:{application}"}}]',
            service("product", port, protocol="HTTP2"),
        )
        return made, port

    def test_callers_do_not_notice(self):
        executed, lock = [], threading.Lock()

        def handle(client):
            peer = Http2Peer(client)
            while True:
                request = peer.next_request()
                with lock:
                    executed.append(request.fields["x-number"])
                peer.answer(request.id)

        application = self.backend(handle).port
        (first, one), (_, two) = self.beside(application), self.beside(application)
        self.port = free_port()
        self.sidecar(
            f"service: order\noutbound: [{{port: {self.port}, service: product}}]",
            service("product", one, two, protocol="HTTP2"),
        )
        stop = threading.Event()
        statuses = []

        def ask(who):
            client = Client(self.port)
            count = 0
            while not stop.is_set():
                count += 1
                client.send(
                    f"POST / HTTP/1.1\r\nHost: product\r\nX-Number: {who}.{count}\r\n"
                    "Content-Length: 2\r\n\r\nhi"
                )
                statuses.append(client.answer()[0])
            client.close()

        threads = [threading.Thread(target=ask, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: first.metric("skiff_requests_total") > 50, "both are asked")
        first.process.send_signal(signal.SIGTERM)
        self.assertEqual(first.process.wait(LIMIT_S), 0)
        more = len(statuses) + 200
        until(lambda: len(statuses) > more, "the other one serves")
        stop.set()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual(set(statuses), {200})
        self.assertEqual(len(executed), len(set(executed)), "none is executed twice")
        self.assertEqual(len(executed), len(statuses))


if __name__ == "__main__":
    unittest.main()
