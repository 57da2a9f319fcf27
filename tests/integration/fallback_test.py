"""What answers where a target fails: real sidecars before backends that are killed or fail."""

import contextlib
import json
import socket
import threading
import unittest
from concurrent import futures

import grpc
from support import LIMIT_S, SidecarTest, free_port, read_request, saying, service, until

POST = "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 2\r\n\r\nhi"


def get(path="/", headers=""):
    return f"GET {path} HTTP/1.1\r\nHost: backend\r\n{headers}\r\n"


def failing(status=503, body="sorry"):
    """A backend that answers each request with a failure."""

    def handle(client):
        while True:
            read_request(client)
            client.send(f"HTTP/1.1 {status} Bad\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    return handle


class Switched:
    """A backend that answers well until it is told not to."""

    def __init__(self):
        self.is_good = True
        self.requests = 0

    def __call__(self, client):
        while True:
            first = read_request(client)[0]
            self.requests += 1
            text = f"{first.split()[1]} {self.requests}"
            status = "200 OK" if self.is_good else "500 Bad"
            client.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n{text}")


class Fallback(SidecarTest):
    def before(self, handle, steps, more="", limits="", timeouts="{}"):
        """A sidecar before one backend, with a fallback of these steps."""
        self.made = self.backend(handle)
        self.port = free_port()
        policy = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
            f"spec: {{targetRefs: [{{name: backend}}], retry: {{attempts: 0}}, "
            f"timeouts: {timeouts}, fallback: [{steps}]}}\n"
        )
        self.before_it = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n"
            f"accessLog: {{mode: all}}\n{limits}",
            service("backend", self.made.port) + policy + more,
        )
        return self.before_it

    def kill(self):
        """Ends the backend, and waits until the sidecar has no connection to it any more."""
        for connection in self.made.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.made.stop()
        open_ones = lambda: self.before_it.metric("skiff_backend_connections")
        until(lambda: open_ones() == 0, "the sidecar knows that the backend has gone")

    def asks(self, text=None, method="GET"):
        return self.client().send(text or get()).answer(method)

    def line(self, sidecar, number):
        """That line of the access log, counted from 1; it comes just after the answer."""
        lines = []

        def logged():
            lines[:] = [line for line in sidecar.logged().splitlines() if '"status"' in line]
            return len(lines) >= number

        until(logged, f"{number} requests are logged")
        return json.loads(lines[number - 1])


class Cached(Fallback):
    def test_a_dead_backends_last_answer_is_given(self):
        sidecar = self.before(saying("hello", "X-Mine: yes\r\n"), "{type: CACHED}")
        status, headers, body = self.asks()
        self.assertNotIn("x-skiff-degraded", headers)
        self.kill()
        status, headers, body = self.asks()
        self.assertEqual((status, body), (200, b"hello"))
        self.assertEqual(headers["x-skiff-degraded"], "cached")
        self.assertEqual(headers["x-mine"], "yes")
        self.assertLess(int(headers["age"]), LIMIT_S)
        self.assert_metric(sidecar, 1, "skiff_fallback_answers_total", kind="cached")
        self.assert_metric(sidecar, 1, "skiff_degraded_seconds_total", target="backend.default")
        until(lambda: '"degraded":"cached"' in sidecar.logged(), "the log tells it")
        self.assertEqual(self.line(sidecar, 2)["reason"], "connect_failed")
        event = "fallback of backend.default: normal -> degraded: answered by cached"
        until(lambda: event in sidecar.logged(), "the event is told")

    def test_a_failing_answer_is_replaced_and_its_connection_lives_on(self):
        switched = Switched()
        sidecar = self.before(switched, "{type: CACHED}")
        client = self.client()
        self.assertEqual(client.send(get("/a")).answer()[2], b"/a 1")
        switched.is_good = False
        for _ in range(5):
            status, headers, body = client.send(get("/a")).answer()
            self.assertEqual((status, body), (200, b"/a 1"))
        status, headers, body = client.send(get("/b")).answer()
        self.assertEqual((status, body), (500, b"/b 7"), "nothing is kept for it")
        self.assertNotIn("x-skiff-degraded", headers)
        self.assert_metric(sidecar, 1, "skiff_backend_connections_opened_total")
        self.assertEqual(self.line(sidecar, 7)["degraded"], "")

    def test_a_post_is_neither_kept_nor_answered(self):
        self.before(saying("done"), "{type: CACHED}")
        self.assertEqual(self.asks(POST)[2], b"done")
        self.kill()
        self.assertEqual(self.asks(POST)[0], 503)
        self.assertEqual(self.asks()[0], 503, "nor does it serve a GET")

    def test_head_is_answered_from_a_get(self):
        self.before(saying("hello"), "{type: CACHED}")
        self.asks()
        self.kill()
        head = get().replace("GET", "HEAD")
        status, headers, body = self.asks(head, "HEAD")
        self.assertEqual((status, headers["content-length"], body), (200, "5", b""))

    def test_what_is_for_one_caller_is_not_for_others(self):
        self.before(saying("secret"), "{type: CACHED}")
        self.asks(get(headers="Authorization: Bearer x\r\n"))
        self.kill()
        self.assertEqual(self.asks()[0], 503)

    def test_no_store_is_respected(self):
        self.before(saying("now", "Cache-Control: no-store\r\n"), "{type: CACHED}")
        self.asks()
        self.kill()
        self.assertEqual(self.asks()[0], 503)

    def test_all_workers_and_changes_of_policies_share_what_is_kept(self):
        sidecar = self.before(saying("hello"), "{type: CACHED}", limits="workers: 2")
        self.asks()
        generation = sidecar.metric("skiff_config_generation")
        sidecar.write_policies(service("more", 1), "more.yaml")
        until(lambda: sidecar.metric("skiff_config_generation") > generation, "it is live")
        self.kill()
        for _ in range(10):
            self.assertEqual(self.asks()[2], b"hello")

    def test_a_large_answer_passes_and_is_not_kept(self):
        self.before(saying("x" * 5000), "{type: CACHED, maxAnswerBytes: 4KiB}")
        self.assertEqual(len(self.asks()[2]), 5000)
        self.kill()
        self.assertEqual(self.asks()[0], 503)

    def test_an_answer_after_the_requests_time_is_the_kept_one(self):
        hang = threading.Event()
        self.addCleanup(hang.set)

        def slow(client):
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            read_request(client)
            hang.wait(LIMIT_S)

        self.before(slow, "{type: CACHED}", timeouts="{request: 1s, connect: 500ms}")
        client = self.client()
        for _ in range(2):
            self.assertEqual(client.send(get()).answer()[2], b"hello")


class Elsewhere(Fallback):
    def test_another_service_answers(self):
        other = self.backend(saying("other"))
        sidecar = self.before(
            saying("one"),
            "{type: CLUSTER, backendRef: {name: other}}",
            service("other", other.port),
        )
        self.assertEqual(self.asks()[2], b"one")
        self.kill()
        status, headers, body = self.asks()
        self.assertEqual((status, body), (200, b"other"))
        self.assertEqual(headers["x-skiff-degraded"], "cluster")
        self.assertEqual(self.asks(POST)[2], b"other", "nobody has begun to act on it")
        self.assert_metric(sidecar, 2, "skiff_fallback_answers_total", target="backend.default")

    def test_a_post_that_may_have_been_done_goes_nowhere_else(self):
        other = self.backend(saying("other"))
        self.before(
            failing(),
            "{type: CLUSTER, backendRef: {name: other}}",
            service("other", other.port),
        )
        self.assertEqual(self.asks()[2], b"other")
        self.assertEqual(self.asks(POST)[0], 503)
        key = POST.replace("\r\n\r\n", "\r\nIdempotency-Key: 1\r\n\r\n")
        self.assertEqual(self.asks(key)[2], b"other")

    def test_where_the_other_fails_too_the_next_step_answers(self):
        other = self.backend(failing(500, "x" * 200_000))
        self.before(
            failing(),
            "{type: CLUSTER, backendRef: {name: other}}, {type: STATIC, body: none}",
            service("other", other.port),
        )
        client = self.client()
        for _ in range(3):
            status, headers, body = client.send(get()).answer()
            self.assertEqual((status, body), (200, b"none"))
            self.assertEqual(headers["x-skiff-degraded"], "static")

    def test_a_connection_of_bytes_goes_elsewhere(self):
        def greet(client):
            client.send(b"hello")

        other = self.backend(greet)
        self.made = self.backend(greet)
        self.port = free_port()
        self.made.stop()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend, protocol: TCP}}]\n",
            service("backend", self.made.port, protocol="TCP")
            + service("other", other.port, protocol="TCP")
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
            "spec: {targetRefs: [{name: backend}], fallback: "
            "[{type: CLUSTER, backendRef: {name: other}}]}\n",
        )
        self.assertEqual(self.client().read_exactly(5), b"hello")


class Static(Fallback):
    def test_is_always_the_same(self):
        self.before(
            failing(),
            "{type: STATIC, status: 202, headers: [{name: x-a, value: b}], "
            "contentType: text/plain, body: later}",
        )
        status, headers, body = self.asks()
        self.assertEqual((status, body), (202, b"later"))
        self.assertEqual((headers["x-a"], headers["content-type"]), ("b", "text/plain"))
        self.assertEqual(self.asks(POST)[2], b"later")

    def test_of_a_route_stands_instead_of_its_services(self):
        route = (
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
            "metadata: {name: r}\nspec: {parentRefs: [{kind: Service, name: backend}], rules: ["
            "{name: own, matches: [{path: {value: /own}}], backendRefs: [{name: backend}]}, "
            "{name: rest, backendRefs: [{name: backend}]}]}\n"
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: q}\n"
            "spec: {targetRefs: [{kind: HTTPRoute, name: r, sectionName: own}], "
            "fallback: [{type: STATIC, body: own}]}\n"
        )
        self.before(failing(), "{type: STATIC, body: service}", route)
        self.assertEqual(self.asks(get("/own"))[2], b"own")
        self.assertEqual(self.asks(get("/rest"))[2], b"service")

    def test_without_an_endpoint_too(self):
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\n",
            service("backend") + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\n"
            "metadata: {name: p}\nspec: {targetRefs: [{name: backend}], "
            "fallback: [{type: STATIC, body: none}]}\n",
        )
        self.assertEqual(self.asks()[2], b"none")


class Answer(grpc.GenericRpcHandler):
    """Answers every call with its text."""

    def __init__(self, text):
        self.text = text

    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(lambda message, context: self.text)


class Grpc(SidecarTest):
    def server(self, text):
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
        )
        server.add_generic_rpc_handlers((Answer(text),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        return port

    def call(self, steps):
        port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]\n",
            service("backend", free_port(), protocol="GRPC")
            + service("other", self.server(b"other"), protocol="GRPC")
            + "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
            f"spec: {{targetRefs: [{{name: backend}}], fallback: [{steps}]}}\n",
        )
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.addCleanup(channel.close)
        return channel.unary_unary("/test.Echo/Any").with_call(b"", timeout=LIMIT_S)

    def test_another_service_answers_calls(self):
        answer, call = self.call("{type: CLUSTER, backendRef: {name: other}}")
        self.assertEqual(answer, b"other")
        self.assertEqual(dict(call.initial_metadata())["x-skiff-degraded"], "cluster")

    def test_static_answers_by_its_status(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("{type: STATIC, grpcStatus: RESOURCE_EXHAUSTED}")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)


if __name__ == "__main__":
    unittest.main()
