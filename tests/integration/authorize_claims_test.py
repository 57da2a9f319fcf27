"""Authorization by what a verified token says: who is let through, and what is asked first."""

import os
import tempfile
import unittest

import grpc
from grpc_support import GrpcEchoTest
from http2_test import H2Client
from jwt_support import Signer, inline, jwt_policy
from jwt_test import JwtTest
from rate_limit_test import get, limits
from support import LIMIT_S, until

VERDICTS = "skiff_authorization_verdicts_total"
CHECKED = "skiff_jwt_signatures_checked_total"


def policy(action, rules, mode="enforce"):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: AuthorizationPolicy\n"
        f"metadata: {{name: {action.lower()}-{mode}}}\n"
        "spec:\n  targetRefs: [{name: product}]\n"
        f"  action: {action}\n  mode: {mode}\n  rules:\n"
        + "".join(f"    - {{{rule}}}\n" for rule in rules)
    )


STAFF = "name: staff, to: [{paths: [/staff/*]}], claims: [{name: /realm/groups, exact: staff}]"
OPEN = "name: open, to: [{paths: [/open]}]"
NO_EVE = "name: eve, claims: [{name: sub, exact: eve}]"
NO_DELETE = "name: delete, to: [{methods: [DELETE]}]"


class ByClaim(JwtTest):
    def with_policies(self, *policies, more="", **how):
        return self.beside(jwt_policy(inline(self.signer), more=more) + "".join(policies), **how)

    def ask(self, path, sub=None, signer=None, groups=None, method="GET", **headers):
        if sub is not None:
            said = {} if groups is None else {"realm": {"groups": groups}}
            token = (signer or self.signer).token(sub, **said)
            headers["authorization"] = f"Bearer {token}"
        request = get(path, **headers).replace("GET", method, 1)
        status, answered, _ = self.client().send(request).answer()
        return status, answered.get("x-skiff-reason")

    def test_lets_through_whose_token_says_so(self):
        sidecar = self.with_policies(policy("ALLOW", [STAFF, OPEN]))
        for groups in ("staff", ["users", "staff"]):
            self.assertEqual(self.ask("/staff/1", "ann", groups=groups), (200, None))
        for groups in (None, "users", ["users"], [], {"staff": True}, "staff users", 1):
            self.assertEqual(self.ask("/staff/1", "ann", groups=groups), (403, "denied"), groups)
        self.assertEqual(self.ask("/open", "ann"), (200, None))
        labels = {"policy": "default/allow-enforce", "rule": "staff"}
        self.assert_metric(sidecar, 2, VERDICTS, verdict="allowed", mode="enforce", **labels)
        self.assert_metric(sidecar, 7, VERDICTS, verdict="denied", mode="enforce")
        until(lambda: "default/allow-enforce/staff" in sidecar.logged(), "the log names the rule")

    def test_refuses_by_what_needs_no_token_before_it_looks_at_one(self):
        sidecar = self.with_policies(policy("ALLOW", [STAFF, OPEN]), policy("DENY", [NO_DELETE]))
        self.assertEqual(self.ask("/elsewhere", "ann", groups="staff"), (403, "denied"))
        self.assertEqual(self.ask("/staff", "ann", method="DELETE"), (403, "denied"))
        self.assertEqual(self.ask("/elsewhere"), (403, "denied"))
        self.assert_metric(sidecar, 0, CHECKED)
        self.assert_metric(sidecar, 3, VERDICTS, verdict="denied", mode="enforce")

    def test_says_that_the_token_is_bad_before_it_asks_what_it_says(self):
        sidecar = self.with_policies(policy("ALLOW", [STAFF, OPEN]), policy("DENY", [NO_EVE]))
        self.assertEqual(self.ask("/staff"), (401, "jwt_missing"))
        forged = self.ask("/staff", "ann", signer=self.forger, groups="staff")
        self.assertEqual(forged, (401, "jwt_signature"))
        self.assertEqual(self.ask("/staff", "eve", groups="staff"), (403, "denied"))
        self.assert_metric(sidecar, 1, VERDICTS, policy="default/deny-enforce", rule="eve")

    def test_counts_what_is_not_known_without_a_token_against_the_caller(self):
        self.with_policies(
            policy("ALLOW", [STAFF, OPEN, "name: any, to: [{paths: [/any]}]"]),
            policy("DENY", [NO_EVE.replace("claims", "to: [{paths: [/any, /staff]}], claims")]),
            more="  required: false\n",
        )
        self.assertEqual(self.ask("/open"), (200, None))
        self.assertEqual(self.ask("/any"), (403, "denied"), "it could be eve's")
        self.assertEqual(self.ask("/staff"), (403, "denied"))
        self.assertEqual(self.ask("/any", "ann"), (200, None))
        self.assertEqual(self.ask("/any", "eve"), (403, "denied"))
        self.assertEqual(self.ask("/open", realm="staff"), (200, None))
        self.assertEqual(self.ask("/staff", realm="staff"), (403, "denied"), "a header is no claim")

    def test_shadows_count_and_decide_nothing(self):
        sidecar = self.with_policies(policy("DENY", [NO_EVE], mode="shadow"))
        for sub in ("ann", "eve", "eve"):
            self.assertEqual(self.ask("/", sub), (200, None))
        labels = {"policy": "default/deny-shadow", "rule": "eve"}
        self.assert_metric(sidecar, 2, VERDICTS, verdict="denied", mode="shadow", **labels)
        self.assert_metric(sidecar, 0, VERDICTS, mode="enforce")

    def test_asks_limits_only_for_those_who_may(self):
        by_sub = "name: each, rate: 1/h, burst: 1, key: [{type: JWTClaim, claim: sub}]"
        self.with_policies(policy("DENY", [NO_EVE]), limits(by_sub))
        asked = [self.ask("/", sub)[0] for sub in ("eve", "eve", "ann", "ann", "ben")]
        self.assertEqual(asked, [403, 403, 200, 429, 200])

    def test_refuses_bytes_which_have_no_claims(self):
        sidecar = self.with_policies(
            policy("DENY", [NO_EVE]), more="  required: false\n", protocol="TCP"
        )
        self.assertTrue(self.client().is_closed())
        self.assert_metric(sidecar, 1, VERDICTS, verdict="denied", rule="eve")

    def test_follows_changes_of_rules_and_tokens(self):
        sidecar = self.with_policies(policy("ALLOW", [STAFF]))
        tokens = jwt_policy(inline(self.signer))
        ann = get("/staff", authorization=f"Bearer {self.signer.token('ann')}")
        self.assertEqual(self.statuses(2, ann), [403, 403])
        by_name = "name: ann, claims: [{name: sub, regex: 'a.*'}]"
        self.change(sidecar, self.service + tokens + policy("ALLOW", [by_name]))
        self.assertEqual(self.statuses(2, ann), [200, 200])
        self.change(sidecar, self.service + tokens)
        self.assertEqual(self.statuses(1, ann), [200])
        sidecar.write_policies(self.service + policy("ALLOW", [by_name]))
        until(lambda: "no JWTPolicy verifies tokens for Service" in sidecar.logged(), "it is told")
        self.assertEqual(self.statuses(1, ann) + self.statuses(1), [200, 401], "as before")

    def test_decides_for_each_stream_of_a_connection(self):
        self.with_policies(policy("ALLOW", [STAFF.replace("to: [{paths: [/staff/*]}], ", "")]))
        client = H2Client(self.port)
        self.addCleanup(client.socket.close)
        field = lambda groups: [
            ("authorization", f"Bearer {self.signer.token('ann', realm={'groups': groups})}")
        ]
        asked = [field(["staff"]), field(["users"]), [], field("staff")]
        streams = range(1, 2 * len(asked), 2)
        client.send(*(client.head(stream, more) for stream, more in zip(streams, asked)))
        statuses = [client.answer(stream)[0][":status"] for stream in streams]
        self.assertEqual(statuses, ["200", "403", "401", "200"])


class Grpc(GrpcEchoTest):
    def test_is_denied_by_what_the_token_says(self):
        with tempfile.TemporaryDirectory() as folder:
            signer = Signer(os.path.join(folder, "a.pem"), "a")
            port = self.beside(jwt_policy(inline(signer)) + policy("DENY", [NO_EVE]))
            ann, eve = signer.token("ann"), signer.token("eve")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/shop.Echo/Unary")
            ask = lambda token: call(
                b"hello", timeout=LIMIT_S, metadata=[("authorization", f"Bearer {token}")]
            )
            self.assertEqual(ask(ann), b"hello")
            with self.assertRaises(grpc.RpcError) as raised:
                ask(eve)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.PERMISSION_DENIED)


if __name__ == "__main__":
    unittest.main()
