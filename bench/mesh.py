"""What two sidecars with mutual TLS cost, and one that speaks HTTP/2, TLS or bytes alone."""

import contextlib
import os
import socket
import ssl
import statistics
import threading
import time

import chains
import cost
import counters
import load
import memory
import system
from rows import Bar, Row

REQUEST = b"GET /1k HTTP/1.1\r\nHost: b\r\n"


def mesh32(options):
    bars = [Bar("haproxy-mesh", 0.92), Bar("envoy-mesh", 0.42)]
    return cost.cpu(options, "the pair, 1 KiB, 32 connections: CPU of both", 32, "/1k", bars)


def mesh1(options):
    bars = [Bar("haproxy-mesh", 0.75)]
    return cost.cpu(options, "the pair, 1 KiB, 1 connection: CPU of both", 1, "/1k", bars)


def mesh_syscalls(options):
    """Of both together, at one connection; the bar is 7 for each."""
    calls, failed = {}, {}
    for chain in counters.proxies(options):
        done, total, _ = counters.traced(chain, 1, options.seconds)
        calls[chain.name] = total / max(1, done.requests)
        failed[chain.name] = done.failed
        options.say(f"{chain.name}: {calls[chain.name]:.2f} system calls")
    what = "the pair, 1 connection: system calls per request of both"
    return [Row(what, "", calls, [Bar(limit=14)], failed)]


def mesh100k(options):
    bars = [Bar("haproxy-mesh", 0.85), Bar("nghttpx-mesh", 1.05), Bar("envoy-mesh", 1.05)]
    return cost.cpu(options, "the pair, 100 KiB: CPU of both", 32, "/100k", bars)


def mesh10m(options):
    bars = [Bar("envoy-mesh", 1.10)]
    return cost.cpu(options, "the pair, 10 MiB: CPU of both", 32, "/10m", bars, "ms")


def mesh_idle(options):
    """PSS of each of the two after their first request."""
    values = {}
    for chain in counters.proxies(options):
        some = [memory.idle_mib(chain) / len(chain.cmds) for _ in range(options.rounds)]
        values[chain.name] = statistics.median(some)
        options.say(f"{chain.name}: {values[chain.name]:.2f} MiB each")
    return [Row("the pair: idle process, PSS of each", "MiB", values, [Bar(limit=8)])]


def h2(options):
    bars = [Bar("nghttpx-h2", 1.10)]

    def give_load(chain, seconds):
        return load.http2(chain, "/1k", seconds)

    return cost.cpu_of(options, "HTTP/2 to HTTP/2, 8 × 16 streams: CPU", give_load, bars)


def tcp10m(options):
    bars = [Bar("envoy-tcp", 1.10)]
    return cost.cpu(options, "bytes, 10 MiB: CPU", 32, "/10m", bars, "ms")


# ---- mutual TLS in


def context():
    folder = f"{chains.CACHE}/certs"
    made = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    made.check_hostname = False
    made.load_cert_chain(f"{folder}/a.pem", f"{folder}/a.key")
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def ask_once(secure, port, session=None):
    """One request on a new connection: whether it was answered, and the session for another."""
    plain = socket.create_connection(("127.0.0.1", port), 10)
    with secure.wrap_socket(plain, session=session) as one:
        one.sendall(REQUEST + b"Connection: close\r\n\r\n")
        answer = b""
        with contextlib.suppress(ssl.SSLEOFError):
            while part := one.recv(4096):
                answer += part
        return answer.startswith(b"HTTP/1.1 200"), one.session


def handshake(options, resumed=False, count=200):
    """CPU per mutual handshake with one request, a new connection each."""
    values, failed, secure = {}, {}, context()
    for _ in range(options.rounds):
        for chain in counters.proxies(options):
            with chains.running(chain) as pids:
                session = ask_once(secure, chain.port)[1] if resumed else None
                before, good = system.cpu_seconds(pids), 0
                for _ in range(count):
                    answered, again = ask_once(secure, chain.port, session)
                    good += answered
                    session = again if resumed else None
                used = system.cpu_seconds(pids) - before
            values.setdefault(chain.name, []).append(used / count * 1e6)
            failed[chain.name] = failed.get(chain.name, 0) + count - good
            options.say(f"{chain.name}: {used / count * 1e6:.0f} us")
    found = {name: statistics.median(some) for name, some in values.items()}
    bars = [] if resumed else [Bar("haproxy-inbound", 0.90)]
    how = "resumed" if resumed else "full"
    return [Row(f"mutual handshake ({how}) and request: CPU", "us", found, bars, failed)]


def resumed(options):
    return handshake(options, resumed=True)


def storm(options, handshakes=1000, rate=1000):
    """The 99.5th percentile of live traffic while strangers shake hands, over that without them."""
    values, failed = {}, {}
    for _ in range(options.rounds):
        for chain in counters.proxies(options):
            with chains.running(chain):
                load.exactly(chain, 32, "/1k", rate, rate)
                calm = load.exactly(chain, 32, "/1k", rate * 3, rate)
                with strangers(callee_port(chain), handshakes):
                    busy = load.exactly(chain, 32, "/1k", rate * 3, rate)
            times = busy.p995_us / max(1.0, calm.p995_us)
            values.setdefault(chain.name, []).append(times)
            failed[chain.name] = failed.get(chain.name, 0) + calm.failed + busy.failed
            options.say(f"{chain.name}: {calm.p995_us:.0f} us, {busy.p995_us:.0f} us in the storm")
    found = {name: statistics.median(some) for name, some in values.items()}
    what = f"the pair, p99.5 while {handshakes:,} handshakes come: times that without"
    return [Row(what, "×", found, [Bar(limit=2)], failed)]


def callee_port(chain):
    """The caller's sidecar listens on a port, the callee's on the next."""
    return chain.port + 1


@contextlib.contextmanager
def strangers(port, count, at_once=8):
    """New connections with mutual TLS, one after the other on each of some threads.

    They take what the load leaves of its CPU, so that what is measured waits for the proxies alone.
    """
    secure, stop = context(), threading.Event()

    def go(number):
        os.sched_setaffinity(0, {int(chains.LOAD_CPU)})  # Of this thread.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        for _ in range(number):
            if stop.is_set():
                return
            with contextlib.suppress(OSError):
                ask_once(secure, port)

    threads = [threading.Thread(target=go, args=[count // at_once]) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def tls_connections(options, count=2000):
    """What each of many idle connections with mutual TLS adds, after one request on each."""
    memory.raise_limit(count + 200)
    values, secure = {}, context().wrap_socket
    for chain in counters.proxies(options):
        with chains.running(chain) as pids:
            memory.open_idle(chain.port, 1, secure)[0].close()
            before = system.pss_kib(pids)
            held = memory.open_idle(chain.port, count, secure)
            time.sleep(1)
            values[chain.name] = (system.pss_kib(pids) - before) / count
            for one in held:
                one.close()
        options.say(f"{chain.name}: {values[chain.name]:.2f} KiB")
    return [Row(f"idle mutual TLS connection, of {count:,}", "KiB", values, [Bar(limit=10)])]
