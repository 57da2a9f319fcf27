"""A log that nobody reads any more: requests go on, and lines that are dropped are counted."""

import fcntl
import os
import unittest

from resilience_support import OK, policy, request
from support import Sidecar, SidecarTest, free_port, read_request, service, until

REQUESTS = 3000
LONG = "/" + "x" * 4000  # A line of the log has it in it.


class StoppedReader(SidecarTest):
    def start_into_a_pipe(self):
        """A sidecar whose output is a pipe; nobody reads it."""

        def answers(client):
            while True:
                path = read_request(client)[0].split(" ")[1]
                client.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" if path == "/f" else OK)

        self.port = free_port()
        self.ours = service("backend", self.backend(answers).port)
        made = Sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
            "accessLog: {mode: all}",
            self.ours,
        )
        made.log.close()
        self.end, theirs = os.pipe()
        self.addCleanup(os.close, self.end)
        made.log = os.fdopen(theirs, "w")
        self.addCleanup(made.stop)
        return made.start()

    def read_all(self):
        """What is in the pipe now."""
        flags = fcntl.fcntl(self.end, fcntl.F_GETFL)
        fcntl.fcntl(self.end, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        data = b""
        try:
            while got := os.read(self.end, 1 << 20):
                data += got
        except BlockingIOError:
            return data

    def test_stops_nobody(self):
        made = self.start_into_a_pipe()
        lines = lambda fate: made.metric("skiff_access_log_lines_total", fate=fate)
        client = self.client()
        for _ in range(REQUESTS):
            self.assertEqual(client.send(request(path=LONG)).answer()[0], 200)
        until(lambda: lines("written") + lines("dropped") == REQUESTS, "each line is counted")
        self.assertGreater(lines("dropped"), 0)
        # The process log has the same reader; its lines come from the workers, too.
        made.write_policies(
            self.ours + policy("retry: {attempts: 0}\ncircuitBreaker: {consecutiveFailures: 1}")
        )
        until(lambda: made.metric("skiff_config_generation") == 2, "policies still change")
        until(
            lambda: client.send(request(path="/f")).answer()[1].get("x-skiff-reason"),
            "the breaker opens",
        )
        self.assertEqual(made.metric("skiff_circuit_breaker_state", state="open"), 1)
        self.read_all()
        until(lambda: self.ask_and_read(client), "lines come again when they are read")

    def ask_and_read(self, client):
        client.send(request(path="/again")).answer()
        return b'"path":"/again"' in self.read_all()


if __name__ == "__main__":
    unittest.main()
