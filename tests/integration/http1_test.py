"""HTTP/1.1 through one sidecar: framing, connections, streaming, and what failures look like."""

import json
import threading
import time
import unittest

from support import LIMIT_S, SANITIZER, SidecarTest, echo, free_port, read_request, service, until

GET = "GET /a HTTP/1.1\r\nHost: backend\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answering(*parts):
    """A backend that answers each request with these bytes, one write each."""

    def handle(client):
        while True:
            read_request(client)
            for part in parts:
                client.send(part)

    return handle


class Messages(SidecarTest):
    def test_a_request_arrives_as_it_was_sent(self):
        self.outbound(echo)
        client = self.client().send(
            "POST /a/b?c=d HTTP/1.1\r\nHost: backend\r\nX-MiXed: Case\r\n"
            "Content-Length: 3\r\n\r\nabc"
        )
        status, _, body = client.answer()
        seen = json.loads(body)
        self.assertEqual(status, 200)
        self.assertEqual(seen["first"], "POST /a/b?c=d HTTP/1.1")
        self.assertEqual(seen["body"], "abc")
        self.assertIn("X-MiXed: Case\r\n", seen["raw"])
        self.assertIn("x-request-id", seen["headers"])

    def test_hop_by_hop_fields_end_here(self):
        self.outbound(echo)
        client = self.client().send(
            "GET / HTTP/1.1\r\nHost: backend\r\nConnection: keep-alive, X-Secret\r\n"
            "X-Secret: 1\r\nKeep-Alive: timeout=5\r\nTE: gzip\r\nX-Kept: 2\r\n\r\n"
        )
        headers = json.loads(client.answer()[2])["headers"]
        for gone in ("x-secret", "keep-alive", "te"):
            self.assertNotIn(gone, headers)
        self.assertEqual(headers["x-kept"], "2")

    def test_headers_that_spell_protected_ones_with_underscores(self):
        request = (
            "GET / HTTP/1.1\r\nHost: backend\r\nTransfer_Encoding: chunked\r\nmy_own: 1\r\n\r\n"
        )
        self.outbound(echo)
        status, headers, _ = self.client().send(request).answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (400, "bad_request_header"))
        self.outbound(echo, limits="limits: {underscoredHeaders: drop}")
        raw = json.loads(self.client().send(request).answer()[2])["raw"]
        self.assertIn("my_own: 1\r\n", raw)
        self.assertNotIn("Transfer_Encoding", raw)

    def test_many_requests_share_connections(self):
        self.outbound(answering(OK))
        client = self.client()
        for _ in range(50):
            self.assertEqual(client.send(GET).answer()[0], 200)
        self.assertEqual(len(self.backends[0].connections), 1)

    def test_pipelined_requests_are_answered_in_order(self):
        self.outbound(echo)
        client = self.client().send(
            "".join(f"GET /{i} HTTP/1.1\r\nHost: backend\r\n\r\n" for i in range(20))
        )
        for i in range(20):
            self.assertEqual(json.loads(client.answer()[2])["first"], f"GET /{i} HTTP/1.1")

    def test_chunked_both_ways_with_trailers(self):
        def handle(client):
            read_request(client)
            client.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
                b"4\r\nwiki\r\n5;ext=1\r\npedia\r\n0\r\nx-sum: 42\r\n\r\n"
            )
            client.is_closed()

        self.outbound(handle)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n0\r\n\r\n"
        )
        head = client.read_until(b"\r\n\r\n")
        self.assertIn(b"chunked", head.lower())
        self.assertTrue(
            client.read_until(b"x-sum: 42\r\n\r\n").startswith(b"9\r\nwikipedia\r\n0\r\n")
        )

    def test_chunked_request_reaches_the_backend_whole(self):
        self.outbound(echo)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for part in ("3\r\nabc\r\n", "2\r\n", "de", "\r\n0\r\n", "\r\n"):
            client.send(part)
            time.sleep(0.02)
        self.assertEqual(json.loads(client.answer()[2])["body"], "abcde")

    def test_head_204_and_304_have_no_body(self):
        def handle(client):
            while True:
                first, *_ = read_request(client)
                if "/204" in first:
                    client.send(b"HTTP/1.1 204 No Content\r\n\r\n")
                elif "/304" in first:
                    client.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")
                else:
                    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")

        self.outbound(handle)
        client = self.client()
        for method, path, status in (
            ("HEAD", "/", 200),
            ("GET", "/204", 204),
            ("GET", "/304", 304),
            ("HEAD", "/", 200),
        ):
            client.send(f"{method} {path} HTTP/1.1\r\nHost: backend\r\n\r\n")
            got, headers, _ = client.answer(method)
            self.assertEqual(got, status)
            if method == "HEAD":
                self.assertEqual(headers["content-length"], "1234")

    def test_expect_continue_goes_end_to_end(self):
        def handle(client):
            head = client.read_until(b"\r\n\r\n")
            assert b"100-continue" in head.lower(), head
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert client.read_exactly(5) == b"hello"
            client.send(OK)
            client.is_closed()

        self.outbound(handle)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        self.assertEqual(client.answer()[0], 100)
        client.send("hello")
        self.assertEqual(client.answer()[0], 200)

    def test_early_hints_are_relayed(self):
        self.outbound(answering(b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n", OK))
        client = self.client().send(GET)
        self.assertEqual(client.answer()[0], 103)
        self.assertEqual(client.answer()[0], 200)

    def test_http_1_0(self):
        self.outbound(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        )
        client = self.client().send("GET / HTTP/1.0\r\n\r\n")
        text = client.read_to_end()
        self.assertNotIn(b"chunked", text.lower())
        self.assertTrue(text.endswith(b"\r\n\r\nabc"), text)

    def test_absolute_form_wins_over_host(self):
        self.outbound(echo)
        client = self.client().send("GET http://real/x HTTP/1.1\r\nHost: other\r\n\r\n")
        seen = json.loads(client.answer()[2])
        self.assertEqual(seen["first"], "GET /x HTTP/1.1")
        self.assertEqual(seen["headers"]["host"], "real")

    def test_options_star(self):
        self.outbound(echo)
        client = self.client().send("OPTIONS * HTTP/1.1\r\nHost: backend\r\n\r\n")
        self.assertEqual(json.loads(client.answer()[2])["first"], "OPTIONS * HTTP/1.1")

    def test_a_body_that_ends_with_the_connection(self):
        def handle(client):
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")

        self.outbound(handle)
        client = self.client()
        for _ in range(3):
            self.assertEqual(client.send(GET).answer()[2], b"until the end")


class Connections(SidecarTest):
    def test_a_client_that_closes_its_half_still_gets_its_answer(self):
        def handle(client):
            read_request(client)
            time.sleep(0.2)
            client.send(OK)
            client.is_closed()

        self.outbound(handle)
        client = self.client().send(GET).end()
        self.assertEqual(client.answer()[2], b"ok")
        self.assertTrue(client.is_closed())

    def test_a_client_that_closes_its_half_and_gets_no_answer_counts_as_gone(self):
        given_up = threading.Event()

        def handle(client):
            read_request(client)
            if client.is_closed():
                given_up.set()

        sidecar = self.outbound(handle, limits="timeouts: {halfClosed: 300ms}")
        client = self.client().send(GET)
        until(lambda: sidecar.metric("skiff_requests_in_flight") == 1, "it is on its way")
        client.end()
        self.assertTrue(given_up.wait(LIMIT_S))
        self.assertTrue(client.is_closed())
        until(
            lambda: sidecar.metric("skiff_requests_total", reason="client_gone") == 1,
            "the metric says why",
        )

    def test_upgrade_is_a_tunnel_with_both_ends(self):
        def handle(client):
            read_request(client)
            client.send(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\n\r\nhello"
            )
            while got := client.socket.recv(100):
                client.send(got.upper())
            client.send(b"bye")

        self.outbound(handle)
        client = self.client().send(
            "GET /chat HTTP/1.1\r\nHost: backend\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n\r\n"
        )
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["upgrade"]), (101, "websocket"))
        self.assertEqual(client.read_exactly(5), b"hello")
        client.send("abc")
        self.assertEqual(client.read_exactly(3), b"ABC")
        client.end()
        self.assertEqual(client.read_to_end(), b"bye")

    def test_bytes_behind_an_upgrade_wait_for_the_backend(self):
        seen = []

        def handle(client):
            seen.append(read_request(client)[0])
            client.send(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
            seen.append(read_request(client)[0])
            client.send(OK)
            client.is_closed()

        self.outbound(handle)
        client = self.client().send(
            "GET /chat HTTP/1.1\r\nHost: backend\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n\r\n"
            "GET /next HTTP/1.1\r\nHost: backend\r\n\r\n"
        )
        self.assertEqual(client.answer()[0], 426)
        self.assertEqual(client.answer()[0], 200)
        self.assertEqual(seen, ["GET /chat HTTP/1.1", "GET /next HTTP/1.1"])

    def test_an_early_answer_is_relayed_and_the_connection_closed(self):
        def handle(client):
            client.read_until(b"\r\n\r\n")
            client.send(
                b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n"
                b"Connection: close\r\n\r\nno"
            )
            client.is_closed()

        self.outbound(handle)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 100000\r\n\r\nabc"
        )
        status, headers, body = client.answer()
        self.assertEqual((status, body, headers["connection"].lower()), (413, b"no", "close"))

    def test_bytes_on_an_idle_backend_connection_never_reach_a_client(self):
        answered = threading.Event()

        def handle(client):
            read_request(client)
            client.send(OK)
            answered.wait(LIMIT_S)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            read_request(client)

        sidecar = self.outbound(handle)
        client = self.client()
        self.assertEqual(client.send(GET).answer()[2], b"ok")
        answered.set()
        self.assert_metric(sidecar, 0, "skiff_backend_connections")
        self.assertEqual(client.send(GET).answer()[2], b"ok")

    def test_a_backend_that_closes_idle_connections_costs_no_request(self):
        def handle(client):
            client.socket.settimeout(0.3)
            while True:
                read_request(client)
                client.send(OK)

        sidecar = self.outbound(handle)
        client = self.client()
        for i in range(12):
            method = "POST" if i % 2 else "GET"
            self.assertEqual(
                client.send(
                    f"{method} / HTTP/1.1\r\nHost: backend\r\nContent-Length: 0\r\n\r\n"
                ).answer()[0],
                200,
            )
            # A GET may meet the closing; of a POST that does, an RST proves nothing.
            if method == "POST":
                time.sleep(0.28 + 0.005 * (i % 8))
            else:
                self.assert_metric(sidecar, 0, "skiff_backend_connections")

    def test_more_connections_than_allowed_are_closed(self):
        self.outbound(answering(OK), limits="limits: {connections: 2}")
        first, second = self.client(), self.client()
        self.assertEqual(first.send(GET).answer()[0], 200)
        self.assertEqual(second.send(GET).answer()[0], 200)
        self.assertTrue(self.client().is_closed())
        self.assertEqual(first.send(GET).answer()[0], 200)

    def test_a_slow_head_is_cut(self):
        self.outbound(answering(OK), limits="timeouts: {requestHeaders: 300ms}")
        client = self.client().send("GET / HTTP/1.1\r\nHost:")
        self.assertEqual(client.answer()[0], 408)
        self.assertTrue(client.is_closed())


class Streaming(SidecarTest):
    def test_a_long_body_up_waits_for_a_slow_backend(self):
        size = 32 << 20
        go = threading.Event()
        got = []

        def handle(client):
            client.read_until(b"\r\n\r\n")
            go.wait(LIMIT_S)
            count = len(client.pending)
            while count < size:
                count += len(client.socket.recv(1 << 20))
            got.append(count)
            client.send(OK)
            client.is_closed()

        sidecar = self.outbound(handle)
        before = sidecar.resident_kib()
        client = self.client().send(
            f"POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: {size}\r\n\r\n"
        )
        sender = threading.Thread(target=lambda: client.send(bytes(size)))
        sender.start()
        time.sleep(0.5)
        if not SANITIZER:
            self.assertLess(sidecar.resident_kib() - before, 4096, "KiB more than before")
        go.set()
        sender.join()
        self.assertEqual(client.answer()[2], b"ok")
        self.assertEqual(got, [size])


class Failures(SidecarTest):
    def reason(self, status, word, policy="", handle=None, request=GET):
        sidecar = self.outbound(handle or answering(OK), policy=policy)
        got, headers, _ = self.client().send(request).answer()
        self.assertEqual((got, headers.get("x-skiff-reason")), (status, word))
        until(
            lambda: f'"reason":"{word}"' in sidecar.logged().replace(" ", ""),
            "the access log says why",
        )
        until(
            lambda: sidecar.metric("skiff_requests_total", reason=word) == 1, "the metric says why"
        )

    def test_nobody_listens(self):
        self.port = free_port()
        dead = free_port()
        sidecar = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", dead),
        )
        status, headers, _ = self.client().send(GET).answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "connect_failed"))
        until(
            lambda: sidecar.metric("skiff_requests_total", reason="connect_failed") == 1,
            "the metric says why",
        )

    def test_closed_without_an_answer(self):
        self.reason(502, "upstream_reset", handle=lambda client: read_request(client))

    def test_nonsense_for_an_answer(self):
        self.reason(502, "bad_response", handle=answering(b"nonsense\r\n\r\n"))

    def test_too_many_interim_answers(self):
        self.outbound(answering(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20))
        client = self.client().send(GET)
        statuses = [client.answer()[0]]
        while statuses[-1] == 103:
            statuses.append(client.answer()[0])
        self.assertEqual((statuses[-1], len(statuses)), (502, 17))

    def test_too_slow(self):
        self.reason(
            504,
            "timeout_request",
            policy="timeouts: {request: 300ms, connect: 100ms}",
            handle=lambda c: (read_request(c), c.is_closed()),
        )

    def test_too_slow_to_begin(self):
        self.reason(
            504,
            "timeout_response_headers",
            policy="timeouts: {responseHeaders: 200ms}",
            handle=lambda c: (read_request(c), c.is_closed()),
        )

    def test_silent(self):
        self.reason(
            504,
            "timeout_stream_idle",
            policy="timeouts: {streamIdle: 200ms}",
            handle=lambda c: (read_request(c), c.is_closed()),
        )

    def test_a_cut_body_never_looks_whole(self):
        def handle(client):
            first, *_ = read_request(client)
            if "chunked" in first:
                client.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
            else:
                client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")

        self.outbound(handle)
        for path in ("length", "chunked"):
            client = self.client().send(f"GET /{path} HTTP/1.1\r\nHost: backend\r\n\r\n")
            with self.assertRaises((EOFError, ConnectionResetError)):
                client.answer()

    def test_the_client_goes_and_the_backend_is_told(self):
        gone = threading.Event()

        def handle(client):
            client.read_until(b"\r\n\r\n")
            try:
                client.read_to_end()
            except ConnectionResetError:
                pass
            gone.set()

        self.outbound(handle)
        client = self.client().send(
            "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 10\r\n\r\nabc"
        )
        time.sleep(0.2)
        client.close()
        self.assertTrue(gone.wait(LIMIT_S))


class HostRouting(SidecarTest):
    def test_requests_go_where_their_host_says(self):
        one, two = self.backend(echo), self.backend(answering(OK))
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}}}]",
            service("one", one.port) + service("two", two.port),
        )
        client = self.client()
        client.send("GET / HTTP/1.1\r\nHost: one\r\n\r\n")
        self.assertIn(b'"first"', client.answer()[2])
        client.send("GET http://two.default/ HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.answer()[2], b"ok")
        client.send("GET / HTTP/1.1\r\nHost: nowhere\r\n\r\n")
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "unknown_service"))


if __name__ == "__main__":
    unittest.main()
