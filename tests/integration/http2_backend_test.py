"""HTTP/2 to backends: nghttpd, and a backend that breaks off in every way."""

import collections
import os
import socket
import subprocess
import tempfile
import threading
import unittest

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
from support import LIMIT_S, SidecarTest, free_port, indent, service, until


def policy(text, name="backend"):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
        f"spec:\n  targetRefs: [{{kind: Service, name: {name}}}]\n{indent(text, 2)}\n"
    )


def raw_answer(stream):
    """An answer as bytes: h2 itself sends none after its GOAWAY."""
    number = stream.to_bytes(4, "big")
    head = b"\0\0\1\1\4" + number + b"\x88"  # :status: 200
    return head + b"\0\0\2\0\1" + number + b"ok"


Request = collections.namedtuple("Request", "id fields pairs")


class Http2Peer:
    """One connection of a backend that speaks HTTP/2 as the test says."""

    def __init__(self, client, settings=None):
        self.socket = client.socket
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values=settings)
        self.h2.initiate_connection()
        self.flush()
        self.requests = []
        self.bodies = collections.defaultdict(bytes)
        self.ended = set()
        self.resets = {}
        self.takes = True  # Opens the windows again.

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def read(self):
        """Takes what has come; at the end raises EOFError."""
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        for event in self.h2.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            pairs = list(event.headers)
            self.requests.append(Request(event.stream_id, dict(pairs), pairs))
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] += event.data
            if self.takes:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.resets[event.stream_id] = event.error_code

    def until(self, condition):
        while not condition():
            self.read()

    def next_request(self):
        """The next whole request."""
        self.until(lambda: self.requests and self.requests[0].id in self.ended)
        return self.requests.pop(0)

    def answer(self, stream, text=b"ok", status=200, headers=()):
        self.h2.send_headers(stream, [(":status", str(status)), *headers])
        self.h2.send_data(stream, text, end_stream=True)
        self.flush()

    def reset(self, stream, code):
        self.h2.reset_stream(stream, code)
        self.flush()

    def goaway(self, last):
        self.h2.close_connection(last_stream_id=last)
        self.flush()

    def serve(self):
        """Answers everything."""
        while True:
            self.answer(self.next_request().id)


class Http2Test(SidecarTest):
    def through(self, *ports, policies="", protocol="HTTP2"):
        """A sidecar whose outbound listener leads to backends that speak HTTP/2."""
        self.port = free_port()
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
            "accessLog: {mode: all}\nworkers: 1",  # Each has connections of its own.
            service("backend", *ports, protocol=protocol) + policies,
        )

    def outbound_to(self, handle, policies=""):
        """… to one that handles each connection by `handle(Http2Peer)`."""
        self.made = self.backend(lambda client: handle(Http2Peer(client)))
        return self.through(self.made.port, policies=policies)

    def get(self, path="/", method="GET", headers="", body=""):
        client = self.client().send(
            f"{method} {path} HTTP/1.1\r\nHost: backend\r\n{headers}\r\n{body}"
        )
        return client.answer(method)

    def post(self, path="/", body="abc"):
        return self.get(path, "POST", f"Content-Length: {len(body)}\r\n", body)

    def all_at_once(self, count, ask):
        """What `count` threads get."""
        got = []
        threads = [threading.Thread(target=lambda: got.append(ask())) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        return got


class Nghttpd(Http2Test):
    """nghttpd, of another make than the code under test's far end in the unit tests."""

    def serve(self, *options):
        folder = tempfile.TemporaryDirectory(prefix="skiff-nghttpd-")
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "small"), "wb") as f:
            f.write(b"hello")
        with open(os.path.join(folder.name, "large"), "wb") as f:
            f.write(self.large)
        port = free_port()
        process = subprocess.Popen(
            ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", folder.name, *options, str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0

        until(listens, "nghttpd listens")
        return port

    large = bytes(range(256)) * 4096 * 3

    def test_files_of_any_size(self):
        sidecar = self.through(self.serve())
        status, headers, body = self.get("/small")
        self.assertEqual((status, body), (200, b"hello"))
        self.assertEqual(headers["content-length"], "5")
        self.assertEqual(self.get("/large")[2], self.large)
        self.assertEqual(self.get("/none")[0], 404)
        status, headers, _ = self.get("/large", "HEAD")
        self.assertEqual((status, headers["content-length"]), (200, str(len(self.large))))
        self.assert_metric(sidecar, 1, "skiff_backend_connections_opened_total")

    def test_uploads_of_any_size(self):
        self.through(self.serve("--echo-upload"))
        for size in (0, 1, 70_000, 1_500_000):
            client = self.client()
            body = os.urandom(size)
            client.send(
                f"POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: {size}\r\n\r\n".encode()
            )
            sender = threading.Thread(target=client.send, args=(body,))
            sender.start()
            status, _, echoed = client.answer()
            sender.join()
            self.assertEqual(status, 200)
            self.assertEqual(echoed, body)

    def test_many_share_one_connection(self):
        sidecar = self.through(self.serve())
        got = self.all_at_once(40, lambda: self.get("/small")[2])
        self.assertEqual(got, [b"hello"] * 40)
        self.assert_metric(sidecar, 1, "skiff_backend_connections_opened_total")

    def test_more_at_once_than_the_backend_allows(self):
        policies = policy("connectionPool: {maxConnections: 1, maxWait: 9s}")
        sidecar = self.through(self.serve("-m", "2"), policies=policies)
        got = self.all_at_once(30, lambda: len(self.get("/large")[2]))
        self.assertEqual(got, [len(self.large)] * 30)
        self.assert_metric(sidecar, 1, "skiff_backend_connections_opened_total")


class Misbehaving(Http2Test):
    def test_a_request_arrives_as_http2_wants_it(self):
        seen = []

        def handle(peer):
            while True:
                request = peer.next_request()
                seen.append(request.fields)
                peer.answer(request.id)

        self.outbound_to(handle)
        self.get("/a?b", headers="X-MiXed: Case\r\nConnection: x-hop\r\nX-Hop: 1\r\n")
        fields = seen[0]
        self.assertEqual(fields[":path"], "/a?b")
        self.assertEqual(fields[":authority"], "backend")
        self.assertEqual(fields[":scheme"], "http")
        self.assertEqual(fields["x-mixed"], "Case")
        for gone in ("host", "connection", "x-hop"):
            self.assertNotIn(gone, fields)

    def test_trailers_cross_both_ways(self):
        seen = []

        def handle(peer):
            original = peer.take

            def take(event):
                if isinstance(event, h2.events.TrailersReceived):
                    seen.append(dict(event.headers))
                original(event)

            peer.take = take
            request = peer.next_request()
            peer.h2.send_headers(request.id, [(":status", "200"), ("trailer", "x-sum")])
            peer.h2.send_data(request.id, b"abc")
            peer.h2.send_headers(request.id, [("x-sum", "42")], end_stream=True)
            peer.flush()
            peer.read()

        self.outbound_to(handle)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: x-in\r\n\r\n3\r\nabc\r\n0\r\nx-in: 7\r\n\r\n"
        )
        client.read_until(b"\r\n\r\n")
        body = client.read_until(b"x-sum: 42\r\n\r\n")
        self.assertEqual(body, b"3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n")
        self.assertEqual(seen, [{"x-in": "7"}])

    def test_goaway_race_loses_no_request(self):
        """Below the last id they finish, above they are sent again; POSTs too."""
        connections = []

        def handle(peer):
            connections.append(peer)
            if len(connections) > 1:
                peer.serve()
            peer.until(lambda: len(peer.ended) == 4)
            first = peer.next_request().id
            peer.goaway(first)
            peer.socket.sendall(raw_answer(first))
            while peer.socket.recv(65536):
                pass

        self.outbound_to(handle)
        got = self.all_at_once(4, lambda: self.post()[0])
        self.assertEqual(got, [200] * 4)
        self.assertEqual(len(connections), 2)

    def test_a_refused_stream_is_sent_again(self):
        refused = []

        def handle(peer):
            while True:
                request = peer.next_request()
                if not refused:
                    refused.append(request)
                    peer.reset(request.id, h2.errors.ErrorCodes.REFUSED_STREAM)
                else:
                    peer.answer(request.id, peer.bodies[request.id])

        self.outbound_to(handle)
        status, _, body = self.post(body="again")
        self.assertEqual((status, body), (200, b"again"))
        self.assertEqual(len(refused), 1)

    def test_another_reset_is_not(self):
        requests = []

        def handle(peer):
            while True:
                request = peer.next_request()
                requests.append(request)
                peer.reset(request.id, h2.errors.ErrorCodes.INTERNAL_ERROR)

        self.outbound_to(handle)
        status, headers, _ = self.post()
        self.assertEqual((status, headers["x-skiff-reason"]), (502, "upstream_reset"))
        self.assertEqual(len(requests), 1)

    def test_a_stalled_upload_is_cancelled_and_stalls_nobody_else(self):
        peers = []

        def handle(peer):
            peers.append(peer)
            peer.takes = False
            while True:
                peer.read()
                for request in [r for r in peer.requests if r.id in peer.ended]:
                    peer.requests.remove(request)
                    peer.answer(request.id)

        self.outbound_to(handle, policy("timeouts: {request: 1s}"))
        stalled = self.client()
        stalled.send("POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 1000000\r\n\r\n")
        threading.Thread(
            target=lambda: self.swallow(lambda: stalled.send(b"x" * 1_000_000)), daemon=True
        ).start()
        until(lambda: peers and peers[0].bodies, "the upload has begun")
        self.assertEqual(self.get()[0], 200)
        status, headers, _ = stalled.answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (504, "timeout_request"))
        until(lambda: peers[0].resets, "the backend is told")
        self.assertEqual(list(peers[0].resets.values()), [h2.errors.ErrorCodes.CANCEL])
        self.assertEqual(self.get()[0], 200)
        self.assertEqual(len(peers), 1)

    @staticmethod
    def swallow(send):
        try:
            send()
        except OSError:
            pass  # The sidecar has closed the client's connection.

    def test_a_client_that_goes_away_cancels_its_stream(self):
        peers = []

        def handle(peer):
            peers.append(peer)
            while True:
                peer.read()

        self.outbound_to(handle)
        self.client().send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n").close()
        until(lambda: peers and peers[0].resets, "the backend is told")
        self.assertEqual(list(peers[0].resets.values()), [h2.errors.ErrorCodes.CANCEL])

    def test_a_bomb_of_fields_is_no_answer(self):
        """Counted as they come, also where each is small."""

        def handle(peer):
            while True:
                request = peer.next_request()
                count = 150 if request.fields[":path"] == "/bomb" else 3
                peer.answer(request.id, headers=[("a", "b")] * count)

        sidecar = self.outbound_to(handle)
        status, headers, _ = self.get("/bomb")
        self.assertEqual((status, headers["x-skiff-reason"]), (502, "bad_response"))
        self.assertEqual(self.get("/")[0], 200)
        self.assert_metric(sidecar, 1, "skiff_backend_connections_opened_total")

    def test_a_cut_answer_is_never_whole(self):
        def handle(peer):
            path = "/reset"
            while path == "/reset":
                request = peer.next_request()
                path = request.fields[":path"]
                peer.h2.send_headers(request.id, [(":status", "200"), ("content-length", "10")])
                peer.h2.send_data(request.id, b"abc")
                if path == "/reset":
                    peer.h2.reset_stream(request.id, h2.errors.ErrorCodes.NO_ERROR)
                peer.flush()

        self.outbound_to(handle)
        for path in ("/reset", "/close"):
            client = self.client().send(f"GET {path} HTTP/1.1\r\nHost: backend\r\n\r\n")
            with self.assertRaises((EOFError, ConnectionResetError)):
                client.answer()

    def test_an_early_answer_ends_the_upload(self):
        def handle(peer):
            peer.until(lambda: peer.requests)
            peer.answer(peer.requests[0].id, b"too large", 413)
            peer.until(lambda: peer.resets)

        self.outbound_to(handle)
        client = self.client()
        client.send("POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 500000\r\n\r\nabc")
        status, _, body = client.answer()
        self.assertEqual((status, body), (413, b"too large"))

    def test_a_backend_that_only_answers_in_the_interim(self):
        def handle(peer):
            request = peer.next_request()
            for _ in range(20):
                peer.h2.send_headers(request.id, [(":status", "103")])
            peer.flush()
            peer.until(lambda: peer.resets)

        self.outbound_to(handle)
        client = self.client().send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n")
        for _ in range(16):
            self.assertEqual(client.answer()[0], 103)
        self.assertEqual(client.answer()[0], 502)

    def test_a_backend_that_speaks_http1_is_told_apart(self):
        def handle(client):
            client.read_until(b"\r\n\r\n")
            client.send("HTTP/1.1 400 Bad Request\r\n\r\n")

        self.through(self.backend(handle).port)
        status, headers, _ = self.get()
        self.assertEqual((status, headers["x-skiff-reason"]), (502, "upstream_reset"))

    def test_a_lost_connection_is_replaced_before_it_is_needed(self):
        def handle(peer):
            peer.answer(peer.next_request().id)
            if len(self.made.connections) > 1:
                peer.serve()
            peer.socket.shutdown(socket.SHUT_WR)
            while peer.socket.recv(65536):
                pass

        self.outbound_to(handle)
        self.assertEqual(self.get()[0], 200)
        until(lambda: len(self.made.connections) == 2, "the next is made")
        self.assertEqual(self.get()[0], 200)

    def test_a_port_may_change_what_it_speaks(self):
        def handle(client):
            if client.socket.recv(3, socket.MSG_PEEK) == b"PRI":
                peer = Http2Peer(client)
                while True:
                    peer.answer(peer.next_request().id, b"two")
            while client.read_until(b"\r\n\r\n"):
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")

        port = self.backend(handle).port
        sidecar = self.through(port, protocol="HTTP")
        self.assertEqual(self.get()[2], b"one")
        for protocol, answer in (("HTTP2", b"two"), ("HTTP", b"one"), ("GRPC", b"two")):
            sidecar.write_policies(service("backend", port, protocol=protocol))
            until(lambda answer=answer: self.get()[2] == answer, f"{protocol} is spoken")

    def test_websocket_needs_a_backend_that_takes_it(self):
        self.outbound_to(lambda peer: peer.serve())
        status, headers, _ = self.get(
            headers="Connection: upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        )
        self.assertEqual((status, headers["x-skiff-reason"]), (501, "upgrade_unsupported"))

    def test_websocket_over_extended_connect(self):
        def handle(client):
            peer = Http2Peer(client, {h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
            peer.until(lambda: peer.requests)
            request = peer.requests[0]
            assert request.fields[":method"] == "CONNECT", request
            assert request.fields[":protocol"] == "websocket", request
            peer.h2.send_headers(request.id, [(":status", "200")])
            peer.flush()
            peer.until(lambda: peer.bodies[request.id] == b"ping")
            peer.h2.send_data(request.id, b"pong", end_stream=True)
            peer.flush()
            peer.read()

        self.through(self.backend(handle).port)
        client = self.client().send(
            "GET /chat HTTP/1.1\r\nHost: backend\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head = client.read_until(b"\r\n\r\n").lower()
        self.assertTrue(head.startswith(b"http/1.1 101 "), head)
        self.assertIn(b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n", head)
        client.send(b"ping")
        self.assertEqual(client.read_to_end(), b"pong")


if __name__ == "__main__":
    unittest.main()
