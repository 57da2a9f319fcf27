"""What a mirror that misbehaves does to the requests that are copied to it."""

import contextlib
import os
import socket
import statistics
import threading

import chains
import load
from rows import Row

PORTS = {"hangs": 9011, "fails": 9012, "floods": 9013}  # As in configs/skiff-mirror.


def mirror(options, rate=1000):
    """The 99th percentile with a mirror of all requests over that without one, in one load."""
    chain, rows = options.chains[-1], []
    for mood, port in PORTS.items():
        with misbehaving(mood, port), chains.running(chain):
            other = f"/1k?mirror={mood}"
            found, failed = [], 0
            for number in range(options.rounds):
                requests = 10 * options.seconds * rate
                plain, copied = load.either(chain, 32, "/1k?mirror=none", other, requests, rate)
                found.append(copied.p99_us / plain.p99_us)
                failed += plain.failed
                options.say(
                    f"round {number + 1}, it {mood}: p50 {plain.p50_us:.0f} and "
                    f"{copied.p50_us:.0f} us, p99 {plain.p99_us:.0f} and {copied.p99_us:.0f} us"
                )
        what = f"all copied to a mirror that {mood}: p99, times that without"
        values = {chain.name: statistics.median(found)}
        rows.append(Row(what, "×", values, [], {chain.name: failed}))
    return rows


@contextlib.contextmanager
def misbehaving(mood, port):
    """A server in a process of its own, which takes what the load leaves of its CPU."""
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {int(chains.LOAD_CPU)})
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        serve(mood, port)
    try:
        chains.await_port(port)
        yield
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)


def serve(mood, port):
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=MOODS[mood], args=[client], daemon=True).start()


def hangs(client):
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


def fails(client):
    answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    with contextlib.suppress(OSError):
        while request := client.recv(65536):
            client.sendall(answer * request.count(b"\r\n\r\n"))


def floods(client):
    with contextlib.suppress(OSError):
        while client.recv(65536):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                client.sendall(bytes(65536))


MOODS = {"hangs": hangs, "fails": fails, "floods": floods}
