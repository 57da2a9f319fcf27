"""Connections that speak nothing we know, through the explicit listeners of a real sidecar.

Client -> outbound listener -> inbound listener (of the same sidecar) -> server.
"""

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from real_servers import PostgreSql, RabbitMq, Redis, debian_module
from support import LIMIT_S, SANITIZER, Client, SidecarTest, free_port, indent, until

MIB = 1024 * 1024


def reset(connection):
    """Closes a socket by an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ends_by_reset(connection):
    """Whether what can still be read of a socket ends by an RST, not by an end."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return False


def digest(data):
    return hashlib.sha256(data).hexdigest()


class TcpTest(SidecarTest):
    def through(self, *ports, policy="", spec=""):
        """A sidecar both of whose hops lead to the servers at `ports`."""
        inbound = [free_port() for _ in ports]
        self.port = free_port()
        listeners = "\n".join(
            f"  - {{address: 127.0.0.1, port: {i}, application: '127.0.0.1:{p}', protocol: TCP}}"
            for i, p in zip(inbound, ports)
        )
        endpoints = "\n".join(f"    - {{address: 127.0.0.1, port: {i}}}" for i in inbound)
        policies = (
            "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: backend}\n"
            f"spec:\n  ports: [{{port: 7000, protocol: TCP}}]\n  endpoints:\n{endpoints}\n"
        )
        if policy:
            policies += (
                "---\napiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
                "spec:\n  targetRefs: [{kind: Service, name: backend}]\n" + indent(policy, 2) + "\n"
            )
        self.inbound = inbound
        return self.sidecar(
            f"service: test\ninbound:\n{listeners}\n"
            f"outbound: [{{port: {self.port}, service: backend, protocol: TCP}}]\n"
            f"accessLog: {{mode: all}}\n{spec}",
            policies,
        )

    def server(self, kind):
        made = kind()
        self.addCleanup(made.stop)
        return made.start()

    def pair(self):
        """Both ends of one connection through the sidecar: (client's, server's)."""
        client = self.client()
        until(lambda: self.arrived, "the connection arrives")
        return client, self.arrived.pop(0)

    def is_refused(self):
        """Whether a new connection ends by a reset, be it before connect() has returned."""
        try:
            return ends_by_reset(self.client().socket)
        except ConnectionResetError:
            return True

    def silent_server(self, **more):
        self.arrived = []
        done = threading.Event()
        self.addCleanup(done.set)

        def hold(connection):
            self.arrived.append(connection)
            done.wait()

        return self.through(self.backend(hold).port, **more)

    def lines(self, sidecar, count):
        """The access log once it has so many lines."""

        def read():
            found = [json.loads(l) for l in sidecar.logged().splitlines() if l.startswith("{")]
            return found if len(found) >= count else None

        return until(read, f"{count} lines of the access log")

    # ---- Real servers

    def test_redis(self):
        redis = self.server(Redis)
        self.through(redis.port)
        self.assertEqual(redis.ask(self.port, "PING"), "PONG")
        self.assertEqual(redis.ask(self.port, "SET", "a", "x" * 100_000), "OK")
        self.assertEqual(redis.ask(self.port, "STRLEN", "a"), "100000")
        self.assertEqual(redis.ask(self.port, "GET", "a"), "x" * 100_000)
        bench = subprocess.run(
            [
                *(redis.benchmark, "-p", str(self.port), "-n", "4000", "-c", "20", "-P", "4"),
                *("-t", "set,get,lpush", "-d", "3000", "-q"),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(bench.returncode, 0, bench.stderr)
        self.assertNotIn("rror", bench.stdout + bench.stderr)

    def test_redis_is_killed_and_comes_back(self):
        redis = self.server(Redis)
        sidecar = self.through(redis.port)
        client = self.client()
        client.send(b"PING\r\n")
        self.assertEqual(client.read_until(b"\r\n"), b"+PONG\r\n")
        redis.kill()
        self.assertTrue(client.is_closed())
        self.assertTrue(self.is_refused())
        until(
            lambda: sidecar.metric("skiff_requests_total", reason="connect_failed") > 0,
            "the failed connect is counted",
        )
        redis.start()
        self.assertEqual(redis.ask(self.port, "PING"), "PONG")

    def test_postgresql(self):
        postgresql = self.server(PostgreSql)
        self.through(postgresql.port)
        self.assertEqual(
            postgresql.ask(self.port, "select count(*), sum(i) from generate_series(1, 300000) i"),
            "300000|45000150000",
        )
        rows = postgresql.ask(
            self.port, "select repeat(i::text, 20) from generate_series(1,50000) i"
        )
        self.assertEqual(
            digest(rows.encode()),
            digest("\n".join(str(i) * 20 for i in range(1, 50001)).encode()),
        )
        target = postgresql.target(self.port)
        for arguments in (
            ["-i", "-q", "-s", "1"],
            ["-c", "8", "-t", "50", "-C"],
            ["-c", "4", "-t", "200"],
        ):
            bench = subprocess.run(
                [postgresql.bench, *arguments, target], capture_output=True, text=True, timeout=120
            )
            self.assertEqual(bench.returncode, 0, bench.stderr)

    def test_rabbitmq(self):
        pika = debian_module("pika")
        rabbitmq = self.server(RabbitMq)
        self.through(rabbitmq.port)
        parameters = pika.ConnectionParameters("127.0.0.1", self.port, heartbeat=5)
        connection = pika.BlockingConnection(parameters)
        self.addCleanup(connection.close)
        channel = connection.channel()
        channel.queue_declare("orders")
        channel.confirm_delivery()
        for i in range(300):
            channel.basic_publish("", "orders", str(i).encode() * 1000)
        got = []
        for method, _, body in channel.consume("orders", inactivity_timeout=10):
            self.assertIsNotNone(method, "no message came")
            channel.basic_ack(method.delivery_tag)
            got.append(body)
            if len(got) == 300:
                break
        self.assertEqual(got, [str(i).encode() * 1000 for i in range(300)])

    # ---- Beginning

    def test_a_server_may_speak_first(self):
        def greet(client):
            client.send("220 ready\r\n")
            client.read_to_end()

        # Longer than the client waits: nobody found out first what it speaks.
        self.through(self.backend(greet).port, spec="timeouts: {detect: 1m}")
        self.assertEqual(self.client().read_until(b"\r\n"), b"220 ready\r\n")

    def test_no_server_is_a_reset(self):
        sidecar = self.through(free_port())
        self.assertTrue(self.is_refused())
        (outbound,) = [l for l in self.lines(sidecar, 2) if l["direction"] == "outbound"]
        self.assertEqual(outbound["status"], 200, "the first hop found its backend")
        self.assertEqual(outbound["reason"], "upstream_reset")

    def test_another_endpoint_is_tried(self):
        redis = self.server(Redis)
        dead = free_port()
        policy = "loadBalancing: {algorithm: ROUND_ROBIN}"
        sidecar = self.through(redis.port, policy=policy)
        with open(os.path.join(sidecar.path("policies"), "all.yaml"), encoding="utf-8") as f:
            text = f.read()
        sidecar.write_policies(
            text.replace(
                "  endpoints:\n", f"  endpoints:\n    - {{address: 127.0.0.1, port: {dead}}}\n"
            )
        )
        until(
            lambda: sidecar.metric("skiff_config_generation") == 2, "the second endpoint is there"
        )
        for _ in range(10):
            self.assertEqual(redis.ask(self.port, "PING"), "PONG")
        self.assertGreater(sidecar.metric("skiff_backend_connections_failed_total"), 0)

    # ---- Ends

    def test_the_clients_end_leaves_the_answer_going(self):
        def add_up(client):
            data = client.read_to_end()
            time.sleep(0.1)
            client.send(digest(data))

        self.through(self.backend(add_up).port)
        data = os.urandom(3 * MIB)
        client = self.client().send(data).end()
        self.assertEqual(client.read_to_end().decode(), digest(data))

    def test_the_servers_end_leaves_the_request_going(self):
        self.silent_server()
        client, server = self.pair()
        server.send("that is all").end()
        self.assertEqual(client.read_to_end(), b"that is all")
        data = os.urandom(2 * MIB)
        threading.Thread(target=lambda: client.send(data).end()).start()
        self.assertEqual(digest(server.read_to_end()), digest(data))

    def test_a_clients_reset_is_a_reset(self):
        sidecar = self.silent_server()
        client, server = self.pair()
        client.send("x")
        self.assertEqual(server.read_exactly(1), b"x")
        reset(client.socket)
        self.assertTrue(ends_by_reset(server.socket))
        for line in self.lines(sidecar, 2):
            self.assertEqual(line["reason"], "client_gone")

    def test_a_servers_reset_is_a_reset(self):
        sidecar = self.silent_server()
        client, server = self.pair()
        server.send("x")
        self.assertEqual(client.read_exactly(1), b"x")
        reset(server.socket)
        self.assertTrue(ends_by_reset(client.socket))
        for line in self.lines(sidecar, 2):
            self.assertEqual(line["reason"], "upstream_reset")

    def test_a_connection_where_nothing_moves_ends_by_a_reset(self):
        sidecar = self.silent_server(policy="timeouts: {streamIdle: 1500ms}")
        client, server = self.pair()
        for _ in range(5):  # In all longer than the limit.
            time.sleep(0.4)
            client.send("x")
            self.assertEqual(server.read_exactly(1), b"x")
        begun = time.monotonic()
        self.assertTrue(ends_by_reset(client.socket))
        self.assertGreater(time.monotonic() - begun, 1.4)
        self.assertTrue(ends_by_reset(server.socket))
        (outbound,) = [l for l in self.lines(sidecar, 2) if l["direction"] == "outbound"]
        self.assertEqual(outbound["reason"], "timeout_stream_idle")

    def test_draining_waits_for_the_end(self):
        sidecar = self.silent_server()
        client, server = self.pair()
        sidecar.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        client.send("still here")
        self.assertEqual(server.read_exactly(10), b"still here")
        client.end()
        server.end()
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(sidecar.process.wait(LIMIT_S), 0)

    def test_draining_ends_at_its_limit(self):
        sidecar = self.silent_server(spec="timeouts: {drain: 1s}")
        client, server = self.pair()
        sidecar.process.send_signal(signal.SIGTERM)
        self.assertTrue(ends_by_reset(client.socket))
        self.assertTrue(ends_by_reset(server.socket))
        self.assertEqual(sidecar.process.wait(LIMIT_S), 0)

    # ---- Much

    def grows_little(self, sidecar, carry):
        before = sidecar.resident_kib()
        sidecar.forget_peak()
        carry()
        grown = sidecar.peak_kib() - before
        if not SANITIZER:
            self.assertLess(grown, 4 * 1024, "KiB more than before")

    def test_much_at_constant_memory(self):
        sidecar = self.silent_server()
        client, server = self.pair()
        piece = os.urandom(MIB)
        expected, got = hashlib.sha256(), hashlib.sha256()
        for _ in range(256):
            expected.update(piece)

        def send():
            for _ in range(256):
                client.send(piece)
            client.end()

        def carry():
            threading.Thread(target=send, daemon=True).start()
            size = 0
            while data := server.socket.recv(MIB):
                got.update(data)
                size += len(data)
                if size % (16 * MIB) < len(data):  # The reader is slow now and then.
                    time.sleep(0.05)
            self.assertEqual(size, 256 * MIB)

        self.grows_little(sidecar, carry)
        self.assertEqual(got.hexdigest(), expected.hexdigest())

    def test_a_reader_that_stopped_holds_the_writer_up(self):
        sidecar = self.silent_server()
        client, _ = self.pair()
        client.socket.settimeout(0.5)

        def carry():
            with self.assertRaises(TimeoutError):
                for _ in range(256):
                    client.socket.sendall(bytes(MIB))

        self.grows_little(sidecar, carry)
        reset(client.socket)

    def test_both_ways_at_once(self):
        def echo(client):
            while data := client.socket.recv(65536):
                client.send(data)

        self.through(self.backend(echo).port)
        data = os.urandom(16 * MIB)
        clients = [self.client() for _ in range(4)]
        for client in clients:
            threading.Thread(target=lambda c=client: c.send(data).end(), daemon=True).start()
        for client in clients:
            self.assertEqual(digest(client.read_to_end()), digest(data))

    def test_many_connections_come_and_go(self):
        def answer(client):
            client.send(client.read_exactly(3))

        sidecar = self.through(self.backend(answer).port)
        for i in range(300):
            client = Client(self.port)
            client.send(b"%03d" % i)
            self.assertEqual(client.read_to_end(), b"%03d" % i)
            client.close()
        until(lambda: sidecar.metric("skiff_client_connections") == 0, "all are closed")
        until(lambda: sidecar.metric("skiff_backend_connections") == 0, "the backends' too")

    # ---- What is told

    def test_one_line_tells_of_a_connection(self):
        sidecar = self.silent_server()
        client, server = self.pair()
        client.send("12345").end()
        self.assertEqual(server.read_to_end(), b"12345")
        server.send("123").end()
        self.assertEqual(client.read_to_end(), b"123")
        for line in self.lines(sidecar, 2):
            self.assertEqual(line["status"], 200, line)
            self.assertEqual(line["reason"], "", line)
            self.assertEqual(line["request_bytes"], 5, line)
            self.assertEqual(line["response_bytes"], 3, line)
        self.assert_metric(sidecar, 2, "skiff_requests_total", code="2xx")


if __name__ == "__main__":
    unittest.main()
