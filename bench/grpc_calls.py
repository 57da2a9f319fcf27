"""What a unary call of gRPC costs through two sidecars with mutual TLS."""

import contextlib
import os
import subprocess

import chains
import cost
import load

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 9002
CALL = "/bench.Echo/Say"
MESSAGE = b"x" * 1024


def grpc_pair(options):
    """1 KiB both ways, 4 connections of 16 calls at once; recorded beside the others, no bar."""
    body = f"{chains.CACHE}/message.grpc"
    with open(body, "wb") as file:
        file.write(b"\0" + len(MESSAGE).to_bytes(4, "big") + MESSAGE)

    def give_load(chain, seconds):
        if not is_answered(chain.port):
            raise RuntimeError(f"{chain.name}: a call of gRPC does not come through")
        return load.http2(chain, CALL, seconds, 4, 16, grpc_message=body)

    with backend():
        return cost.cpu_of(
            options, "the pair, unary gRPC of 1 KiB both ways: CPU of both", give_load, []
        )


def is_answered(port):
    """Whether a real client gets its message back: load alone would take any 200 for good."""
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(CALL)
        try:
            return call(MESSAGE, timeout=10, wait_for_ready=True) == MESSAGE
        except grpc.RpcError:
            return False


@contextlib.contextmanager
def backend():
    command = ["taskset", "-c", chains.LOAD_CPU, "/usr/bin/python3"]
    command += [f"{HERE}/tools/grpc_backend.py", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout.readline() != "ready\n":
            raise RuntimeError(f"no server of gRPC on port {PORT}")
        yield
    finally:
        server.terminate()
        server.wait()
