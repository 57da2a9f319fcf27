#!/usr/bin/env python3
"""Measures the sidecar beside its peers, in one run on this machine, and holds it to its bars.

usage: bench.py [--only PART,…] [--rounds N] [-d SECONDS] [--peers NAME,…] [--chains FILE]

The whole of it writes bench/results.md; a selection only prints. Exit status: 1 if a bar is missed.
What each part measures, and how: bench/README.md.
"""

import argparse
import dataclasses
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chains
import cost
import counters
import grpc_calls
import memory
import mesh
import mirror
import report
import scale
import setup

HERE = os.path.dirname(os.path.abspath(__file__))
# By what they measure: ours, the peers beside it, the parts.
GROUPS = {
    "One hop of HTTP/1.1": (
        "skiff-S",
        "floor,haproxy-S,nginx-S,nghttpx-S,envoy-S",
        {
            "cpu32": cost.cpu32,
            "cpu1": cost.cpu1,
            "syscalls": counters.syscalls,
            "malloc": counters.malloc,
            "instructions": counters.instructions,
            "body100k": cost.body100k,
            "body10m": cost.body10m,
            "p99": cost.p99,
            "idle": memory.idle,
            "connections": memory.connections,
            "scale": scale.scale,
        },
    ),
    "One hop of HTTP/1.1 with every policy": (
        "skiff-policies",
        "haproxy-S,skiff-S",
        {"policies": cost.policies, "policies-malloc": counters.malloc},
    ),
    "Two sidecars with mutual TLS and HTTP/2 between them": (
        "skiff-mesh",
        "haproxy-mesh,nginx-mesh,nghttpx-mesh,envoy-mesh",
        {
            "mesh32": mesh.mesh32,
            "mesh1": mesh.mesh1,
            "mesh-syscalls": mesh.mesh_syscalls,
            "mesh100k": mesh.mesh100k,
            "mesh10m": mesh.mesh10m,
            "mesh-idle": mesh.mesh_idle,
            "storm": mesh.storm,
        },
    ),
    "gRPC through two sidecars with mutual TLS": (
        "skiff-grpc",
        "nghttpx-grpc,envoy-grpc",
        {"grpc": grpc_calls.grpc_pair},
    ),
    "Mutual TLS in, HTTP/1.1 out": (
        "skiff-inbound",
        "haproxy-inbound,nginx-inbound,nghttpx-inbound,envoy-inbound",
        {
            "handshake": mesh.handshake,
            "resumed": mesh.resumed,
            "tls-connections": mesh.tls_connections,
        },
    ),
    "One hop of HTTP/2": ("skiff-h2", "haproxy-h2,nghttpx-h2,envoy-h2", {"h2": mesh.h2}),
    "One hop of HTTP/1.1 with a mirror": ("skiff-mirror", "", {"mirror": mirror.mirror}),
    "One hop of bytes": ("skiff-tcp", "floor,haproxy-tcp,envoy-tcp", {"tcp10m": mesh.tcp10m}),
}
PARTS = [part for _, _, parts in GROUPS.values() for part in parts]


@dataclasses.dataclass(frozen=True)
class Options:
    """What every part is given."""

    chains: list  # All that are compared, ours last.
    extra: list  # Those of them that came by --chains.
    direct: chains.Chain
    ours: str
    rounds: int
    seconds: int
    record: bool

    @staticmethod
    def say(line):
        print(f"  {line}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="of " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-d", dest="seconds", type=int, default=4, help="seconds of one load")
    parser.add_argument("--peers", default="", help="only these, such as floor,haproxy-mesh")
    parser.add_argument("--chains", action="append", default=[], help="a file of more chains")
    parser.add_argument("--ours", default="", help="another chain that the bars are for")
    parser.add_argument("--record", action="store_true", help="record instructions as the gate")
    return parser.parse_args()


def options_of(args, ours, standard):
    """The chains that are there, ours last; what is not there is named and left out."""
    ours = args.ours or ours
    peers = [
        name
        for name in filter(None, standard.split(","))
        if not args.peers or name in args.peers.split(",")
    ]
    extra = chains.read(args.chains)
    known = {**chains.read([f"{HERE}/peers/chains.json", f"{HERE}/chains.json"]), **extra}
    wanted = [*peers, *extra, ours]
    present = {name: known[name] for name in dict.fromkeys(wanted) if known[name].exists()}
    for name in set(wanted) - set(present):
        print(f"{name} is left out: its program is not there", file=sys.stderr)
    return Options(
        chains=list(present.values()),
        extra=[extra[name] for name in extra if name != ours],
        direct=known["direct"],
        ours=ours,
        rounds=args.rounds,
        seconds=args.seconds,
        record=args.record,
    )


def measure(args, wanted):
    """A table for each group of which a part is wanted."""
    tables = []
    for title, (ours, peers, parts) in GROUPS.items():
        chosen = [name for name in parts if name in wanted]
        if not chosen:
            continue
        options, rows = options_of(args, ours, peers), []
        for name in chosen:
            print(f"{name}:", file=sys.stderr, flush=True)
            rows += parts[name](options)
        tables.append(report.Table(title, options.ours, rows))
    return tables


def main():
    args = arguments()
    wanted = args.only.split(",") if args.only else PARTS
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    setup.prepare()
    with chains.backends():
        tables = measure(args, wanted)
    print(report.text(tables))
    if not args.only:
        how = f"{args.rounds} rounds of {args.seconds} s, interleaved, medians; "
        how += "the proxies on CPU 0, load and backend on CPU 1"
        report.write(tables, how)
    for table in tables:
        if not any(table.ours in row.values for row in table.rows):
            sys.exit(f"{table.ours} was not measured")
    missed = [line for table in tables for line in report.missed(table.rows, table.ours)]
    print("\n".join(["missed:", *missed]) if missed else "no bar is missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
