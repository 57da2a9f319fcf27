"""Rate limits of HTTP/2 and gRPC: where requests arrive, at routes, and through both."""

import json
import unittest

import grpc
from grpc_support import GrpcEchoTest
from http2_test import GET, POST, H2Client
from rate_limit_test import RateLimitTest, limits
from support import LIMIT_S, free_port, saying, service

ONE = "name: all, rate: 1/h, burst: 1"


class Http2(RateLimitTest):
    def outbound(self, line):
        """A sidecar whose route to `product` has this limit; its port is self.port."""
        backend = self.backend(saying("hello"))
        self.port = free_port()
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: product, protocol: HTTP2}}]",
            service("product", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: product}\nspec:\n  parentRefs: [{kind: Service, name: product}]\n"
            "  rules: [{backendRefs: [{name: product, port: 80}]}]\n"
            + limits(line, target="{kind: HTTPRoute, name: product}"),
        )

    def connect(self):
        made = H2Client(self.port)
        self.addCleanup(made.socket.close)
        return made

    def check_five_at_once(self):
        client = self.connect()
        streams = range(1, 11, 2)
        client.send(*(client.head(stream) for stream in streams))
        answers = [client.answer(stream) for stream in streams]
        passed = [head for head, _, _ in answers if head[":status"] == "200"]
        refused = [(head, body) for head, body, _ in answers if head[":status"] == "429"]
        self.assertEqual((len(passed), len(refused)), (3, 2))
        left = sorted(head["ratelimit-remaining"] for head in passed)
        self.assertEqual(left, ["0", "1", "2"])
        for head, body in refused:
            self.assertEqual(head["x-skiff-reason"], "rate_limited")
            self.assertEqual(head["ratelimit-limit"], "3")
            self.assertEqual(head["ratelimit-remaining"], "0")
            self.assertTrue(3500 < int(head["retry-after"]) <= 3600, head)
            self.assertEqual(head["content-type"], "application/json")
            self.assertEqual(json.loads(body)["reason"], "rate_limited")
        self.assertFalse(client.is_closed)

    def test_streams_of_a_connection_share_the_bucket_where_they_arrive(self):
        self.inbound("name: all, rate: 1/h, burst: 3", protocol="AUTO")
        self.check_five_at_once()

    def test_streams_of_a_connection_share_the_bucket_of_a_route(self):
        self.outbound("name: all, rate: 1/h, burst: 3")
        self.check_five_at_once()

    def test_a_refused_stream_that_still_sends_harms_no_other(self):
        self.inbound(ONE + ", key: [{type: Header, name: k}]", protocol="AUTO")
        client = self.connect()
        client.send(client.head(1, first=GET))
        self.assertEqual(client.answer(1)[0][":status"], "200")
        client.send(client.head(3, first=POST, ends=False))
        self.assertEqual(client.answer(3)[0][":status"], "429")
        client.send(client.data(3, b"x" * 10_000), client.data(3, ends=True))
        client.send(client.head(5, [("k", "other")]))
        self.assertEqual(client.answer(5)[0][":status"], "200")


class Grpc(GrpcEchoTest):
    def check_one_passes(self, port):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/shop.Echo/Unary")
            answer, first = call.with_call(b"hello", timeout=LIMIT_S)
            self.assertEqual(answer, b"hello")
            self.assertIn(("ratelimit-remaining", "0"), list(first.initial_metadata()))
            with self.assertRaises(grpc.RpcError) as raised:
                call(b"hello", timeout=LIMIT_S)
        error = raised.exception
        said = dict([*error.initial_metadata(), *error.trailing_metadata()])
        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(said["x-skiff-reason"], "rate_limited")
        self.assertEqual(said["ratelimit-limit"], "1")
        self.assertEqual(said["ratelimit-remaining"], "0")
        self.assertTrue(3500 < int(said["retry-after"]) <= 3600, said)

    def test_a_call_too_many_is_resource_exhausted_where_it_arrives(self):
        self.check_one_passes(self.beside(limits(ONE)))

    def test_a_call_too_many_is_resource_exhausted_at_its_route(self):
        route = (
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\n"
            "metadata: {name: product}\nspec:\n  parentRefs: [{kind: Service, name: product}]\n"
            "  rules: [{matches: [{method: {service: shop.Echo}}], "
            "backendRefs: [{name: product, port: 80}]}]\n"
        )
        limit = limits(ONE, target="{kind: GRPCRoute, name: product}")
        self.check_one_passes(self.caller(self.server_port, route + limit))

    def test_the_caller_s_sidecar_hands_on_what_the_other_refused(self):
        self.check_one_passes(self.caller(self.beside(limits(ONE))))
        attempts = self.calling.metric("skiff_request_attempts_total")
        self.assertEqual(attempts, 2, "nothing is sent again")


if __name__ == "__main__":
    unittest.main()
