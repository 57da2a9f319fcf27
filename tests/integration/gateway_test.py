"""Requests from outside the mesh, requests to the application, and endpoints that fall ill."""

import json
import threading
import unittest

from support import (
    LIMIT_S,
    SidecarTest,
    echo,
    free_port,
    indent,
    read_request,
    saying,
    service,
    until,
)

GATEWAY = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {listeners: [{name: http, port: 80, protocol: HTTP}]}
"""


def route(name, spec, parent="{name: edge}"):
    return (
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: {name}}}\nspec:\n  parentRefs: [{parent}]\n{indent(spec, 2)}\n"
    )


REWRITE = """
rules:
  - matches: [{path: {value: /api/products}}]
    filters:
      - type: URLRewrite
        urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /products}}
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /host}}]
    filters: [{type: URLRewrite, urlRewrite: {hostname: inside.example}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {type: Exact, value: /old}}]
    filters:
      - type: RequestRedirect
        requestRedirect:
          path: {type: ReplaceFullPath, replaceFullPath: /new}
          hostname: other.example
          scheme: https
          statusCode: 301
"""

MODIFY = """
rules:
  - filters:
      - type: RequestHeaderModifier
        requestHeaderModifier:
          set: [{name: x-set, value: new}]
          add: [{name: x-more, value: b}]
          remove: [x-gone]
      - type: ResponseHeaderModifier
        responseHeaderModifier:
          set: [{name: cache-control, value: no-store}]
          add: [{name: x-answer, value: "2"}]
          remove: [server]
    backendRefs: [{name: one, port: 80}]
"""


class Gateway(SidecarTest):
    def gateway(self, routes, handle=echo, two=None):
        self.one, self.two = self.backend(handle), self.backend(two or saying("two"))
        self.port = free_port()
        return self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {self.port}}}]",
            service("one", self.one.port) + service("two", self.two.port) + GATEWAY + routes,
        )

    def ask(self, path="/", host="shop.example", more="", client=None):
        client = client or self.client()
        return client.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n").answer()

    def seen(self, *args, **kw):
        """What the backend saw of a request that was answered."""
        status, _, body = self.ask(*args, **kw)
        self.assertEqual(status, 200)
        return json.loads(body)


class Filters(Gateway):
    def test_a_prefix_is_rewritten(self):
        self.gateway(route("r", REWRITE))
        for path, arrives in (
            ("/api/products", "/products"),
            ("/api/products/", "/products/"),
            ("/api/products/7?a=b", "/products/7?a=b"),
            ("/api/products?x", "/products?x"),
        ):
            self.assertEqual(self.seen(path)["first"], f"GET {arrives} HTTP/1.1")
        self.assertEqual(self.ask("/api/productsX")[0], 404)
        self.assertEqual(self.seen("/host")["headers"]["host"], "inside.example")

    def test_a_redirect_goes_nowhere_else(self):
        self.gateway(route("r", REWRITE))
        status, headers, _ = self.ask("/old?q=1")
        self.assertEqual((status, headers["location"]), (301, "https://other.example/new?q=1"))
        self.assertEqual(self.one.connections, [])

    def test_headers_are_changed_both_ways(self):
        self.gateway(route("r", MODIFY))
        headers = self.seen(more="X-Set: old\r\nX-More: a\r\nX-Gone: 1\r\n")["headers"]
        self.assertEqual(headers["x-set"], "new")
        self.assertEqual(headers["x-more"], "a, b")
        self.assertNotIn("x-gone", headers)

    def test_headers_of_the_answer_are_changed(self):
        fields = "Server: x\r\nX-Answer: 1\r\nCache-Control: public\r\n"
        self.gateway(route("r", MODIFY), saying("hello", fields))
        head = self.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_until(b"\r\n\r\n")
        text = head.decode().lower()
        self.assertIn("cache-control: no-store\r\n", text)
        self.assertNotIn("public", text)
        self.assertNotIn("server:", text)
        self.assertIn("x-answer: 1\r\n", text)
        self.assertIn("x-answer: 2\r\n", text)


class Choice(Gateway):
    SPLIT = (
        "rules: [{backendRefs: [{name: one, port: 80, weight: 80}, "
        "{name: two, port: 80, weight: 20}]}]"
    )

    def test_a_split_follows_its_weights(self):
        self.gateway(route("r", self.SPLIT), saying("one"))
        client, total = self.client(), 1000
        counts = {b"one": 0, b"two": 0}
        for _ in range(total):
            counts[self.ask(client=client)[2]] += 1
        print(f"of {total} at 80:20: {counts}", flush=True)
        # Binomial: sigma is 12.6; six of them happen once in 5e8 runs.
        self.assertLess(abs(counts[b"two"] - 200), 76)

    def test_a_split_by_key_keeps_each_user_at_one_backend(self):
        keyed = self.SPLIT.replace("{backend", "{splitKey: {type: Header, name: x-user}, backend")
        self.gateway(route("r", keyed), saying("one"))
        client = self.client()
        homes = set()
        for user in range(40):
            answers = {self.ask(more=f"X-User: u{user}\r\n", client=client)[2] for _ in range(4)}
            self.assertEqual(len(answers), 1, f"user {user}")
            homes |= answers
        self.assertEqual(homes, {b"one", b"two"})

    def test_no_route_is_404(self):
        sidecar = self.gateway(
            route("r", "rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: one}]}]")
        )
        status, headers, _ = self.ask("/b")
        self.assertEqual((status, headers["x-skiff-reason"]), (404, "no_route"))
        until(
            lambda: sidecar.metric("skiff_requests_total", reason="no_route") == 1,
            "the metric says why",
        )
        self.assertEqual(self.ask("/a")[0], 200)

    def test_a_rule_without_backends_is_500(self):
        self.gateway(route("r", "rules: [{name: none}]"))
        status, headers, _ = self.ask()
        self.assertEqual((status, headers["x-skiff-reason"]), (500, "no_backend"))

    def test_hostnames_choose_the_most_specific_first(self):
        self.gateway(
            route("r1", "hostnames: ['*.shop.example']\nrules: [{backendRefs: [{name: one}]}]")
            + route("r2", "hostnames: [a.shop.example]\nrules: [{backendRefs: [{name: two}]}]"),
            saying("one"),
        )
        for host, status, body in (
            ("a.shop.example", 200, b"two"),
            ("A.Shop.Example:8080", 200, b"two"),
            ("b.shop.example", 200, b"one"),
            ("c.b.shop.example", 200, b"one"),
            ("shop.example", 404, None),
            ("a.shop.example.evil", 404, None),
        ):
            got, _, text = self.ask(host=host)
            self.assertEqual((got, text if got == 200 else None), (status, body), host)

    def test_services_of_the_mesh_are_not_reached_by_their_names(self):
        self.gateway(route("r", "hostnames: [shop.example]\nrules: [{backendRefs: [{name: one}]}]"))
        for host in ("two", "two.default", "two.default.svc.cluster.local"):
            self.assertEqual(self.ask(host=host)[0], 404, host)
        self.assertEqual(self.two.connections, [])

    def test_no_path_slips_past_a_prefix(self):
        self.gateway(
            route(
                "r",
                "rules: [{matches: [{path: {value: /public}}], backendRefs: [{name: one}]},"
                " {matches: [{path: {value: /admin}}], backendRefs: [{name: two}]}]",
            )
        )
        for path in ("/public/../admin", "/public/%2e%2e/admin", "/public/./../admin"):
            status, _, body = self.ask(path)
            if status == 200 and body != b"two":  # As what it means, or not at all.
                self.assertNotIn("..", json.loads(body)["first"], path)
                self.assertNotIn("%2e", json.loads(body)["first"].lower(), path)


class Claims(Gateway):
    ANY = route("r", "rules: [{backendRefs: [{name: one}]}]")

    def test_what_only_the_mesh_may_say_is_dropped(self):
        self.gateway(self.ANY)
        headers = self.seen(
            more="X-Skiff-Attempt: 7\r\nx-SKIFF-anything: 1\r\nX-Forwarded-Client-Cert: By=x\r\n"
            "X-Request-Id: mine\r\nForwarded: for=1.2.3.4\r\nX-Real-Ip: 1.2.3.4\r\n"
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Other: kept\r\n"
        )["headers"]
        for name in ("x-skiff-anything", "x-forwarded-client-cert", "forwarded", "x-real-ip"):
            self.assertNotIn(name, headers)
        self.assertNotEqual(headers.get("x-skiff-attempt"), "7")
        self.assertNotEqual(headers["x-request-id"], "mine")
        self.assertEqual(headers["x-forwarded-proto"], "http")
        self.assertEqual(headers["x-forwarded-host"], "shop.example")
        self.assertEqual(headers["x-other"], "kept")

    def test_x_forwarded_for_is_appended(self):
        self.gateway(self.ANY)
        self.assertEqual(self.seen()["headers"]["x-forwarded-for"], "127.0.0.1")
        more = "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8, 9.9.9.9\r\n"
        self.assertEqual(
            self.seen(more=more)["headers"]["x-forwarded-for"],
            "1.2.3.4, 5.6.7.8, 9.9.9.9, 127.0.0.1",
        )

    def test_connection_does_not_name_away_what_is_added_here(self):
        self.gateway(self.ANY)
        headers = self.seen(more="Connection: x-forwarded-for, x-request-id, via\r\n")["headers"]
        for name in ("x-forwarded-for", "x-request-id", "via"):
            self.assertIn(name, headers)


class Hops(SidecarTest):
    def inbound(self, application):
        port = free_port()
        return port, self.sidecar(
            f"service: callee\ninbound: [{{address: 127.0.0.1, port: {port}, "
            f'application: "127.0.0.1:{application}"}}]',
            service("callee", port),
        )

    def test_inbound_goes_to_the_application_whatever_the_host(self):
        port, sidecar = self.inbound(self.backend(echo).port)
        client = self.client(port)
        for host in ("callee", "anything.example", "other.default"):
            client.send(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n")
            status, _, body = client.answer()
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["headers"]["host"], host)
        until(
            lambda: sidecar.metric("skiff_requests_total", direction="inbound") == 3,
            "they are counted as inbound",
        )

    def test_an_application_that_is_not_there_is_503(self):
        port, _ = self.inbound(free_port())
        status, headers, _ = self.client(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "connect_failed"))

    def test_two_hops_carry_one_request(self):
        callee, far = self.inbound(self.backend(echo).port)
        self.port = free_port()
        near = self.sidecar(
            f"service: caller\noutbound: [{{port: {self.port}}}]", service("callee", callee)
        )
        client = self.client()
        for i in range(5):
            client.send(
                f"POST /{i} HTTP/1.1\r\nHost: callee\r\nX-Request-Id: id-{i}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            )
            status, _, body = client.answer()
            seen = json.loads(body)
            self.assertEqual((status, seen["body"]), (200, "abc"))
            self.assertEqual(seen["first"], f"POST /{i} HTTP/1.1")
            self.assertEqual(seen["headers"]["x-request-id"], f"id-{i}")
            self.assertEqual(seen["headers"]["via"].count("skiff"), 2)
        for sidecar, direction in ((near, "outbound"), (far, "inbound")):
            until(
                lambda s=sidecar, d=direction: s.metric("skiff_requests_total", direction=d) == 5,
                f"{direction} counts five",
            )
        self.assert_metric(far, 1, "skiff_client_connections_accepted_total")


class Health(SidecarTest):
    CHECK = (
        "healthCheck: {path: /healthz, interval: 100ms, timeout: 100ms, "
        "healthyThreshold: 2, unhealthyThreshold: 2}\n"
        "loadBalancing: {algorithm: ROUND_ROBIN, panicThreshold: 0%}"
    )

    def endpoint(self, name):
        """A backend that answers its name, and 503 to checks unless its event is set."""
        well = threading.Event()
        well.set()

        def handle(client):
            while True:
                first, *_ = read_request(client)
                status = "503 Ill" if "/healthz" in first and not well.is_set() else "200 OK"
                client.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(name)}\r\n\r\n{name}")

        return self.backend(handle), well

    def began(self, *backends):
        self.port = free_port()
        policy = (
            "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
            "  targetRefs: [{kind: Service, name: backend}]\n" + indent(self.CHECK, 2) + "\n"
        )
        return self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]",
            service("backend", *(b.port for b in backends)) + policy,
        )

    def healthy(self, sidecar):
        listed = json.loads(sidecar.get("/endpoints")[1])["endpoints"]
        return {int(e["address"].rsplit(":", 1)[1]) for e in listed if e["healthy"]}

    def answers(self, client, count=60):
        found = set()
        for _ in range(count):
            status, _, body = client.send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n").answer()
            found.add((status, body))
        return found

    def test_an_ill_endpoint_is_left_out_and_comes_back(self):
        (one, _), (two, well) = self.endpoint("one"), self.endpoint("two")
        sidecar, client = self.began(one, two), self.client()
        both = {(200, b"one"), (200, b"two")}
        until(lambda: self.answers(client) == both, "both are used")
        well.clear()
        until(lambda: self.healthy(sidecar) == {one.port}, "the ill one is seen")
        self.assertEqual(self.answers(client), {(200, b"one")})
        well.set()
        until(lambda: self.healthy(sidecar) == {one.port, two.port}, "it is well again")
        until(lambda: self.answers(client) == both, "both are used again")
        for result in ("passed", "failed"):
            self.assertGreater(sidecar.metric("skiff_health_checks_total", result=result), 0)

    def test_illness_outlives_a_change_of_policies(self):
        (one, _), (two, well) = self.endpoint("one"), self.endpoint("two")
        sidecar, client = self.began(one, two), self.client()
        well.clear()
        until(lambda: self.healthy(sidecar) == {one.port}, "the ill one is seen")
        with open(sidecar.path("policies/all.yaml"), encoding="utf-8") as f:
            text = f.read()
        sidecar.write_policies(text + service("another", 1))
        until(lambda: sidecar.metric("skiff_config_generation") == 2, "the change is live")
        self.assertEqual(self.answers(client), {(200, b"one")})

    def test_all_ill_is_503(self):
        one, well = self.endpoint("one")
        sidecar = self.began(one)
        well.clear()
        until(lambda: self.healthy(sidecar) == set(), "the only one is ill")
        client = self.client().send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n")
        status, headers, _ = client.answer()
        self.assertEqual((status, headers["x-skiff-reason"]), (503, "no_endpoint"))

    def test_checks_need_no_place_in_the_bulkhead(self):
        """Whose places are all taken is busy, not ill."""
        go, reached = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def handle(client):
            while True:
                if "/healthz" not in read_request(client)[0]:
                    reached.set()
                    go.wait()
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        self.CHECK += "\nbulkhead: {endpoint: {maxConcurrent: 1, maxQueue: 0}}"
        made = self.backend(handle)
        sidecar = self.began(made)
        held = self.client().send("GET / HTTP/1.1\r\nHost: backend\r\n\r\n")
        self.assertTrue(reached.wait(LIMIT_S))
        passed = lambda: sidecar.metric("skiff_health_checks_total", result="passed")
        before = passed()
        until(lambda: passed() >= before + 4, "checks go on")
        self.assertEqual(self.healthy(sidecar), {made.port})
        go.set()
        self.assertEqual(held.answer()[0], 200)

    def test_checks_do_not_make_up_for_failures(self):
        """Who answers checks well and requests badly is ejected all the same."""

        def handle(client):
            while True:
                status = "200 OK" if "/healthz" in read_request(client)[0] else "503 No"
                client.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")

        self.CHECK += "\nretry: {attempts: 0}\noutlierEjection: {consecutiveFailures: 3}"
        one, _ = self.endpoint("one")
        sidecar, client = self.began(self.backend(handle), one), self.client()
        passed = lambda: sidecar.metric("skiff_health_checks_total", result="passed")
        failed = 0
        while not sidecar.metric("skiff_outlier_ejected"):
            before = passed()
            until(lambda: passed() >= before + 3, "both were checked meanwhile")
            failed += (503, b"") in self.answers(client, 2)
            self.assertLessEqual(failed, 3)


if __name__ == "__main__":
    unittest.main()
