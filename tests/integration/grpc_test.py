"""gRPC through sidecars in clear text: client and server of grpcio, all four kinds of calls."""

import json
import os
import threading
import unittest
from concurrent import futures

import grpc
from mesh_support import MeshTest, identity_of
from support import LIMIT_S, SidecarTest, free_port, service, until

UNUSUAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
ANY_SIZE = ("grpc.max_receive_message_length", -1)


class Echo(grpc.GenericRpcHandler):
    """Messages are bytes, so that no stubs are needed."""

    def __init__(self):
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.seen = []

    def service(self, details):
        name = details.method.rsplit("/", 1)[1]
        if name in ("Unary", "Squeeze", "Fail", "Wait"):
            return grpc.unary_unary_rpc_method_handler(getattr(self, name))
        if name == "Collect":
            return grpc.stream_unary_rpc_method_handler(self.Collect)
        if name in ("Count", "Forever"):
            return grpc.unary_stream_rpc_method_handler(getattr(self, name))
        if name in ("Talk", "FailLate", "Sleep"):
            return grpc.stream_stream_rpc_method_handler(getattr(self, name))
        return None

    def Unary(self, message, context):
        self.seen.append(dict(context.invocation_metadata()))
        context.set_trailing_metadata((("x-trail", "end"), ("x-trail-bin", b"\0\1\xff")))
        context.send_initial_metadata((("x-first", "begin"),))
        return message

    def Squeeze(self, message, context):
        context.set_compression(grpc.Compression.Gzip)
        return message

    def Fail(self, message, context):
        context.set_trailing_metadata((("x-why-bin", b"\xfe"),))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message.decode())

    def Wait(self, message, context):
        context.add_callback(self.cancelled.set)
        self.waiting.set()
        self.cancelled.wait(LIMIT_S)
        return b""

    def Collect(self, messages, context):
        return b"".join(messages)

    def Count(self, message, context):
        for i in range(int(message)):
            yield b"%d" % i

    def Forever(self, message, context):
        context.add_callback(self.cancelled.set)
        while not self.cancelled.wait(0.001):
            yield b"x" * 1000

    def Talk(self, messages, context):
        self.seen.append(dict(context.invocation_metadata()))
        context.set_compression(grpc.Compression.Gzip)
        context.send_initial_metadata((("x-first", "begin"),))
        context.set_trailing_metadata((("x-trail-bin", b"\0\1\xff"),))
        for message in messages:
            yield message * 2

    def FailLate(self, messages, context):
        yield next(messages)
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, UNUSUAL)

    def Sleep(self, messages, context):
        context.add_callback(self.cancelled.set)
        next(messages)
        self.cancelled.wait(LIMIT_S)
        yield b""


class Grpc(SidecarTest):
    def setUp(self):
        self.echo = Echo()
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16),
            options=[("grpc.so_reuseport", 0), ANY_SIZE],
        )
        server.add_generic_rpc_handlers((self.echo,))
        self.server_port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.made = self.through(self.server_port)

    def through(self, server_port):
        port = free_port()
        made = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: backend, protocol: GRPC}}]\n"
            "accessLog: {mode: all}",
            service("backend", server_port, protocol="GRPC"),
        )
        self.connect(port, "backend")
        return made

    def connect(self, port, authority):
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{port}", options=[("grpc.default_authority", authority), ANY_SIZE]
        )
        self.addCleanup(self.channel.close)

    def unary(self, name):
        return self.channel.unary_unary(f"/test.Echo/{name}")

    def test_unary_calls_and_their_metadata(self):
        answer, call = self.unary("Unary").with_call(
            b"hello", metadata=(("x-mine", "1"), ("x-mine-bin", b"\0\xff")), timeout=LIMIT_S
        )
        self.assertEqual(answer, b"hello")
        self.assertEqual(self.echo.seen[0]["x-mine"], "1")
        self.assertEqual(self.echo.seen[0]["x-mine-bin"], b"\0\xff")
        self.assertEqual(dict(call.initial_metadata())["x-first"], "begin")
        trailing = dict(call.trailing_metadata())
        self.assertEqual((trailing["x-trail"], trailing["x-trail-bin"]), ("end", b"\0\1\xff"))

    def test_empty_and_large_messages(self):
        for size in (0, 1, 10 << 20):
            message = os.urandom(size)
            self.assertTrue(self.unary("Unary")(message, timeout=LIMIT_S) == message, size)

    def test_compressed_messages(self):
        message = b"\xa5" * (10 << 20)
        gzip = grpc.Compression.Gzip
        answer = self.unary("Squeeze")(message, timeout=LIMIT_S, compression=gzip)
        self.assertTrue(answer == message, len(answer))
        logged = until(lambda: self.log_of("/test.Echo/Squeeze"), "the call is logged")
        self.assertLess(logged["request_bytes"], 100_000)
        self.assertLess(logged["response_bytes"], 100_000)

    def log_of(self, path):
        """What the access log says of the one call of that method."""
        lines = [line for line in self.made.logged().splitlines() if f'"{path}"' in line]
        return json.loads(lines[0]) if lines else None

    def test_streams_of_the_client(self):
        call = self.channel.stream_unary("/test.Echo/Collect")
        parts = [b"%d," % i for i in range(500)]
        self.assertEqual(call(iter(parts), timeout=LIMIT_S), b"".join(parts))
        self.assertEqual(call(iter(()), timeout=LIMIT_S), b"")

    def test_streams_of_the_server(self):
        call = self.channel.unary_stream("/test.Echo/Count")
        self.assertEqual(list(call(b"500", timeout=LIMIT_S)), [b"%d" % i for i in range(500)])
        self.assertEqual(list(call(b"0", timeout=LIMIT_S)), [])

    def test_ping_pong(self):
        turn = threading.Semaphore()

        def messages():
            for i in range(20):
                turn.acquire()
                yield b"%d" % i

        for i, answer in enumerate(
            self.channel.stream_stream("/test.Echo/Talk")(messages(), timeout=LIMIT_S)
        ):
            self.assertEqual(answer, b"%d" % i * 2)
            turn.release()
        self.assertEqual(i, 19)

    def both_ways(self, name, messages, **options):
        options.setdefault("timeout", LIMIT_S)
        return self.channel.stream_stream(f"/test.Echo/{name}")(iter(messages), **options)

    def test_a_stream_without_messages(self):
        call = self.both_ways("Talk", ())
        self.assertEqual(list(call), [])
        self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_metadata_of_a_stream(self):
        call = self.both_ways("Talk", [b"x"], metadata=(("x-mine-bin", b"\0\xff"),))
        self.assertEqual(dict(call.initial_metadata())["x-first"], "begin")
        self.assertEqual(list(call), [b"xx"])
        self.assertEqual(self.echo.seen[0]["x-mine-bin"], b"\0\xff")
        self.assertEqual(dict(call.trailing_metadata())["x-trail-bin"], b"\0\1\xff")

    def test_compressed_messages_of_streams(self):
        parts = [b"\xa5" * size for size in (27_182, 8, 1_828, 45_904)]
        gzip = grpc.Compression.Gzip
        call = self.channel.stream_unary("/test.Echo/Collect")
        self.assertEqual(call(iter(parts), timeout=LIMIT_S, compression=gzip), b"".join(parts))
        both = self.both_ways("Talk", parts, compression=gzip)
        self.assertEqual(list(both), [part * 2 for part in parts])
        logged = until(lambda: self.log_of("/test.Echo/Talk"), "the call is logged")
        self.assertLess(logged["request_bytes"], 10_000)
        self.assertLess(logged["response_bytes"], 10_000)

    def test_many_calls_at_once(self):
        call = self.unary("Unary")
        pending = [call.future(b"%d" % i, timeout=LIMIT_S) for i in range(90)]
        self.assertEqual([f.result() for f in pending], [b"%d" % i for i in range(90)])
        self.assert_metric(self.made, 1, "skiff_backend_connections_opened_total")

    def test_a_status_comes_as_it_was_said(self):
        for details in ("no: ü %", "", UNUSUAL):
            with self.subTest(details=details):
                with self.assertRaises(grpc.RpcError) as caught:
                    self.unary("Fail")(details.encode(), timeout=LIMIT_S)
                error = caught.exception
                self.assertEqual(error.code(), grpc.StatusCode.FAILED_PRECONDITION)
                self.assertEqual(error.details(), details)
                self.assertEqual(dict(error.trailing_metadata())["x-why-bin"], b"\xfe")

    def test_a_status_behind_messages(self):
        call = self.both_ways("FailLate", [b"one", b"two"])
        self.assertEqual(next(call), b"one")
        with self.assertRaises(grpc.RpcError) as caught:
            next(call)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(caught.exception.details(), UNUSUAL)

    def test_an_unknown_method_is_trailers_only(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Nothing")(b"", timeout=LIMIT_S)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_an_unknown_service_is_trailers_only(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel.unary_unary("/test.Nobody/Nothing")(b"", timeout=LIMIT_S)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_a_call_that_is_cancelled_before_its_first_message(self):
        silent = threading.Event()
        self.addCleanup(silent.set)
        messages = iter(lambda: silent.wait(LIMIT_S) and b"", b"")
        call = self.channel.stream_unary("/test.Echo/Collect").future(messages)
        call.cancel()
        self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)
        self.assertEqual(self.unary("Unary")(b"x", timeout=LIMIT_S), b"x")

    def test_a_conversation_that_is_cancelled_after_its_first_answer(self):
        more = threading.Event()
        self.addCleanup(more.set)

        def messages():
            yield b"x"
            more.wait(LIMIT_S)

        call = self.both_ways("Talk", messages())
        self.assertEqual(next(call), b"xx")
        call.cancel()
        with self.assertRaises(grpc.RpcError):
            next(call)
        self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)
        self.assert_metric(self.made, 0, "skiff_requests_in_flight")

    def test_a_cancelled_call_is_cancelled_at_the_server(self):
        call = self.unary("Wait").future(b"")
        self.assertTrue(self.echo.waiting.wait(LIMIT_S))
        call.cancel()
        self.assertTrue(self.echo.cancelled.wait(LIMIT_S))
        self.assertEqual(self.unary("Unary")(b"x", timeout=LIMIT_S), b"x")

    def test_a_cancelled_stream_is_cancelled_at_the_server(self):
        stream = self.channel.unary_stream("/test.Echo/Forever")(b"")
        self.assertEqual(len(next(stream)), 1000)
        stream.cancel()
        self.assertTrue(self.echo.cancelled.wait(LIMIT_S))
        self.assertEqual(self.unary("Unary")(b"x", timeout=LIMIT_S), b"x")

    def test_a_deadline_ends_the_call_on_both_sides(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.unary("Wait")(b"", timeout=0.3)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertTrue(self.echo.cancelled.wait(LIMIT_S))

    def test_a_deadline_ends_a_conversation_on_both_sides(self):
        with self.assertRaises(grpc.RpcError) as caught:
            next(self.both_ways("Sleep", [b"x"], timeout=1))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertTrue(self.echo.cancelled.wait(LIMIT_S))


class GrpcThroughTwo(Grpc):
    """The caller's sidecar, and the one beside the server."""

    def through(self, server_port):
        inbound = free_port()
        self.beside = self.sidecar(
            f"service: backend\ninbound:\n- {{address: 127.0.0.1, port: {inbound}, "
            f"application: '127.0.0.1:{server_port}', protocol: GRPC}}",
            service("backend"),
        )
        return super().through(inbound)


class GrpcThroughAPair(Grpc, MeshTest):
    """The same two, with mutual TLS between them."""

    def through(self, server_port):
        self.certs = self.authority("order", "product")
        self.beside = self.callee(server_port, protocol="GRPC")
        made = self.caller(protocol="GRPC")
        self.connect(self.port, "product")
        return made

    def test_the_callee_learns_who_called(self):
        self.assertEqual(self.unary("Unary")(b"x", timeout=LIMIT_S), b"x")
        self.assertIn(identity_of("order"), self.echo.seen[0]["x-forwarded-client-cert"])
        self.assert_metric(self.beside, 1, "skiff_tls_server_handshakes_total", result="ok")


if __name__ == "__main__":
    unittest.main()
