"""gRPC as it stands on the wire, through two sidecars: what is odd crosses as it came.

The caller and the server are frames by hand, so that no library mends what is wrong.
"""

import unittest

from http2_backend_test import Http2Peer
from http2_test import POST, H2Client
from support import SidecarTest, free_port, service

GRPC = ("content-type", "application/grpc")
CALL = [(n, "/test.Echo/Unary" if n == ":path" else v) for n, v in POST]
EMPTY = b"\0\0\0\0\0"  # A message.


def joined(pairs):
    """By name; values of one that comes again stand behind each other."""
    fields = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]}|{value}" if name in fields else value
    return fields


class Wire(SidecarTest):
    def began(self, answer, policies=""):
        """A caller, its sidecar, that beside the server, and a server of which each call is given
        to `answer(peer, stream)`."""
        self.seen = []

        def handle(client):
            peer = Http2Peer(client)
            while True:
                request = peer.next_request()
                self.seen.append((joined(request.pairs), peer.bodies[request.id]))
                answer(peer, request.id)
                peer.flush()

        server = self.backend(handle).port
        between, port = free_port(), free_port()
        self.beside = self.sidecar(
            f"service: backend\ninbound: [{{address: 127.0.0.1, port: {between}, protocol: GRPC, "
            f'application: "127.0.0.1:{server}"}}]',
            service("backend", between, protocol="GRPC"),
        )
        self.asking = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]",
            service("backend", between, protocol="GRPC") + policies,
        )
        self.client = H2Client(port)
        self.addCleanup(self.client.socket.close)

    def call(self, *fields, stream=1):
        """Head, body and trailers of the answer; where the head is all, it has the trailers."""
        self.client.send(
            self.client.head(stream, [GRPC, ("te", "trailers"), *fields], False, CALL),
            self.client.data(stream, EMPTY, ends=True),
        )
        return self.client.answer(stream)

    def test_an_error_of_trailers_alone(self):
        said = [(":status", "200"), GRPC, ("grpc-status", "7"), ("grpc-message", "no %C3%BC%25")]
        self.began(lambda peer, s: peer.h2.send_headers(s, said, end_stream=True))
        head, body, trailers = self.call()
        self.assertEqual((body, trailers), (b"", {}))
        for name, value in said:
            self.assertEqual(head[name], value)
        self.assertNotIn("content-length", head)

    def test_an_answer_without_a_status(self):
        """It is not made up for: callers take it for UNKNOWN themselves."""

        def answer(peer, stream):
            peer.h2.send_headers(stream, [(":status", "200"), GRPC])
            peer.h2.send_data(stream, EMPTY, end_stream=True)

        self.began(answer)
        head, body, trailers = self.call()
        self.assertEqual((head[":status"], body, trailers), ("200", EMPTY, {}))
        self.assertNotIn("grpc-status", head)

    def test_an_answer_that_is_no_grpc(self):
        def answer(peer, stream):
            peer.h2.send_headers(stream, [(":status", "503"), ("content-type", "text/html")])
            peer.h2.send_data(stream, b"<html>", end_stream=True)

        self.began(answer)
        head, body, _ = self.call()
        self.assertEqual((head[":status"], head["content-type"]), ("503", "text/html"))
        self.assertEqual(body, b"<html>")

    def test_trailers_behind_messages(self):
        def answer(peer, stream):
            peer.h2.send_headers(stream, [(":status", "200"), GRPC, ("x-first-bin", "AAE,AAI")])
            peer.h2.send_data(stream, EMPTY * 2)
            said = [("grpc-status", "0"), ("grpc-status-details-bin", "CA"), ("x-last-bin", "/+8")]
            peer.h2.send_headers(stream, said, end_stream=True)

        self.began(answer)
        head, body, trailers = self.call(("x-mine-bin", "AP8,AQ"), ("x-mine-bin", "gA"))
        self.assertEqual(head["x-first-bin"], "AAE,AAI")
        self.assertEqual(body, EMPTY * 2)
        expected = {"grpc-status": "0", "grpc-status-details-bin": "CA", "x-last-bin": "/+8"}
        self.assertEqual(trailers, expected)
        fields, message = self.seen[0]
        self.assertEqual((fields["te"], fields["content-type"]), ("trailers", "application/grpc"))
        self.assertEqual(fields["x-mine-bin"], "AP8,AQ|gA")
        self.assertEqual(message, EMPTY)

    def ok(self, peer, stream):
        said = [(":status", "200"), GRPC, ("grpc-status", "0")]
        peer.h2.send_headers(stream, said, end_stream=True)

    def test_a_timeout_shrinks_and_one_is_not_made_up(self):
        self.began(self.ok)
        self.call(("grpc-timeout", "9S"))
        self.call(("grpc-timeout", "99999999H"), stream=3)
        self.call(stream=5)
        told = [fields.get("grpc-timeout") for fields, _ in self.seen]
        self.assertRegex(told[0], r"^\d{4}m$")
        self.assertTrue(0 < int(told[0][:-1]) < 9000, told)
        for_ever = int(told[1][:-1]) if told[1] else 0
        self.assertTrue(0 < for_ever <= 99_999_999, told)
        self.assertIsNone(told[2])

    def test_a_timeout_that_is_none_is_for_the_server_to_judge(self):
        self.began(self.ok)
        for stream, value in enumerate(("", "5", "S", "123456789S", "-1S", "5 S", "1.5S")):
            with self.subTest(value=value):
                head, _, _ = self.call(("grpc-timeout", value), stream=2 * stream + 1)
                self.assertEqual(head["grpc-status"], "0")
                self.assertEqual(self.seen[-1][0]["grpc-timeout"], value)

    def test_a_timeout_that_ends_is_told_in_trailers(self):
        self.began(lambda peer, stream: peer.until(lambda: peer.resets))
        head, body, _ = self.call(("grpc-timeout", "300m"))
        self.assertEqual((head[":status"], head["grpc-status"], body), ("200", "4", b""))
        self.assertEqual(head["content-type"], "application/grpc")
        self.assertIn(head["x-skiff-reason"], ("timeout_deadline", "deadline_short"))

    def test_what_the_other_sidecar_refuses_is_told_in_trailers(self):
        self.began(lambda peer, stream: peer.reset(stream, 2))
        head, body, _ = self.call()
        self.assertEqual((head[":status"], head["content-type"], body), ("200", GRPC[1], b""))
        self.assertEqual(head["x-skiff-reason"], "upstream_reset")
        self.assertEqual(head["grpc-status"], "14")
        self.assertIn("grpc-message", head)


if __name__ == "__main__":
    unittest.main()
