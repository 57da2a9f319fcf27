"""The wall clock is set to another time, back and forth: what counts time goes on as it was.

A small library in front of the C library answers for the wall clock, so that the test can set it.
"""

import mmap
import os
import struct
import subprocess
import tempfile
import time
import unittest
from unittest import mock

from jwt_support import Signer, inline, jwt_policy
from rate_limit_test import GET, get, limits
from resilience_support import ResilienceTest, reason, request
from support import SANITIZER, free_port, read_request, service, until

HOUR = 3600
YEAR = 365 * 24 * HOUR
STEPS = (HOUR, -HOUR, 10 * YEAR, -10 * YEAR, 0)
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static const volatile long* offset(void) {
  static const volatile long* at;
  if (!at) {
    at = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, open(getenv("WALL_OFFSET"), O_RDONLY), 0);
  }
  return at;
}

int clock_gettime(clockid_t which, struct timespec* to) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(which, to);
  if (which == CLOCK_REALTIME) to->tv_sec += *offset();
  return result;
}
"""
LATER = "retry: {attempts: 0}\ntimeouts: {request: 1s, connect: 1s}\n"


@unittest.skipIf(SANITIZER, "a sanitizer wants to be the first library")
class WallClock(ResilienceTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skiff-test-")
        self.addCleanup(folder.cleanup)
        source, library, offset = (os.path.join(folder.name, n) for n in ("c.c", "c.so", "offset"))
        with open(source, "w", encoding="ascii") as f:
            f.write(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        with open(offset, "wb") as f:
            f.write(bytes(8))
        with open(offset, "r+b") as f:
            self.offset = mmap.mmap(f.fileno(), 8)
        self.addCleanup(self.offset.close)
        self.environment = {"LD_PRELOAD": library, "WALL_OFFSET": offset}

    def before(self, *handles, **options):
        with mock.patch.dict(os.environ, self.environment):
            return super().before(*handles, **options)

    def set_clock(self, seconds):
        self.offset[:] = struct.pack("l", seconds)

    def answers(self, client):
        while True:
            path = read_request(client)[0].split(" ")[1]
            if path == "/held":
                client.is_closed()
                return
            status = "500 No" if path == "/fail" else "200 OK"
            client.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")

    def test_is_the_one_of_the_access_log(self):
        """So the library does what it is for."""
        self.before(self.answers)
        self.set_clock(10 * YEAR)
        self.assertEqual(self.ask()[0], 200)
        year = time.gmtime(time.time() + 10 * YEAR).tm_year
        until(lambda: f'{{"time":"{year}-' in self.running.logged(), "the log has the new time")

    def test_is_not_what_a_timeout_goes_by(self):
        self.before(self.answers, text=LATER)
        for step in STEPS:
            with self.subTest(step=step):
                begun = time.monotonic()
                client = self.client().send(request(path="/held"))
                self.assert_metric(self.running, 1, "skiff_requests_in_flight")
                self.set_clock(step)
                self.assertEqual(reason(client.answer()), (504, "timeout_request"))
                self.assertGreaterEqual(time.monotonic() - begun, 0.95)
                self.is_over()

    def test_is_not_what_a_breaker_or_an_ejection_goes_by(self):
        text = (
            "retry: {attempts: 0}\nloadBalancing: {panicThreshold: 0%}\n"
            "circuitBreaker: {consecutiveFailures: 3, waitDurationInOpenState: 1m}\n"
            "outlierEjection: {consecutiveFailures: 2, baseEjectionTime: 1m}"
        )
        self.before(self.answers, self.answers, text=text)
        for _ in range(3):
            self.assertEqual(self.ask(request(path="/fail"))[0], 500)
        ejected = self.running.metric("skiff_outlier_ejected")
        for step in STEPS:
            self.set_clock(step)
            self.assertEqual(reason(self.ask()), (503, "circuit_open"))
            self.assertEqual(self.running.metric("skiff_outlier_ejected"), ejected)

    def test_is_not_what_a_rate_limit_goes_by(self):
        backend, port = self.backend(self.answers), free_port()
        with mock.patch.dict(os.environ, self.environment):
            self.sidecar(
                "service: product\ninbound:\n"
                f"  - {{address: 127.0.0.1, port: {port}, "
                f'application: "127.0.0.1:{backend.port}"}}',
                service("product", port) + limits("name: all, rate: 1/h, burst: 2"),
            )
        client = self.client(port)
        for expected in (200, 200, 429):
            self.assertEqual(client.send(GET).answer()[0], expected)
        for step in STEPS:
            self.set_clock(step)
            status, headers, _ = client.send(GET).answer()
            self.assertEqual(status, 429)
            self.assertLessEqual(int(headers["retry-after"]), HOUR)

    def test_is_what_a_token_expires_by(self):
        with tempfile.TemporaryDirectory() as folder:
            signer = Signer(os.path.join(folder, "a.pem"), "a")
            policy = jwt_policy(inline(signer))
            token = signer.token("ann", nbf=int(time.time()) - 60)
        backend, port = self.backend(self.answers), free_port()
        with mock.patch.dict(os.environ, self.environment):
            self.sidecar(
                "service: product\ninbound:\n"
                f"  - {{address: 127.0.0.1, port: {port}, "
                f'application: "127.0.0.1:{backend.port}"}}',
                service("product", port) + policy,
            )
        ask = get(authorization=f"Bearer {token}")
        client = self.client(port)
        self.assertEqual(client.send(ask).answer()[0], 200)
        for step, why in ((HOUR, "jwt_expired"), (-HOUR, "jwt_not_yet_valid")):
            self.set_clock(step)
            self.assertEqual(reason(client.send(ask).answer()), (401, why))
            self.set_clock(0)
            self.assertEqual(client.send(ask).answer()[0], 200)


if __name__ == "__main__":
    unittest.main()
