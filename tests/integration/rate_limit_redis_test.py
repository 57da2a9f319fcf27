"""Rate limits that several sidecars share by a real Redis, and what becomes of them without it."""

import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from rate_limit_test import GET, RateLimitTest, get, limits
from support import LIMIT_S, free_port, until


class Redis:
    """A redis-server without anything on disk."""

    def __init__(self):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="skiff-redis-")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
            + ["--appendonly", "no", "--dir", self.folder.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        until(lambda: self.say("PING").startswith("+PONG"), "Redis answers")
        return self

    def say(self, command):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S) as s:
                s.sendall(command.encode() + b"\r\n")
                return s.recv(65536).decode()
        except OSError:
            return ""

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        self.kill()
        self.folder.cleanup()


class Shared(RateLimitTest):
    def setUp(self):
        self.redis = Redis()
        self.addCleanup(self.redis.stop)
        self.redis.start()

    def limit(self, what="rate: 1/h, burst: 40", on_error="ALLOW", more=""):
        address = f'address: "127.0.0.1:{self.redis.port}"'
        return (
            f"name: all, {what}, scope: REDIS, "
            f"redis: {{{address}, timeout: {self.timeout_ms}ms, onError: {on_error}}}{more}"
        )

    # The limit is about what happens, not about how fast this machine is.
    timeout_ms = 2000

    def several(self, count, *lines):
        """Ports of so many sidecars beside `product`."""
        ports = []
        for _ in range(count):
            self.inbound(*lines, workers=2)
            ports.append(self.port)
        return ports

    def ask_all(self, ports, ask):
        """What `ask(port)` gives for each, all at once."""
        results = []
        threads = [
            threading.Thread(target=lambda port=port: results.append(ask(port))) for port in ports
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), len(ports))
        return results

    def test_four_sidecars_have_one_bucket(self):
        ports = self.several(4, self.limit())
        passed = self.ask_all(2 * ports, lambda port: self.statuses(20, port=port).count(200))
        self.assertEqual(sum(passed), 40)

    def test_four_sidecars_never_give_more_than_rate_and_burst(self):
        ports = self.several(4, self.limit("rate: 20/s, burst: 10"))
        begin = time.monotonic()

        def ask(port):
            client = self.client(port)
            asked = passed = 0
            while time.monotonic() - begin < 3:
                asked += 1
                passed += client.send(GET).answer()[0] == 200
            return asked, passed

        results = self.ask_all(ports, ask)
        took = time.monotonic() - begin
        asked, passed = (sum(each) for each in zip(*results))
        print(f"{asked / took:.0f} asked a second; {passed} passed in {took:.2f} s", flush=True)
        self.assertLessEqual(passed, 20 * took + 10)
        self.assertGreater(passed, 10, "the burst is not all")

    def test_has_a_bucket_for_each_key_and_says_what_is_left(self):
        key = ", key: [{type: Header, name: k}]"
        sidecar = self.inbound(self.limit("rate: 1/h, burst: 2", more=key))
        client = self.client()
        status, headers, _ = client.send(get(k="secret")).answer()
        self.assertEqual((status, headers["ratelimit-remaining"]), (200, "1"))
        self.assertEqual(headers["ratelimit-limit"], "2")
        self.assertEqual(headers["ratelimit-reset"], "3600")
        self.assertEqual(client.send(get(k="secret")).answer()[0], 200)
        status, headers, _ = client.send(get(k="secret")).answer()
        self.assertEqual(status, 429)
        self.assertTrue(3500 < int(headers["retry-after"]) <= 3600, headers)
        self.assertEqual(client.send(get(k="other")).answer()[0], 200)
        keys = self.redis.say("KEYS *")
        self.assertEqual(keys.count("skiff:default/limits/all/"), 2)
        self.assertNotIn("secret", keys)
        decided = "skiff_rate_limit_redis_decisions_total"
        self.assert_metric(sidecar, 4, decided, limit="all", result="decided")
        self.assertGreater(sidecar.metric("skiff_rate_limit_redis_seconds_total"), 0)

    def test_forgets_in_redis_what_is_full(self):
        self.inbound(self.limit("rate: 20/s, burst: 2"))
        self.assertEqual(self.statuses(1), [200])
        until(lambda: self.redis.say("DBSIZE") == ":0\r\n", "a full bucket has gone")

    def test_a_redis_that_lost_the_script_is_told_it_again(self):
        self.inbound(self.limit("rate: 1/h, burst: 5"))
        self.assertEqual(self.statuses(2), [200, 200])
        self.assertIn("OK", self.redis.say("SCRIPT FLUSH"))
        self.assertEqual(self.statuses(4), [200, 200, 200, 429])

    def passes_without_redis(self, on_error, status):
        sidecar = self.inbound(self.limit("rate: 1/h, burst: 2", on_error))
        self.assertEqual(self.statuses(3), [200, 200, 429])
        self.redis.kill()
        self.assertEqual(set(self.statuses(20)), {status})
        lost = sidecar.metric("skiff_rate_limit_redis_decisions_total", result="lost")
        self.assertGreaterEqual(lost, 20)
        self.redis.start()
        until(lambda: 429 in self.statuses(1), "it decides again")

    def test_a_killed_redis_lets_through_and_is_found_again(self):
        self.passes_without_redis("ALLOW", 200)

    def test_a_killed_redis_lets_nothing_through_where_the_policy_says_so(self):
        self.passes_without_redis("DENY", 503)

    def test_what_is_refused_for_want_of_a_redis_says_so(self):
        self.inbound(self.limit(on_error="DENY"))
        self.redis.kill()
        status, headers, _ = self.client().send(GET).answer()
        self.assertEqual(status, 503)
        self.assertEqual(headers["x-skiff-reason"], "rate_limit_unavailable")

    def test_a_redis_that_does_not_answer_costs_the_timeout_once(self):
        self.timeout_ms = 20
        sidecar = self.inbound(self.limit(on_error="ALLOW"))
        until(lambda: self.decided(sidecar) > 0 or not self.statuses(1), "Redis decides")
        self.redis.process.send_signal(signal.SIGSTOP)
        client = self.client()
        took = []
        for _ in range(20):
            begin = time.monotonic()
            self.assertEqual(client.send(GET).answer()[0], 200)
            took.append(time.monotonic() - begin)
        print(f"first {took[0] * 1000:.1f} ms, then {max(took[1:]) * 1000:.1f}", flush=True)
        self.assertGreaterEqual(took[0], 0.019)
        decisions = "skiff_rate_limit_redis_decisions_total"
        until(lambda: sidecar.metric(decisions, result="late") >= 1, "one was late")
        self.assertGreaterEqual(sidecar.metric(decisions, result="lost"), 1, "none waits behind it")
        before = self.decided(sidecar)
        self.redis.process.send_signal(signal.SIGCONT)
        until(lambda: self.statuses(1) and self.decided(sidecar) > before, "it decides again")

    def decided(self, sidecar):
        return sidecar.metric("skiff_rate_limit_redis_decisions_total", result="decided")

    def test_a_client_that_leaves_while_redis_is_asked_harms_nobody(self):
        self.timeout_ms = 10_000  # So that no request ends by itself.
        sidecar = self.inbound(self.limit("rate: 1/h, burst: 100"))
        self.statuses(1)
        self.redis.process.send_signal(signal.SIGSTOP)
        for _ in range(5):
            client = self.client().send(GET)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()  # By an RST: it is gone, and not only silent.
        until(
            lambda: sidecar.metric("skiff_requests_total", reason="client_gone") == 5,
            "the clients have gone",
        )
        self.redis.process.send_signal(signal.SIGCONT)
        until(lambda: self.statuses(1) == [200] and self.decided(sidecar) > 1, "it decides again")

    def test_a_shadow_asks_redis_and_lets_through(self):
        sidecar = self.inbound(self.limit("rate: 1/h, burst: 1", "DENY", ", mode: SHADOW"))
        self.assertEqual(self.statuses(3), [200, 200, 200])
        name = "skiff_rate_limit_verdicts_total"
        self.assert_metric(sidecar, 2, name, verdict="limited", mode="shadow")
        self.redis.kill()
        self.assertEqual(self.statuses(2), [200, 200])


if __name__ == "__main__":
    unittest.main()
