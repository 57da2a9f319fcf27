"""A server of gRPC and the sidecars around it."""

from concurrent import futures

import grpc
from support import SidecarTest, free_port, service


class GrpcEchoTest(SidecarTest):
    """A server of one method, which says what it is told, and keeps it in `seen`."""

    def setUp(self):
        seen = self.seen = []  # (message, metadata)

        class Echo(grpc.GenericRpcHandler):
            def service(self, details):
                return grpc.unary_unary_rpc_method_handler(self.say)

            def say(self, message, context):
                seen.append((message, dict(context.invocation_metadata())))
                return message

        server = grpc.server(futures.ThreadPoolExecutor(), options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((Echo(),))
        self.server_port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())

    def beside(self, policies=""):
        """The port of a sidecar beside the server."""
        port = free_port()
        self.sidecar(
            f"service: product\ninbound:\n  - {{address: 127.0.0.1, port: {port}, protocol: GRPC, "
            f'application: "127.0.0.1:{self.server_port}"}}',
            service("product", port) + policies,
        )
        return port

    def caller(self, behind, policies=""):
        """The port of a sidecar that calls `product` there."""
        port = free_port()
        self.calling = self.sidecar(
            f"service: test\noutbound: [{{port: {port}, service: product, protocol: GRPC}}]",
            service("product", behind, protocol="GRPC") + policies,
        )
        return port
