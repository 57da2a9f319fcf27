"""CPU per request and latency, the chains side by side: rounds interleaved, medians."""

import statistics

import chains
import load
import system
from rows import Bar, Row


def cpu_round(chain, give_load, seconds):
    """CPU microseconds per request of the chain's processes, with the load that was given."""
    with chains.running(chain) as pids:
        give_load(chain, 1)
        before = system.cpu_seconds(pids)
        done = give_load(chain, seconds)
        used = system.cpu_seconds(pids) - before
    return used / max(1, done.requests) * 1e6, done


def cpu(options, measure, connections, path, bars, unit="us"):
    """One row: HTTP/1.1 requests for `path` on so many connections."""

    def give_load(chain, seconds):
        return load.for_time(chain, connections, path, seconds)

    return cpu_of(options, measure, give_load, bars, unit)


def cpu_of(options, measure, give_load, bars, unit="us"):
    """One row: the median over the rounds of each chain, with give_load(chain, seconds)."""
    costs, failed = {}, {}
    for number in range(options.rounds):
        for chain in options.chains:
            if not chain.cmds:
                continue
            micros, done = cpu_round(chain, give_load, options.seconds)
            value = micros / 1000 if unit == "ms" else micros
            costs.setdefault(chain.name, []).append(value)
            failed[chain.name] = failed.get(chain.name, 0) + done.failed
            rate = done.requests / done.seconds if done.seconds else 0
            options.say(
                f"round {number + 1} {chain.name}: {value:.2f} {unit}, {rate:.0f} requests/s"
            )
    values = {name: statistics.median(some) for name, some in costs.items()}
    return [Row(measure, unit, values, bars, failed)]


def cpu32(options):
    bars = [Bar("haproxy-S", 0.95), Bar("nginx-S", 0.95), Bar("floor", 1.12)]
    bars += [Bar(extra.name, 1.10) for extra in options.extra]
    return cpu(options, "1 KiB, 32 connections: CPU per request", 32, "/1k", bars)


def policies(options):
    """All policies on, beside ours without any."""
    bars = [Bar("skiff-S", plus=0.5), Bar("haproxy-S", 1.0)]
    measure = "every policy on, 1 KiB, 32 connections: CPU per request"
    return cpu(options, measure, 32, "/1k", bars)


def cpu1(options):
    return cpu(options, "1 KiB, 1 connection: CPU per request", 1, "/1k", [Bar("haproxy-S", 0.85)])


def body100k(options):
    bars = [Bar("haproxy-S", 0.85)]
    return cpu(options, "100 KiB, 32 connections: CPU per request", 32, "/100k", bars)


def body10m(options):
    bars = [Bar("envoy-S", 1.10)]
    return cpu(options, "10 MiB, 32 connections: CPU per request", 32, "/10m", bars, "ms")


def p99(options):
    """What a chain adds to the 99th percentile of the backend's own, at 1,000 requests a second."""
    found, failed = {}, {}
    for _ in range(options.rounds):
        direct = open_loop(options, options.direct).p99_us
        for chain in options.chains:
            if chain.cmds:
                with chains.running(chain):
                    done = open_loop(options, chain)
                found.setdefault(chain.name, []).append(max(0.0, done.p99_us - direct))
                failed[chain.name] = failed.get(chain.name, 0) + done.failed
                options.say(f"{chain.name}: p99 {done.p99_us:.0f} us, direct {direct:.0f} us")
    values = {name: statistics.median(some) for name, some in found.items()}
    measure = "1,000 requests/s, open loop: added p99"
    return [Row(measure, "us", values, [Bar("haproxy-S", 1.0)], failed)]


def open_loop(options, chain, rate=1000):
    load.exactly(chain, 32, "/1k", rate // 2, rate)
    return load.exactly(chain, 32, "/1k", rate * options.seconds, rate)
