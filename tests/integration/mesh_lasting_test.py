"""Pairs over a longer time: connections between sidecars grow old and are replaced."""

import threading
import unittest

from mesh_support import MeshTest
from support import LIMIT_S, Client, read_request, until

AGE = "timeouts: {connectionAge: 200ms}"
POST = "POST / HTTP/1.1\r\nHost: product\r\nContent-Length: 2\r\n\r\nhi"


class Ages(MeshTest):
    """Requests flow while connections are sent away, by either side."""

    def serve(self, client):
        while True:
            first = read_request(client)[0]
            if " /slow " not in first:
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                continue
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            self.assertTrue(self.may_end.wait(LIMIT_S))
            client.send("-last")

    def began(self, *, of_caller="", of_callee=""):
        self.may_end = threading.Event()
        self.certs = self.authority("order", "product")
        self.application = self.backend(self.serve)
        self.beside = self.callee(self.application.port, more=of_callee)
        self.asking = self.caller(more=f"{of_caller}\nworkers: 1")

    def opened(self):
        return self.beside.metric("skiff_tls_server_handshakes_total", result="ok")

    def ask_until(self, stop):
        """The statuses of requests that no sidecar may send twice, unless they were not read."""
        client = Client(self.port)
        while not stop.is_set():
            self.statuses.append(client.send(POST).answer()[0])
        client.close()

    def connections_are_replaced_and_no_request_fails(self):
        self.statuses, stop = [], threading.Event()
        threads = [threading.Thread(target=self.ask_until, args=(stop,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        slow = self.client().send("GET /slow HTTP/1.1\r\nHost: product\r\n\r\n")
        slow.read_until(b"first")
        before = self.opened()
        until(lambda: self.opened() >= before + 4, "four more connections")
        self.may_end.set()
        self.assertEqual(slow.read_exactly(5), b"-last")
        stop.set()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual(set(self.statuses), {200})
        asked = self.asking.metric("skiff_requests_total")
        self.assertEqual(asked, len(self.statuses) + 1)
        seen = self.beside.metric("skiff_requests_total")
        self.assertEqual(seen, asked, "what was sent twice was not read before")

    def test_the_callee_sends_them_away(self):
        self.began(of_callee=AGE)
        self.connections_are_replaced_and_no_request_fails()

    def test_the_caller_replaces_them(self):
        self.began(of_caller=AGE)
        self.connections_are_replaced_and_no_request_fails()

    def test_both_do(self):
        self.began(of_caller=AGE, of_callee=AGE)
        self.connections_are_replaced_and_no_request_fails()


if __name__ == "__main__":
    unittest.main()
