"""Circuit breakers, exactly: which failure opens one, how many trials pass, what comes too late."""

import socket
import threading
import unittest

from resilience_support import OK, ResilienceTest, reason, request
from support import LIMIT_S, free_port, read_request, until

ONCE = "retry: {attempts: 0}\n"
WAIT = "waitDurationInOpenState: 300ms, maxWaitDurationInOpenState: 300ms"
CALLERS = 100
OPEN = (503, "circuit_open")


class Told:
    """Answers /fail by 500, /held when it is let go, by what is said then, and all else by 200."""

    def __init__(self):
        self.paths = []
        self.go = threading.Event()
        self.late = OK

    def __call__(self, client):
        while True:
            path = read_request(client)[0].split(" ")[1]
            self.paths.append(path)
            if path == "/held":
                self.go.wait(LIMIT_S)
                client.send(self.late)
            else:
                status = 500 if path == "/fail" else 200
                client.send(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")


class BreakerTest(ResilienceTest):
    def behind(self, breaker, **options):
        self.told = Told()
        self.addCleanup(self.told.go.set)
        self.before(self.told, text=f"{ONCE}circuitBreaker: {{{breaker}}}", **options)

    def calls(self, text):
        """Statuses of calls, one after the other: f fails, any other letter does not."""
        client = self.client()
        paths = ("/fail" if letter == "f" else "/" for letter in text)
        return [client.send(request(path=path)).answer()[0] for path in paths]

    def state(self, name):
        return self.running.metric("skiff_circuit_breaker_state", state=name) == 1

    def is_refused(self):
        return reason(self.ask()) == OPEN


class Exactly(BreakerTest):
    def test_five_failures_in_a_row(self):
        five = "consecutiveFailures: 5, minimumNumberOfCalls: 1000, slidingWindowSize: 1000"
        self.behind(five)
        self.calls("ffff.ffff.")
        self.assertTrue(self.state("closed"), "each success begins the row anew")
        self.assertEqual(self.calls("ffffff"), [500] * 5 + [503])
        self.assertTrue(self.state("open"))

    def test_half_of_the_calls(self):
        half = "slidingWindowSize: 100, minimumNumberOfCalls: 100, failureRateThreshold: 50%"
        self.behind(half)
        self.calls("f" * 49 + "." * 51)
        self.assertTrue(self.state("closed"), "49 of 100")
        self.calls("." * 100 + "." * 50 + "f" * 49)
        self.assertTrue(self.state("closed"), "49 of 100 again")
        self.assertEqual(self.calls("ff"), [500, 503])

    def test_a_tenth_of_a_percent(self):
        exact = "slidingWindowSize: 1000, minimumNumberOfCalls: 1000, failureRateThreshold: 49.9%"
        self.behind(exact)
        self.calls("f" * 498 + "." * 502)
        self.assertTrue(self.state("closed"), "498 of 1000")
        self.behind(exact)
        self.calls("." * 501 + "f" * 499)
        self.assertTrue(self.state("open"), "499 of 1000")

    def test_not_one_call_too_few(self):
        self.behind("slidingWindowSize: 20, minimumNumberOfCalls: 20")
        self.assertEqual(self.calls("f" * 19), [500] * 19)
        self.assertTrue(self.state("closed"))
        self.assertEqual(self.calls("ff"), [500, 503])

    def test_open_it_makes_no_connection(self):
        """Nobody listens there any more; who tried would say connect_failed."""
        port = free_port()
        text = ONCE + "circuitBreaker: {consecutiveFailures: 3, waitDurationInOpenState: 1m}"
        self.before_ports(port, text=text)
        for _ in range(3):
            self.assertEqual(reason(self.ask()), (503, "connect_failed"))
        with socket.create_server(("127.0.0.1", port)) as listener:
            listener.setblocking(False)
            for _ in range(50):
                self.assertEqual(reason(self.ask()), OPEN)
            with self.assertRaises(BlockingIOError):
                listener.accept()


class Trials(BreakerTest):
    def opened(self, permitted, **options):
        self.behind(
            f"consecutiveFailures: 3, permittedNumberOfCallsInHalfOpenState: {permitted}, {WAIT}",
            **options,
        )
        self.calls("fff")

    def test_of_a_hundred_at_once_so_many_as_are_permitted(self):
        """Over two workers, which ask one breaker."""
        self.opened(3, more="workers: 2")
        refused = lambda: self.running.metric("skiff_requests_total", reason="circuit_open")
        clients = [self.client() for _ in range(CALLERS)]
        until(lambda: self.has_waited(clients[0]), "the wait is over")
        for client in clients[1:]:
            client.send(request(path="/held"))
        until(
            lambda: self.told.paths.count("/held") + refused() - self.refused_before == CALLERS,
            "each has got through or is refused",
        )
        self.assertEqual(self.told.paths.count("/held"), 3)
        self.told.go.set()
        got = [reason(client.answer()) for client in clients]
        self.assertEqual(got.count((200, None)), 3)
        self.assertEqual(got.count(OPEN), CALLERS - 3)
        until(lambda: self.state("closed"), "it closes")

    def has_waited(self, client):
        """Whether this client's request has become the first trial; else it is answered."""
        self.refused_before = self.running.metric("skiff_requests_total", reason="circuit_open")
        client.send(request(path="/held"))
        until(
            lambda: "/held" in self.told.paths
            or self.running.metric("skiff_requests_total", reason="circuit_open")
            > self.refused_before,
            "it is held or refused",
        )
        if "/held" in self.told.paths:
            return True
        self.assertEqual(reason(client.answer()), OPEN)
        return False


class TooLate(BreakerTest):
    def test_failures_of_calls_from_before_it_opened(self):
        """They come when it has closed again, and are no news then."""
        self.behind(f"consecutiveFailures: 3, {WAIT}, permittedNumberOfCallsInHalfOpenState: 1")
        self.told.late = b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"
        held = [self.client().send(request(path="/held")) for _ in range(5)]
        until(lambda: self.told.paths.count("/held") == 5, "they are under way")
        self.assertEqual(self.calls("ffff")[-1], 503)
        until(lambda: not self.is_refused(), "a trial succeeds")
        self.assertTrue(self.state("closed"))
        self.told.go.set()
        self.assertEqual([client.answer()[0] for client in held], [500] * 5)
        self.is_over()
        self.assertTrue(self.state("closed"))
        self.assertEqual(self.calls("....f"), [200] * 4 + [500])

    def test_successes_of_calls_from_before_it_opened(self):
        """They do not close it."""
        self.behind("consecutiveFailures: 3, waitDurationInOpenState: 1m")
        held = [self.client().send(request(path="/held")) for _ in range(5)]
        until(lambda: self.told.paths.count("/held") == 5, "they are under way")
        self.assertEqual(self.calls("ffff")[-1], 503)
        self.told.go.set()
        self.assertEqual([client.answer()[0] for client in held], [200] * 5)
        self.assertTrue(self.is_refused())


if __name__ == "__main__":
    unittest.main()
