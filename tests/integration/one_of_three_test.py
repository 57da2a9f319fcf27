"""One endpoint of three that is bad, or all three: what clients see of it."""

import select
import threading
import unittest

from resilience_support import KEY, OK, ResilienceTest, reason, request, reset
from support import LIMIT_S, Backend, free_port, read_request, until

IN_TURN = "loadBalancing: {algorithm: ROUND_ROBIN}\n"
RESET = "retry: {conditions: [RESET]}\n"
EJECTION = "outlierEjection: {consecutiveFailures: 3, baseEjectionTime: 1m}\n"


class Counting:
    """Answers, and keeps each request's method."""

    def __init__(self):
        self.methods = []

    def __call__(self, client):
        while True:
            self.methods.append(read_request(client)[0].split(" ")[0])
            client.send(OK)


class Slow(Counting):
    """Answers like the others until it is told to take its time."""

    def __init__(self):
        super().__init__()
        self.takes_s = 0
        self.answered = 0  # After that time.
        self.left = threading.Semaphore(0)

    def __call__(self, client):
        while True:
            self.methods.append(read_request(client)[0].split(" ")[0])
            if self.takes_s and select.select([client.socket], [], [], self.takes_s)[0]:
                self.left.release()
                return
            client.send(OK)
            self.answered += self.takes_s > 0


class ResetsWhenItAccepts(ResilienceTest):
    """It reads nothing, so nothing is executed there, and nothing twice."""

    def between(self, text):
        self.good = Counting()
        self.before(self.good, reset, self.good, text=IN_TURN + text, more="workers: 1")

    def test_what_may_be_repeated_always_succeeds(self):
        self.between(RESET)
        for i in range(30):
            message = request("POST", b"x", KEY) if i % 2 else request()
            self.assertEqual(self.ask(message)[0], 200)
        self.assertEqual(len(self.good.methods), 30)
        self.assertGreater(len(self.backends[1].connections), 0)

    def test_a_post_succeeds_or_is_executed_by_nobody(self):
        self.between(RESET)
        statuses = [self.ask(request("POST", b"x"))[0] for _ in range(30)]
        self.assertLessEqual(set(statuses), {200, 502})
        self.assertEqual(len(self.good.methods), statuses.count(200))

    def test_ejected_it_costs_no_post_any_more(self):
        self.between(RESET + EJECTION)
        lost = 0
        while not self.running.metric("skiff_outlier_ejected"):
            lost += self.ask(request("POST", b"x"))[0] != 200
        self.assertLessEqual(lost, 3)
        accepted = len(self.backends[1].connections)
        for _ in range(12):
            self.assertEqual(self.ask(request("POST", b"x"))[0], 200)
        self.assertEqual(len(self.backends[1].connections), accepted)


class IsSlow(ResilienceTest):
    """It takes a second more than the others, or never answers."""

    def between(self, text):
        self.slow, self.good = Slow(), Counting()
        self.before(self.good, self.slow, self.good, text=text, more="workers: 1")

    def test_an_attempt_that_takes_too_long_goes_elsewhere(self):
        self.between(IN_TURN + "timeouts: {perTry: 500ms}\nretry: {conditions: [PER_TRY_TIMEOUT]}")
        self.slow.takes_s = LIMIT_S
        client = self.client()
        for _ in range(9):
            self.assertEqual(client.send(request()).answer()[0], 200)
        self.assertEqual(len(self.good.methods), 9)
        asked = len(self.slow.methods)
        self.assertGreaterEqual(asked, 3)
        for _ in range(asked):
            self.assertTrue(self.slow.left.acquire(timeout=LIMIT_S), "what is late is given up")
        self.is_over()
        self.assert_metric(self.running, asked, "skiff_request_retries_total")

    def test_once_it_is_known_it_gets_nothing(self):
        self.between("")
        while len(self.slow.methods) < 5:
            self.assertEqual(self.ask()[0], 200)
        self.slow.takes_s = 1
        while not self.slow.answered:
            self.assertEqual(self.ask()[0], 200)
        asked = len(self.slow.methods)
        for _ in range(200):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(len(self.slow.methods), asked)

    def test_who_waits_for_it_holds_up_nobody_else(self):
        self.between("loadBalancing: {algorithm: LEAST_REQUEST}\n")
        self.slow.takes_s = LIMIT_S
        held = []
        until(
            lambda: held.append(self.client().send(request())) or self.slow.methods,
            "one is held by it",
        )
        until(
            lambda: self.running.metric("skiff_requests_in_flight") == 1,
            "the others are answered",
        )
        for _ in range(60):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(len(self.slow.methods), 1, "it is busy")


class AllThree(ResilienceTest):
    def test_down_they_are_said_to_be_down_and_back_they_are_used(self):
        ports = [free_port() for _ in range(3)]
        self.before_ports(*ports, text=EJECTION + "retry: {backoff: {base: 1ms, max: 2ms}}")
        for _ in range(20):
            self.assertEqual(reason(self.ask()), (503, "connect_failed"))
        self.assertEqual(self.running.metric("skiff_outlier_ejected"), 0, "nobody is an outlier")
        good = Counting()
        for port in ports:
            made = Backend(good, port)
            self.addCleanup(made.stop)
        for _ in range(20):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(len(good.methods), 20)

    def test_failing_each_answers_for_itself(self):
        def fails(client):
            while True:
                read_request(client)
                client.send("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")

        self.before(fails, fails, fails, text=EJECTION + "retry: {attempts: 0}")
        for _ in range(30):
            self.assertEqual(self.ask()[::2], (503, b"no"))
        self.assertEqual(self.running.metric("skiff_outlier_ejected"), 0)

    def test_left_out_there_is_nobody(self):
        text = (
            "healthCheck: {interval: 100ms, timeout: 100ms, unhealthyThreshold: 1}\n"
            "loadBalancing: {panicThreshold: 0%}"
        )

        def ill(client):
            while True:
                read_request(client)
                client.send("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")

        self.before(ill, ill, ill, text=text)
        until(lambda: self.ask()[1].get("x-skiff-reason") == "no_endpoint", "all are known as ill")
        for _ in range(10):
            self.assertEqual(reason(self.ask()), (503, "no_endpoint"))


if __name__ == "__main__":
    unittest.main()
