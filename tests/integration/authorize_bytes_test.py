"""Authorization where the protocol is found out: what bytes do not show counts against."""

import unittest

from mesh_support import MeshTest, identity_of
from support import read_request, until

BYTES = b"\x00\x01 nothing that we know \xff\xfe"
DENY_DELETE = "rules: [{name: delete, to: [{methods: [DELETE]}]}]"
ALLOW_READS = "rules: [{name: reads, to: [{methods: [GET], paths: [/a]}]}]"
ALLOW_HEADER = "rules: [{name: marked, headers: [{name: x-mark, present: true}]}]"
ALLOW_ORDER = f"rules: [{{name: order, from: [{{identities: ['{identity_of('order')}']}}]}}]"


def policy(action, rules, mode="enforce"):
    return (
        "---\napiVersion: skiff.dev/v1\nkind: AuthorizationPolicy\n"
        f"metadata: {{name: {action.lower()}, namespace: shop}}\n"
        f"spec:\n  action: {action}\n  mode: {mode}\n  {rules}\n"
    )


class Detected(MeshTest):
    """A port of `protocol: AUTO`: HTTP passes by the rules, bytes must not pass beside them."""

    def began(self, *policies, tls="disabled"):
        self.seen = []
        self.certs = self.authority("order", "product")
        self.application = self.backend(self.serve)
        self.beside = self.callee(
            self.application.port, protocol="AUTO", tls=tls, policies="".join(policies)
        )

    def serve(self, client):
        if client.read_exactly(1) == b"G":
            client.pending = b"G" + client.pending
            read_request(client)
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        self.seen.append(client.read_exactly(len(BYTES) - 1))
        client.send("bytes")

    def verdicts(self, **labels):
        return self.beside.metric("skiff_authorization_verdicts_total", **labels)

    def bytes_are_refused(self, port=None):
        client = self.client(port or self.inbound).send(BYTES)
        self.assertTrue(client.is_closed())
        until(lambda: self.verdicts(verdict="denied", mode="enforce") == 1, "it is counted")
        until(
            lambda: self.beside.metric("skiff_requests_total", reason="denied") == 1,
            "the reason is said",
        )
        self.assertEqual(self.application.connections, [])

    def bytes_pass(self, port=None):
        client = self.client(port or self.inbound).send(BYTES)
        self.assertEqual(client.read_exactly(5), b"bytes")
        self.assertEqual(self.seen, [BYTES[1:]])

    def http_passes(self, path="/a"):
        request = f"GET {path} HTTP/1.1\r\nHost: product\r\nx-mark: 1\r\n\r\n"
        self.assertEqual(self.ask(request, port=self.inbound)[0], 200)

    def test_without_rules_they_pass(self):
        self.began()
        self.bytes_pass()

    def test_a_deny_by_method(self):
        self.began(policy("DENY", DENY_DELETE))
        self.bytes_are_refused()
        self.http_passes()

    def test_an_allow_by_method_and_path(self):
        self.began(policy("ALLOW", ALLOW_READS))
        self.bytes_are_refused()
        self.http_passes()

    def test_an_allow_by_header(self):
        self.began(policy("ALLOW", ALLOW_HEADER))
        self.bytes_are_refused()
        self.http_passes()

    def test_shadow_only_counts(self):
        self.began(policy("DENY", DENY_DELETE, mode="shadow"))
        self.bytes_pass()
        self.assertEqual(self.verdicts(verdict="denied", mode="shadow"), 1)

    def test_rules_of_identities_alone_let_the_proved_through(self):
        self.began(policy("ALLOW", ALLOW_ORDER), tls="strict")
        self.caller(protocol="TCP")
        self.bytes_pass(self.port)

    def test_rules_of_methods_refuse_the_proved_as_well(self):
        self.began(policy("ALLOW", ALLOW_ORDER), policy("DENY", DENY_DELETE), tls="strict")
        self.caller(protocol="TCP")
        self.bytes_are_refused(self.port)


if __name__ == "__main__":
    unittest.main()
