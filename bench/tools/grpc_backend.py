"""A server of gRPC on 127.0.0.1: answers any unary call with the message that came.

usage: grpc_backend.py PORT
"""

import concurrent.futures
import sys

import grpc


class Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details):
        return grpc.unary_unary_rpc_method_handler(lambda message, context: message)


def main():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[Echo()])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
