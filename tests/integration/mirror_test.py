"""Copies of requests for a mirror: what it gets, and that clients do not notice what it does."""

import math
import statistics
import threading
import time
import unittest

import grpc
from grpc_support import GrpcEchoTest
from resilience_support import OK, request, reset
from support import LIMIT_S, SidecarTest, free_port, read_request, service, until


def route(mirror="", parent="backend", mirror_to="mirror", kind="HTTPRoute"):
    """All goes to the backend; `mirror` is what stands beside backendRef."""
    return (
        f"---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r}}\n"
        f"spec:\n  parentRefs: [{{kind: Service, name: {parent}}}]\n  rules:\n    - filters:\n"
        "        - type: RequestMirror\n          requestMirror:\n"
        f"            backendRef: {{name: {mirror_to}, port: 80}}\n            {mirror}\n"
        "      backendRefs: [{name: backend, port: 80}]\n"
    )


class Keeping:
    """Answers, and keeps what it was asked."""

    def __init__(self, answer=OK):
        self.answer = answer
        self.heads = []
        self.bodies = []

    def __call__(self, client):
        while True:
            _, _, body, head = read_request(client)
            self.bodies.append(body)
            self.heads.append(head.decode())
            client.send(self.answer)

    def __len__(self):
        return len(self.heads)


class MirrorTest(SidecarTest):
    def between(self, mirror, text="", policies="", more="workers: 1"):
        self.good = Keeping()
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n{more}",
            service("backend", self.backend(self.good).port)
            + service("mirror", self.backend(mirror).port)
            + route(text)
            + policies,
        )

    def ask(self, message=None):
        return self.client().send(message or request()).answer()

    def mirrored(self, outcome):
        return self.running.metric("skiff_mirrored_total", outcome=outcome)


class WhatItGets(MirrorTest):
    def test_a_copy_is_the_request_and_says_that_it_is_one(self):
        mirror = Keeping(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
        self.between(mirror)
        body = b"x" * 3000
        answer = self.ask(request("POST", body, "x-user: ann\r\n", "/a?b=c"))
        self.assertEqual((answer[0], answer[2]), (200, b"ok"))
        until(lambda: len(mirror) == 1, "the mirror is asked")
        head = mirror.heads[0].lower()
        self.assertTrue(head.startswith("post /a?b=c http/1.1"))
        mark = "x-skiff-mirror: 1"
        for field in ("host: backend", "x-user: ann", mark, "x-skiff-criticality: sheddable"):
            self.assertIn(f"\r\n{field}", head)
        self.assertEqual(mirror.bodies[0], body)
        self.assertNotIn("x-skiff-mirror", self.good.heads[0])
        until(lambda: self.mirrored("answered") == 1, "its answer is counted")
        self.assert_metric(self.running, 1, "skiff_requests_total")  # A copy is no request.

    def test_percentages_hold(self):
        for percent in (0, 30, 100):
            with self.subTest(percent=percent):
                mirror = Keeping()
                self.between(mirror, f"percent: {percent}")
                client, asked = self.client(), 400
                for _ in range(asked):
                    self.assertEqual(client.send(request()).answer()[0], 200)
                until(lambda: self.mirrored("answered") == len(mirror), "all copies are counted")
                bound = 5 * math.sqrt(asked * percent / 100 * (1 - percent / 100))
                self.assertLessEqual(abs(len(mirror) - asked * percent / 100), bound)
                self.assertEqual(len(self.good), asked)

    def test_a_body_that_is_too_long_is_not_copied(self):
        mirror = Keeping()
        self.between(mirror)
        self.assertEqual(self.ask(request("POST", b"x" * 70_000))[0], 200)
        until(lambda: self.mirrored("not_whole") == 1, "it is counted")
        self.assertEqual(self.ask(request("POST", b"y" * 60_000))[0], 200)
        until(lambda: mirror.bodies == [b"y" * 60_000], "a shorter one is copied")

    def test_two_that_mirror_each_other_copy_once(self):
        port, back = free_port(), free_port()
        self.good = Keeping()
        self.port = port
        policies = (
            service("backend", self.backend(self.good).port)
            + service("mirror", back)
            + route()
            + route(parent="mirror", mirror_to="backend").replace("{name: r}", "{name: back}")
        )
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend}}, "
            f"{{port: {back}, service: mirror}}]\nworkers: 1",
            policies,
        )
        self.assertEqual(self.ask()[0], 200)
        until(lambda: len(self.good) == 2, "the copy comes back to the same backend")
        until(lambda: self.running.metric("skiff_requests_in_flight") == 0, "nothing is in flight")
        self.assertEqual(len(self.good), 2, "and is not copied again")


class OfGrpc(GrpcEchoTest):
    def test_a_call_is_copied_with_its_message(self):
        port = self.caller(
            self.server_port,
            service("mirror", self.server_port, protocol="GRPC")
            + route(parent="product", kind="GRPCRoute").replace("name: backend", "name: product"),
        )
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/shop.Echo/Unary")
            self.assertEqual(call(b"hello", timeout=LIMIT_S), b"hello")
        until(lambda: len(self.seen) == 2, "the mirror is called")
        (_, fields), (message, copied) = self.seen
        self.assertEqual(message, b"hello")
        self.assertEqual(copied["x-skiff-mirror"], "1")
        self.assertNotIn("x-skiff-mirror", fields)
        self.assert_metric(self.calling, 1, "skiff_mirrored_total", outcome="answered")


class WhateverItDoes(MirrorTest):
    """The primary's statuses and times, with a mirror that is bad in each way, and without."""

    asked = 300

    def times(self):
        client, took = self.client(), []
        for i in range(self.asked):
            message = request("POST", b"x" * 500) if i % 3 else request()
            began = time.perf_counter()
            self.assertEqual(client.send(message).answer()[0], 200)
            took.append(time.perf_counter() - began)
        return took

    def nobody_notices(self, mirror):
        self.between(mirror, policies=self.policies)
        took = self.times()
        self.assertEqual(len(self.good), self.asked)
        # A mirror that was waited for would make each request take as long as it hangs. (How much
        # time the copies cost is measured by the benches, which a shared machine does not disturb.)
        self.assertLess(statistics.median(took), LIMIT_S / 10)
        self.assertLess(max(took), LIMIT_S)

    def copies(self, outcome):
        """Whether that became of each; a slow mirror may not have got them all."""
        return self.mirrored(outcome) + self.mirrored("too_many") == self.asked

    def hanging(self):
        let_go = threading.Event()
        self.addCleanup(let_go.set)

        def hangs(client):
            read_request(client)
            let_go.wait()

        return hangs

    policies = ""

    def test_it_hangs(self):
        self.nobody_notices(self.hanging())
        until(lambda: self.mirrored("too_many") > 0, "what it holds is bounded")
        self.assertLessEqual(self.asked - self.mirrored("too_many"), 256)

    def test_it_hangs_and_its_policy_gives_up(self):
        self.policies = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
            "  targetRefs: [{kind: Service, name: mirror}]\n"
            "  timeouts: {connect: 100ms, request: 100ms}\n"
        )
        self.nobody_notices(self.hanging())
        until(lambda: self.copies("failed"), "each is given up")

    def test_it_fails(self):
        self.nobody_notices(Keeping(b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"))
        until(lambda: self.copies("answered"), "all that were sent were answered")

    def test_it_resets(self):
        self.nobody_notices(reset)
        until(lambda: self.copies("failed"), "all that were sent failed")

    def test_it_floods(self):
        def floods(client):
            read_request(client)
            client.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                client.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

        self.nobody_notices(floods)
        until(lambda: self.copies("answered"), "each answer is cut off")

    def test_it_is_not_there(self):
        self.between(Keeping())
        self.running.write_policies(
            service("backend", self.backend(self.good).port)
            + service("mirror", free_port())
            + route()
        )
        until(lambda: self.ask()[0] == 200 and self.mirrored("failed") > 0, "the copies fail")
        for _ in range(20):
            self.assertEqual(self.ask()[0], 200)


if __name__ == "__main__":
    unittest.main()
