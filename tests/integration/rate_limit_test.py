"""Rate limits of real sidecars: bounds, keys, answers, shadows, shares, changes of the policy."""

import json
import threading
import time
import unittest

from mesh_support import MeshTest, mesh_tls
from support import SidecarTest, echo, free_port, saying, service, until

GET = "GET / HTTP/1.1\r\nHost: product\r\n\r\n"


def limits(*lines, name="limits", target="{name: product}", namespace="default"):
    """A RateLimitPolicy; each line is a limit as a flow map without its braces."""
    text = "".join(f"    - {{{line}}}\n" for line in lines)
    return (
        "---\napiVersion: skiff.dev/v1\nkind: RateLimitPolicy\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  targetRefs: [{target}]\n  limits:\n{text}"
    )


def get(path="/", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: product\r\n{lines}\r\n"


class RateLimitTest(SidecarTest):
    def inbound(self, *lines, handle=saying("hello"), protocol="HTTP", workers=1):
        """A sidecar beside `product` with these limits; its port is self.port."""
        self.application = self.backend(handle)
        self.port = free_port()
        self.service = service("product", self.port)
        return self.sidecar(
            f"service: product\nworkers: {workers}\naccessLog: {{mode: all}}\ninbound:\n"
            f"  - {{address: 127.0.0.1, port: {self.port}, protocol: {protocol}, "
            f'application: "127.0.0.1:{self.application.port}"}}',
            self.service + limits(*lines),
        )

    def statuses(self, count, request=GET, port=None):
        client = self.client(port)
        return [client.send(request).answer()[0] for _ in range(count)]

    def change(self, sidecar, text):
        before = sidecar.metric("skiff_config_generation")
        sidecar.write_policies(text)
        until(lambda: sidecar.metric("skiff_config_generation") > before, "the change is live")


class Limits(RateLimitTest):
    def test_never_gives_more_than_rate_and_burst_nor_less_than_the_rate(self):
        self.inbound("name: all, rate: 10/s, burst: 20")
        client = self.client()
        before_first = time.monotonic()
        passed = int(client.send(GET).answer()[0] == 200)
        after_first, asked = time.monotonic(), 1
        while True:  # To a refusal: then nothing is left that was not asked for.
            before_last = time.monotonic()
            got = client.send(GET).answer()[0]
            asked, passed = asked + 1, passed + (got == 200)
            if got != 200 and before_last - after_first > 4:
                break
        took = time.monotonic() - before_first
        print(f"{asked / took:.0f} asked a second; {passed} passed in {took:.2f} s", flush=True)
        self.assertLessEqual(passed, 10 * took + 20)
        self.assertGreaterEqual(passed, 10 * (before_last - after_first) + 20 - 2)

    def test_says_what_is_left_and_when_there_is_more(self):
        self.inbound("name: all, rate: 1/h, burst: 2")
        client = self.client()
        status, headers, _ = client.send(GET).answer()
        self.assertEqual(status, 200)
        self.assertEqual(headers["ratelimit-limit"], "2")
        self.assertEqual(headers["ratelimit-remaining"], "1")
        self.assertEqual(headers["ratelimit-reset"], "3600")
        self.assertEqual(client.send(GET).answer()[1]["ratelimit-remaining"], "0")
        status, headers, body = client.send(GET).answer()
        self.assertEqual(status, 429)
        self.assertEqual(headers["x-skiff-reason"], "rate_limited")
        self.assertEqual(headers["ratelimit-limit"], "2")
        self.assertEqual(headers["ratelimit-remaining"], "0")
        self.assertTrue(3500 < int(headers["retry-after"]) <= 3600, headers)
        self.assertTrue(3600 < int(headers["ratelimit-reset"]) <= 7200, headers)
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(json.loads(body)["reason"], "rate_limited")
        self.assertNotIn("x-skiff-policy", headers)

    def test_tells_operators_when_it_begins_to_refuse(self):
        sidecar = self.inbound("name: all, rate: 1/h, burst: 1")
        client = self.client()
        client.send(GET).answer()
        self.assertEqual(client.send(GET).answer()[0], 429)
        labels = {"policy": "rate_limit", "from": "within", "to": "over"}
        self.assert_metric(sidecar, 1, "skiff_policy_transitions_total", **labels)

    def test_says_what_the_policy_wants(self):
        self.inbound(
            "name: all, rate: 1/h, burst: 1, response: {contentType: application/problem+json, "
            """body: '{"title": "slow down"}'}"""
        )
        client = self.client()
        client.send(GET).answer()
        status, headers, body = client.send(GET).answer()
        self.assertEqual(status, 429)
        self.assertEqual(headers["content-type"], "application/problem+json")
        self.assertEqual(json.loads(body), {"title": "slow down"})

    def test_counts_and_logs(self):
        sidecar = self.inbound("name: all, rate: 1/h, burst: 3")
        self.statuses(5)
        name = "skiff_rate_limit_verdicts_total"
        labels = {"policy": "default/limits", "limit": "all", "mode": "enforce"}
        self.assert_metric(sidecar, 3, name, verdict="allowed", **labels)
        self.assert_metric(sidecar, 2, name, verdict="limited", **labels)
        self.assert_metric(sidecar, 2, "skiff_requests_total", reason="rate_limited")
        until(lambda: sidecar.logged().count("default/limits/all") == 2, "the log names the limit")

    def test_counts_what_matches_only(self):
        self.inbound(
            "name: reads, rate: 1/h, burst: 1, match: {pathPrefix: /api, methods: [GET], "
            "headers: [{name: X-Plan, value: free}]}"
        )
        free = get("/api/x", x_plan="free")
        self.assertEqual(self.statuses(2, get("/apis", x_plan="free")), [200, 200])
        self.assertEqual(self.statuses(2, get("/api/x", x_plan="paid")), [200, 200])
        self.assertEqual(self.statuses(2, free.replace("GET", "DELETE", 1)), [200, 200])
        self.assertEqual(self.statuses(2, free), [200, 429])

    def test_has_a_bucket_for_each_key(self):
        sidecar = self.inbound(
            "name: keyed, rate: 1/h, burst: 1, "
            "key: [{type: Header, name: X-Tenant}, {type: PathSegment, segment: 2}]"
        )
        self.assertEqual(self.statuses(2, get("/api/a/1", x_tenant="1")), [200, 429])
        self.assertEqual(self.statuses(2, get("/api/a/2", X_TENANT="1")), [429, 429])
        self.assertEqual(self.statuses(2, get("/api/b", x_tenant="1")), [200, 429])
        self.assertEqual(self.statuses(2, get("/api/a", x_tenant="2")), [200, 429])
        self.assertEqual(self.statuses(2, get("/api/a")), [200, 429])
        self.assert_metric(sidecar, 4, "skiff_rate_limit_keys", limit="keyed")

    def test_takes_no_token_of_one_limit_for_what_another_refuses(self):
        self.inbound(
            "name: all, rate: 1/h, burst: 3",
            "name: tenant, rate: 1/h, burst: 1, key: [{type: Header, name: x-tenant}]",
        )
        self.assertEqual(self.statuses(6, get(x_tenant="1")), [200] + 5 * [429])
        self.assertEqual(self.statuses(1, get(x_tenant="2")), [200])
        self.assertEqual(self.statuses(1, get(x_tenant="3")), [200])
        self.assertEqual(self.statuses(1, get(x_tenant="4")), [429])

    def test_keeps_its_memory_and_forgets_nobody_s_debt(self):
        sidecar = self.inbound(
            "name: keyed, rate: 1/h, burst: 1, maxKeys: 100, key: [{type: Header, name: x-key}]"
        )
        self.assertEqual(self.statuses(1, get(x_key="me")), [200])
        client = self.client()
        for i in range(500):
            client.send(get(x_key=str(i))).answer()
        self.assert_metric(sidecar, 100, "skiff_rate_limit_keys")
        self.assertGreater(sidecar.metric("skiff_rate_limit_keys_forgotten_total"), 300)
        self.assertEqual(self.statuses(1, get(x_key="me")), [429])

    def test_a_shadow_only_counts(self):
        sidecar = self.inbound("name: all, rate: 1/h, burst: 1, mode: SHADOW")
        client = self.client()
        for _ in range(4):
            status, headers, _ = client.send(GET).answer()
            self.assertEqual(status, 200)
            self.assertNotIn("ratelimit-limit", headers)
        name = "skiff_rate_limit_verdicts_total"
        self.assert_metric(sidecar, 1, name, verdict="allowed", mode="shadow")
        self.assert_metric(sidecar, 3, name, verdict="limited", mode="shadow")

    def test_workers_share_the_bucket(self):
        self.inbound("name: all, rate: 1/h, burst: 50", workers=4)
        passed = []
        threads = [
            threading.Thread(target=lambda: passed.append(self.statuses(20).count(200)))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(passed), 50)

    def test_keeps_what_was_taken_over_changes_of_the_policies(self):
        sidecar = self.inbound("name: all, rate: 1/h, burst: 2")
        self.assertEqual(self.statuses(3), [200, 200, 429])
        self.change(
            sidecar,
            self.service
            + limits("name: all, rate: 1/h, burst: 2", "name: more, rate: 9/s, burst: 99"),
        )
        self.assertEqual(self.statuses(1), [429])
        self.change(sidecar, self.service + limits("name: all, rate: 1/h, burst: 4"))
        self.assertEqual(self.statuses(3), [200, 200, 429])
        self.change(sidecar, self.service)
        self.assertEqual(self.statuses(3), [200, 200, 200])

    def test_has_its_share_of_what_the_mesh_may(self):
        one = "name: all, rate: 1/h, burst: 12, scope: MESH"
        sidecar = self.inbound(one)
        of = lambda count: service("product", *range(self.port, self.port + count)) + limits(one)
        self.change(sidecar, of(4))
        self.assertEqual(self.statuses(4), [200, 200, 200, 429])
        self.change(sidecar, of(2))
        self.assertEqual(self.statuses(4), [200, 200, 200, 429])
        self.change(sidecar, of(100))
        self.assertEqual(self.statuses(1), [429])


class Callers(MeshTest):
    def test_each_identity_has_its_bucket_whatever_it_writes(self):
        self.certs = self.authority("order", "user", "product")
        application = self.backend(echo)
        self.callee(
            application.port,
            policies=limits(
                "name: each, rate: 1/h, burst: 2, key: [{type: CallerIdentity}]", namespace="shop"
            ),
        )
        self.caller()
        order, user = self.port, free_port()
        self.sidecar(
            f"service: user\nnamespace: shop\n{self.certs.identity('user')}"
            f"outbound: [{{port: {user}, service: product}}]",
            service("product", self.inbound, namespace="shop") + mesh_tls("strict"),
        )
        forged = get(
            x_forwarded_client_cert="URI=spiffe://shop.test/ns/shop/sa/user", x_caller="user"
        )
        self.assertEqual(self.ask(forged, order)[0], 200)
        self.assertEqual(self.ask(forged, order)[0], 200)
        status, headers, _ = self.ask(forged, order)
        self.assertEqual(status, 429)
        self.assertEqual(headers["x-skiff-policy"], "shop/limits/each")
        self.assertEqual(self.ask(GET, user)[0], 200)
        self.assertEqual(self.ask(GET, user)[0], 200)
        self.assertEqual(self.ask(GET, user)[0], 429)


ROUTE = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: product}
spec:
  parentRefs: [PARENT]
  rules:
    - name: api
      matches: [{path: {type: PathPrefix, value: /api}}]
      backendRefs: [{name: product, port: 80}]
    - name: rest
      backendRefs: [{name: product, port: 80}]
"""


class Routes(RateLimitTest):
    def test_a_rule_is_limited_where_it_is_evaluated(self):
        backend = self.backend(saying("hello"))
        self.port = free_port()
        self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: product}}]",
            service("product", backend.port)
            + ROUTE.replace("PARENT", "{kind: Service, name: product}")
            + limits(
                "name: api, rate: 1/h, burst: 1",
                target="{kind: HTTPRoute, name: product, sectionName: api}",
            )
            + limits(
                "name: each, rate: 1/h, burst: 2, key: [{type: Route}]",
                name="route",
                target="{kind: HTTPRoute, name: product}",
            ),
        )
        self.assertEqual(self.statuses(2, get("/api")), [200, 429])
        self.assertEqual(self.statuses(3, get("/")), [200, 200, 429])

    def test_a_gateway_is_limited_for_all_that_it_takes(self):
        backend = self.backend(saying("hello"))
        self.port = free_port()
        sidecar = self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {self.port}}}]",
            service("product", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
            "metadata: {name: edge}\nspec:\n"
            f"  listeners: [{{name: web, port: {self.port}, protocol: HTTP}}]\n"
            + ROUTE.replace("PARENT", "{name: edge}").replace(
                "    - name: rest\n      backendRefs: [{name: product, port: 80}]\n", ""
            )
            + limits(
                "name: each, rate: 1/h, burst: 4, key: [{type: ClientAddress}]",
                target="{kind: Gateway, name: edge, sectionName: web}",
            )
            + limits(
                "name: api, rate: 1/h, burst: 2",
                name="route",
                target="{kind: HTTPRoute, name: product}",
            ),
        )
        self.assertEqual(self.statuses(3, get("/api")), [200, 200, 429])
        self.assertEqual(self.statuses(3, get("/nothing")), [404, 404, 429])
        name = "skiff_rate_limit_verdicts_total"
        self.assert_metric(sidecar, 1, name, limit="api", verdict="limited")
        self.assert_metric(sidecar, 1, name, limit="each", verdict="limited")


if __name__ == "__main__":
    unittest.main()
