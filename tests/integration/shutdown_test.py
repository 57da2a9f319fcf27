"""The end of a sidecar: what is in flight is answered, what is new is refused."""

import signal
import socket
import subprocess
import threading
import time
import unittest

from support import LIMIT_S, SidecarTest, free_port, read_request, saying, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"


class Shutdown(SidecarTest):
    """A backend that answers when `go` is set; /quick at once."""

    def setUp(self):
        self.go = threading.Event()
        self.addCleanup(self.go.set)
        self.waiting = []

    def handle(self, client):
        while True:
            first, *_ = read_request(client)
            if "/quick" not in first:
                self.waiting.append(first)
                self.go.wait(LIMIT_S)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")

    def began(self, drain="20s"):
        return self.outbound(self.handle, limits=f"timeouts: {{drain: {drain}}}")

    def in_flight(self, count):
        clients = [self.client().send(GET) for _ in range(count)]
        until(lambda: len(self.waiting) == count, "all requests are at the backend")
        return clients

    def is_refused(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S):
                return False
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # It was in the queue of a listener that closed.
            return False

    def ended(self, sidecar, within_s=LIMIT_S):
        """Its exit status."""
        try:
            return sidecar.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.fail(f"not ended within {within_s} s:\n{sidecar.logged()}")

    def all_are_answered(self, sidecar, clients):
        until(self.is_refused, "new connections are refused")
        self.assertIsNone(sidecar.process.poll())
        self.go.set()
        for client in clients:
            status, headers, body = client.answer()
            self.assertEqual((status, body), (200, b"slow"))
            self.assertEqual(headers.get("connection", "").lower(), "close")
            self.assertTrue(client.is_closed())
        self.assertEqual(self.ended(sidecar), 0)


class Drain(Shutdown):
    def test_sigterm_answers_all_that_is_in_flight_and_refuses_what_is_new(self):
        sidecar = self.began()
        clients = self.in_flight(20)
        sidecar.process.terminate()
        self.all_are_answered(sidecar, clients)

    def test_sigint_does_the_same(self):
        sidecar = self.began()
        clients = self.in_flight(2)
        sidecar.process.send_signal(signal.SIGINT)
        self.all_are_answered(sidecar, clients)

    def test_a_post_of_drain_does_the_same(self):
        sidecar = self.began()
        clients = self.in_flight(5)
        self.assertEqual(sidecar.get("/drain", "POST", b"")[0], 202)
        self.assertEqual(sidecar.get("/drain", "POST", b"")[0], 202)
        self.all_are_answered(sidecar, clients)

    def test_a_get_of_drain_does_nothing(self):
        sidecar = self.began()
        self.assertEqual(sidecar.get("/drain")[0], 405)
        self.assertEqual(sidecar.get("/ready")[0], 200)
        self.assertEqual(
            self.client().send("GET /quick HTTP/1.1\r\nHost: backend\r\n\r\n").answer()[0], 200
        )

    def test_an_idle_sidecar_ends_at_once(self):
        sidecar = self.began()
        begin = time.monotonic()
        sidecar.process.terminate()
        self.assertEqual(self.ended(sidecar), 0)
        print(f"idle: ended after {(time.monotonic() - begin) * 1000:.0f} ms", flush=True)

    def test_ready_says_draining_and_live_stays(self):
        sidecar = self.began()
        clients = self.in_flight(1)
        sidecar.process.terminate()
        until(lambda: sidecar.get("/ready")[0] == 503, "it is not ready any more")
        self.assertIn("draining", sidecar.get("/ready")[1])
        self.assertEqual(sidecar.get("/live")[0], 200)
        self.assertEqual(sidecar.get("/metrics")[0], 200)
        self.all_are_answered(sidecar, clients)

    def test_a_change_of_policies_while_draining_disturbs_nothing(self):
        sidecar = self.began()
        clients = self.in_flight(3)
        sidecar.process.terminate()
        until(self.is_refused, "new connections are refused")
        sidecar.write_policies(service("backend", free_port()))
        sidecar.process.send_signal(signal.SIGHUP)
        until(lambda: "generation 2" in sidecar.logged(), "the change is read")
        self.all_are_answered(sidecar, clients)


class KeptAlive(Shutdown):
    def test_a_request_right_after_sigterm_is_answered(self):
        """Its client cannot know yet; only when the answer says close it has been told."""
        sidecar = self.began()
        client = self.client()
        quick = "GET /quick HTTP/1.1\r\nHost: backend\r\n\r\n"
        self.assertEqual(client.send(quick).answer()[0], 200)
        others = self.in_flight(1)
        sidecar.process.terminate()
        told = ""  # The first may overtake the signal and not be told.
        while told != "close":
            try:
                status, headers, _ = client.send(quick).answer()
            except (EOFError, OSError) as error:
                self.fail(f"a kept-alive connection was closed under a request: {error!r}")
            self.assertEqual(status, 200)
            told = headers.get("connection", "").lower()
        self.all_are_answered(sidecar, others)

    def test_requests_around_sigterm_are_all_answered(self):
        """Each client asks again and again until it is told to close; none sees an error."""
        sidecar = self.began()
        ends = []

        def ask(client):
            try:
                while True:
                    status, headers, _ = client.send(
                        "GET /quick HTTP/1.1\r\nHost: backend\r\n\r\n"
                    ).answer()
                    if headers.get("connection", "").lower() == "close":
                        return ends.append((status, "told"))
                    time.sleep(0.002)
            except (EOFError, OSError) as error:
                return ends.append((0, repr(error)))

        threads = [threading.Thread(target=ask, args=(self.client(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        sidecar.process.terminate()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual(ends, [(200, "told")] * 8)
        self.assertEqual(self.ended(sidecar), 0)


class Cut(Shutdown):
    def is_cut(self, client):
        """Whose answer had not begun is told why; then the connection is closed."""
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "draining"))
        self.assertTrue(client.is_closed())

    def test_an_answer_that_had_begun_does_not_look_whole(self):
        def half(client):
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")
            client.is_closed()

        sidecar = self.outbound(half, limits="timeouts: {drain: 200ms}")
        client = self.client().send(GET)
        client.read_until(b"abcde")
        sidecar.process.terminate()
        self.assertEqual(self.ended(sidecar), 0)
        with self.assertRaises((EOFError, ConnectionResetError)):
            client.read_exactly(5)

    def test_two_sigterms_end_at_once(self):
        sidecar = self.began(drain="60s")
        client = self.in_flight(1)[0]
        sidecar.process.terminate()
        until(self.is_refused, "it drains")
        self.assertIsNone(sidecar.process.poll())
        begin = time.monotonic()
        sidecar.process.terminate()
        self.assertEqual(self.ended(sidecar), 0)
        print(f"cut: ended after {(time.monotonic() - begin) * 1000:.0f} ms", flush=True)
        self.is_cut(client)

    def test_what_does_not_end_in_time_is_cut(self):
        sidecar = self.began(drain="500ms")
        clients = self.in_flight(3)
        begin = time.monotonic()
        sidecar.process.terminate()
        self.assertEqual(self.ended(sidecar), 0)
        took = time.monotonic() - begin
        print(f"drain of 500 ms: ended after {took * 1000:.0f} ms", flush=True)
        self.assertGreaterEqual(took, 0.5)
        self.assert_logged(sidecar, "cutting")
        for client in clients:
            self.is_cut(client)

    def test_a_tunnel_is_cut_when_the_time_is_over(self):
        def tunnel(client):
            read_request(client)
            client.send(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
            )
            while got := client.socket.recv(100):
                client.send(got)

        sidecar = self.outbound(tunnel, limits="timeouts: {drain: 1s}")
        client = self.client().send(
            "GET / HTTP/1.1\r\nHost: backend\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
        )
        self.assertEqual(client.answer()[0], 101)
        sidecar.process.terminate()
        until(self.is_refused, "it drains")
        self.assertEqual(client.send("abc").read_exactly(3), b"abc")
        self.assertEqual(self.ended(sidecar), 0)
        self.assertTrue(client.is_closed())


class Order(Shutdown):
    def test_outbound_serves_until_inbound_has_ended(self):
        """What the application still answers may need other services."""
        inner = self.backend(saying("inner"))
        application = self.backend(self.handle)
        inbound, self.port = free_port(), free_port()
        sidecar = self.sidecar(
            f"service: test\ninbound: [{{address: 127.0.0.1, port: {inbound}, "
            f'application: "127.0.0.1:{application.port}"}}]\n'
            f"outbound: [{{port: {self.port}, service: backend}}]\ntimeouts: {{drain: 20s}}",
            service("backend", inner.port),
        )
        caller = self.client(inbound).send(GET)
        until(lambda: self.waiting, "the application has the request")
        sidecar.process.terminate()
        until(lambda: sidecar.get("/ready")[0] == 503, "it drains")
        self.assertEqual(self.client().send(GET).answer()[2], b"inner")
        self.go.set()
        self.assertEqual(caller.answer()[2], b"slow")
        self.assertEqual(self.ended(sidecar), 0)


if __name__ == "__main__":
    unittest.main()
