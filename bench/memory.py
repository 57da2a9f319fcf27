"""Memory: of the idle process, and of an idle connection."""

import resource
import socket
import statistics
import time

import chains
import system
from rows import Bar, Row


def idle(options):
    """PSS of each chain after its first request, without load."""
    values = {}
    for chain in (c for c in options.chains if c.cmds):
        some = [idle_mib(chain) for _ in range(options.rounds)]
        values[chain.name] = statistics.median(some)
        options.say(f"{chain.name}: {values[chain.name]:.2f} MiB")
    return [Row("idle process, PSS", "MiB", values, [Bar(limit=6)])]


def idle_mib(chain):
    with chains.running(chain) as pids:
        open_idle(chain.port, 1)[0].close()
        time.sleep(0.3)
        return system.pss_kib(pids) / 1024


def connections(options, count=4000):
    """What each of many idle keep-alive connections adds, after one request on each."""
    raise_limit(count + 200)
    values = {}
    for chain in (c for c in options.chains if c.cmds and c.name != "floor"):
        with chains.running(chain) as pids:
            open_idle(chain.port, 1)[0].close()
            before = system.pss_kib(pids)
            held = open_idle(chain.port, count)
            time.sleep(0.5)
            values[chain.name] = (system.pss_kib(pids) - before) / count
            for one in held:
                one.close()
        options.say(f"{chain.name}: {values[chain.name]:.2f} KiB")
    return [Row(f"idle client connection, of {count:,}", "KiB", values, [Bar(limit=0.8)])]


def raise_limit(files):
    """Lets this process, and what it starts, have so many files open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(2 * files, 10_000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def open_idle(port, count, secure=lambda connection: connection):
    """So many connections, each of which had one good answer; `secure` begins TLS on one."""
    request = b"GET /1k HTTP/1.1\r\nHost: bench\r\n\r\n"
    held = []
    for _ in range(count):
        one = secure(socket.create_connection(("127.0.0.1", port), 10))
        one.sendall(request)
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < 1024:
            part = one.recv(4096)
            if not part:
                raise RuntimeError(f"port {port}: closed after {got[:60]!r}")
            got += part
        held.append(one)
    return held
