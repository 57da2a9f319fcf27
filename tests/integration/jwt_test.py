"""Tokens: who is let through, what the others get, and limits by what a token says."""

import json
import os
import tempfile
import threading
import time
import unittest

import grpc
from grpc_support import GrpcEchoTest
from http2_test import H2Client
from jwt_support import ISSUER, Signer, encode_json, inline, jwks, jwt_policy
from rate_limit_test import ROUTE, RateLimitTest, get, limits
from support import LIMIT_S, free_port, saying, service, until

BY_SUB = "name: each, rate: 1/h, burst: 2, key: [{type: JWTClaim, claim: sub}]"


class JwtTest(RateLimitTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.signer = Signer(os.path.join(folder.name, "a.pem"), "a")
        cls.other = Signer(os.path.join(folder.name, "b.pem"), "b")
        cls.forger = Signer(os.path.join(folder.name, "c.pem"), "a")

    def bearer(self, sub, signer=None, **claims):
        return get(authorization=f"Bearer {(signer or self.signer).token(sub, **claims)}")

    def beside(self, policies, protocol="AUTO", workers=1):
        """A sidecar beside `product`; its port is self.port."""
        application = self.backend(saying("hello"))
        self.port = free_port()
        self.service = service("product", self.port)
        return self.sidecar(
            f"service: product\nworkers: {workers}\naccessLog: {{mode: all}}\ninbound:\n"
            f"  - {{address: 127.0.0.1, port: {self.port}, protocol: {protocol}, "
            f'application: "127.0.0.1:{application.port}"}}',
            self.service + policies,
        )

    def check_refused(self, request, reason):
        status, headers, body = self.client().send(request).answer()
        self.assertEqual((status, headers.get("x-skiff-reason")), (401, reason))
        self.assertEqual(json.loads(body)["reason"], reason)
        challenge = "Bearer" if reason == "jwt_missing" else 'Bearer error="invalid_token"'
        self.assertEqual(headers["www-authenticate"], challenge)


class Caller:
    """Sends a request over one connection again and again."""

    def __init__(self, test, request):
        self.client, self.request, self.statuses = test.client(), request, []
        self.stopping = False
        self.thread = threading.Thread(target=self.run)
        test.addCleanup(self.stop)
        self.thread.start()

    def run(self):
        while not self.stopping:
            self.statuses.append(self.client.send(self.request).answer()[0])

    def asks_more(self):
        enough = len(self.statuses) + 20
        until(lambda: len(self.statuses) > enough, "it goes on asking")

    def stop(self):
        self.stopping = True
        self.thread.join()
        return self.statuses


class Tokens(JwtTest):
    def test_lets_through_who_has_one_and_refuses_all_others(self):
        policy = jwt_policy(inline(self.signer), provider=", audiences: [shop], leeway: 0s")
        sidecar = self.beside(policy)
        now = int(time.time())
        self.assertEqual(self.statuses(2, self.bearer("ann", aud=["x", "shop"])), [200, 200])
        self.check_refused(get(), "jwt_missing")
        self.check_refused(get(authorization="Bearer a.b.c"), "jwt_malformed")
        self.check_refused(self.bearer("ann", aud="shop", exp=now - 1), "jwt_expired")
        self.check_refused(self.bearer("ann", aud="shop", nbf=now + 500), "jwt_not_yet_valid")
        self.check_refused(self.bearer("ann", aud="till"), "jwt_audience")
        self.check_refused(self.bearer("ann", aud="shop", iss="https://evil.test"), "jwt_issuer")
        self.check_refused(self.bearer("ann", self.other, aud="shop"), "jwt_key")
        self.check_refused(self.bearer("ann", self.forger, aud="shop"), "jwt_signature")
        claims = {"iss": ISSUER, "sub": "ann", "aud": "shop", "exp": now + 60}
        none = f'{encode_json({"alg": "none", "kid": "a"})}.{encode_json(claims)}.'
        self.check_refused(get(authorization=f"Bearer {none}"), "jwt_algorithm")
        header = {"alg": "ES256", "kid": "a", "jku": "https://evil.test"}
        self.check_refused(
            get(authorization=f"Bearer {self.forger.sign(header, claims)}"), "jwt_key"
        )
        name = "skiff_jwt_verdicts_total"
        self.assert_metric(sidecar, 2, name, policy="default/tokens", verdict="valid")
        self.assert_metric(sidecar, 2, name, policy="default/tokens", verdict="jwt_key")
        self.assert_metric(sidecar, 1, "skiff_requests_total", reason="jwt_audience")

    def test_says_no_token_in_logs_and_pages(self):
        sidecar = self.beside(jwt_policy(inline(self.signer)))
        good = self.signer.token("ann")
        for token in (good, self.forger.token("ann"), good + "x"):
            self.client().send(get(authorization=f"Bearer {token}")).answer()
        until(lambda: sidecar.logged().count('"reason"') >= 3, "all are logged")
        until(lambda: sidecar.logged().count("default/tokens") >= 2, "with the policy that refused")
        pages = [sidecar.get(path)[1] for path in ("/config", "/metrics", "/routes")]
        for text in [sidecar.logged(), *map(str, pages)]:
            for part in good.split("."):
                self.assertNotIn(part, text)

    def test_verifies_a_token_once(self):
        sidecar = self.beside(jwt_policy(inline(self.signer)))
        self.assertEqual(self.statuses(20, self.bearer("ann")), 20 * [200])
        self.assert_metric(sidecar, 1, "skiff_jwt_signatures_checked_total")

    def test_checks_a_bad_token_once_and_forgets_no_good_one_for_it(self):
        more = "  maxRemembered: 2\n"
        sidecar = self.beside(jwt_policy(inline(self.signer), more=more))
        checked = "skiff_jwt_signatures_checked_total"
        ann = self.bearer("ann")
        self.assertEqual(self.statuses(1, ann), [200])
        forged = self.bearer("ann", self.forger)
        self.assertEqual(self.statuses(20, forged), 20 * [401])
        self.assert_metric(sidecar, 2, checked)
        for i in range(5):
            self.check_refused(self.bearer(f"eve{i}", self.forger), "jwt_signature")
        self.assertEqual(self.statuses(1, ann), [200])
        self.assert_metric(sidecar, 7, checked)
        self.assert_metric(sidecar, 25, "skiff_jwt_verdicts_total", verdict="jwt_signature")
        self.change(sidecar, self.service + jwt_policy(inline(self.forger), more=more))
        self.assertEqual(self.statuses(1, forged), [200], "its key is there now")
        self.check_refused(ann, "jwt_signature")

    def test_lets_the_nameless_through_where_none_is_required(self):
        self.beside(jwt_policy(inline(self.signer), more="  required: false\n"))
        self.assertEqual(self.statuses(1), [200])
        self.check_refused(self.bearer("ann", self.forger), "jwt_signature")

    def test_takes_tokens_of_the_keys_in_force(self):
        sidecar = self.beside(jwt_policy(inline(self.signer)))
        ann, ben = self.bearer("ann"), self.bearer("ben", self.other)
        self.assertEqual(self.statuses(1, ann), [200])
        self.check_refused(ben, "jwt_key")
        self.change(sidecar, self.service + jwt_policy(inline(self.signer, self.other)))
        self.assertEqual(self.statuses(1, ann) + self.statuses(1, ben), [200, 200])
        self.change(sidecar, self.service + jwt_policy(inline(self.other)))
        self.check_refused(ann, "jwt_key")
        sidecar.write_policies(self.service + jwt_policy("jwks: '{}'"))
        until(lambda: "is no JWK Set" in sidecar.logged(), "the bad keys are told")
        self.assertEqual(self.statuses(1, ben), [200], "what is in force stays")
        self.check_refused(ann, "jwt_key")

    def test_notices_a_changed_file_of_keys(self):
        application = self.backend(saying("hello"))
        self.port = free_port()
        sidecar = self.sidecar(
            f"service: product\ninbound:\n  - {{address: 127.0.0.1, port: {self.port}, "
            f'application: "127.0.0.1:{application.port}"}}',
            service("product", self.port),
        )
        sidecar.write_policies(jwks(self.signer), "keys.json")
        sidecar.write_policies(jwt_policy("jwksFile: keys.json"), "jwt.yaml")
        until(lambda: self.statuses(1) == [401], "the policy is live")
        ben = self.bearer("ben", self.other)
        self.assertEqual(self.statuses(1, self.bearer("ann")), [200])
        self.assertEqual(self.statuses(1, ben), [401])
        sidecar.write_policies(jwks(self.other), "keys.json")
        until(lambda: self.statuses(1, ben) == [200], "the new keys are live")
        sidecar.write_policies("{", "keys.json")
        until(lambda: '"keys.json" is no JWK Set' in sidecar.logged(), "the bad file is told")
        self.assertEqual(self.statuses(1, ben), [200], "what is in force stays")

    def test_remembers_tokens_through_changes_that_leave_the_keys(self):
        tokens = jwt_policy(inline(self.signer), provider=", leeway: 30s")
        sidecar = self.beside(tokens, workers=2)
        callers = [Caller(self, self.bearer(f"user{i}")) for i in range(4)]
        checked = "skiff_jwt_signatures_checked_total"
        for caller in callers:
            caller.asks_more()
        for burst in (100_000, 200_000, 300_000):
            more = limits(f"name: all, rate: 100000/s, burst: {burst}")
            self.change(sidecar, self.service + tokens + more)
            for caller in callers:
                caller.asks_more()
        self.change(sidecar, self.service + tokens.replace("leeway: 30s", "leeway: 20s"))
        self.assert_metric(sidecar, 4, checked)
        self.change(sidecar, self.service + jwt_policy(inline(self.signer, self.other)))
        until(lambda: sidecar.metric(checked) == 8, "each is verified again by the new keys")
        for caller in callers:
            caller.asks_more()
        self.assert_metric(sidecar, 8, checked)
        self.assertEqual([set(caller.stop()) for caller in callers], 4 * [{200}])

    def test_needs_a_token_for_bytes_which_have_none(self):
        sidecar = self.beside(jwt_policy(inline(self.signer)), protocol="TCP")
        try:
            self.client().read_to_end()
        except ConnectionResetError:
            pass  # Sooner than the client looked.
        self.assert_metric(sidecar, 1, "skiff_jwt_verdicts_total", verdict="jwt_missing")


class Claims(JwtTest):
    def test_each_user_has_a_bucket_that_no_other_can_empty(self):
        sidecar = self.beside(jwt_policy(inline(self.signer)) + limits(BY_SUB), workers=2)
        ann, ben = self.bearer("ann"), self.bearer("ben")
        forged = self.bearer("ben", self.forger)
        self.assertEqual(self.statuses(3, ann), [200, 200, 429])
        self.assertEqual(self.statuses(5, forged), 5 * [401])
        self.assertEqual(self.statuses(3, ben), [200, 200, 429])
        again = self.bearer("ann", jti="another token of the same user")
        self.assertEqual(self.statuses(1, again), [429])
        self.assert_metric(sidecar, 2, "skiff_rate_limit_keys", limit="each")

    def test_the_nameless_share_a_bucket_whatever_they_write(self):
        policy = jwt_policy(inline(self.signer), more="  required: false\n")
        self.beside(policy + limits(BY_SUB))
        self.assertEqual(self.statuses(2), [200, 200])
        self.assertEqual(self.statuses(1, get(sub="ann", authorization="Basic YW5u")), [429])
        self.assertEqual(self.statuses(3, self.bearer("ann")), [200, 200, 429])

    def test_a_claim_may_lie_deep_and_may_be_missing(self):
        self.beside(
            jwt_policy(inline(self.signer))
            + limits(BY_SUB.replace("claim: sub", "claim: /realm/tenant"))
        )
        tenant = lambda sub, value: self.bearer(sub, realm={"tenant": value})
        self.assertEqual(self.statuses(2, tenant("ann", 1)), [200, 200])
        self.assertEqual(self.statuses(1, tenant("ben", 1)), [429])
        self.assertEqual(self.statuses(1, tenant("ben", 2)), [200])
        self.assertEqual(self.statuses(2, self.bearer("ann")), [200, 200])
        self.assertEqual(self.statuses(1, tenant("ann", [1])), [429], "a list counts as missing")

    def test_refuses_a_limit_by_a_claim_that_nobody_verifies(self):
        sidecar = self.beside("")
        sidecar.write_policies(self.service + limits(BY_SUB))
        until(lambda: "no JWTPolicy verifies tokens" in sidecar.logged(), "it is told")
        self.assertEqual(self.statuses(3), 3 * [200])

    def test_at_a_gateway_for_all_that_it_takes(self):
        backend = self.backend(saying("hello"))
        self.port = free_port()
        self.sidecar(
            f"service: edge\ngateway: [{{gateway: edge, address: 127.0.0.1, port: {self.port}}}]",
            service("product", backend.port)
            + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
            "metadata: {name: edge}\nspec:\n"
            f"  listeners: [{{name: web, port: {self.port}, protocol: HTTP}}]\n"
            + ROUTE.replace("PARENT", "{name: edge}")
            + jwt_policy(inline(self.signer), target="{kind: Gateway, name: edge}")
            + jwt_policy(
                inline(self.other),
                target="{kind: HTTPRoute, name: product, sectionName: api}",
                name="api",
            )
            + limits(BY_SUB, target="{kind: Gateway, name: edge}"),
        )
        ann, ben = self.bearer("ann"), self.bearer("ben", self.other)
        self.check_refused(get(), "jwt_missing")
        self.check_refused(ben, "jwt_key")
        self.assertEqual(self.statuses(3, ann), [200, 200, 429])
        api = lambda request: request.replace("GET /", "GET /api", 1)
        self.check_refused(api(ann), "jwt_key")
        self.assertEqual(self.statuses(3, api(ben)), [200, 200, 429])


class Http2(JwtTest):
    def test_streams_of_a_connection_each_have_their_token(self):
        self.beside(jwt_policy(inline(self.signer)) + limits(BY_SUB))
        client = H2Client(self.port)
        self.addCleanup(client.socket.close)
        field = lambda token: [("authorization", f"Bearer {token}")]
        ann, ben = field(self.signer.token("ann")), field(self.signer.token("ben"))
        asked = [ann, [], ben, field(self.forger.token("ben")), ann, ben, ann, ben]
        streams = range(1, 2 * len(asked), 2)
        client.send(*(client.head(stream, more) for stream, more in zip(streams, asked)))
        heads = [client.answer(stream)[0] for stream in streams]
        statuses = [head[":status"] for head in heads]
        self.assertEqual(statuses, ["200", "401", "200", "401", "200", "200", "429", "429"])
        self.assertEqual(heads[1]["www-authenticate"], "Bearer")
        self.assertEqual(heads[3]["x-skiff-reason"], "jwt_signature")


class Grpc(GrpcEchoTest):
    def test_is_unauthenticated_without_and_exhausted_with_a_token(self):
        with tempfile.TemporaryDirectory() as folder:
            signer = Signer(os.path.join(folder, "a.pem"), "a")
            port = self.beside(jwt_policy(inline(signer)) + limits(BY_SUB))
            ann, ben = signer.token("ann"), signer.token("ben")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/shop.Echo/Unary")
            ask = lambda token: call(
                b"hello", timeout=LIMIT_S, metadata=[("authorization", f"Bearer {token}")]
            )
            with self.assertRaises(grpc.RpcError) as raised:
                call(b"hello", timeout=LIMIT_S)
            self.check(raised.exception, grpc.StatusCode.UNAUTHENTICATED, "jwt_missing")
            with self.assertRaises(grpc.RpcError) as raised:
                ask(ann[:-8] + "AAAAAAAA")
            self.check(raised.exception, grpc.StatusCode.UNAUTHENTICATED, "jwt_signature")
            self.assertEqual([ask(ann), ask(ann)], [b"hello", b"hello"])
            with self.assertRaises(grpc.RpcError) as raised:
                ask(ann)
            self.check(raised.exception, grpc.StatusCode.RESOURCE_EXHAUSTED, "rate_limited")
            self.assertEqual(ask(ben), b"hello")

    def check(self, error, code, reason):
        said = dict([*error.initial_metadata(), *error.trailing_metadata()])
        self.assertEqual((error.code(), said["x-skiff-reason"]), (code, reason))


if __name__ == "__main__":
    unittest.main()
