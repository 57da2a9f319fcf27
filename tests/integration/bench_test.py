#!/usr/bin/env python3
"""Tests of how bench/ reads what it measures: a figure that is read wrong looks like any other."""

import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import chains
import counters
import report
import system
from rows import Bar, Row
from support import until

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.060000           6      1000        40 recvmsg
 30.00    0.030000           3      1000           sendmsg
  9.00    0.009000           9       500         7 futex
  1.00    0.001000           9        10           epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.100000           4      2510        47 total
"""


class Readings(unittest.TestCase):
    def test_system_calls_and_those_that_would_have_waited(self):
        self.assertEqual(counters.read_strace(STRACE), (2510, 40))

    def test_a_process_uses_cpu_and_memory(self):
        before = system.cpu_seconds([os.getpid()])
        sum(range(3_000_000))
        self.assertGreater(system.cpu_seconds([os.getpid()]), before)
        self.assertGreater(system.pss_kib([os.getpid()]), 1000)

    def test_a_family_has_the_children(self):
        self.assertIn(os.getpid(), system.family([os.getppid()]))


class Bars(unittest.TestCase):
    def verdicts(self, ours, failed=0):
        values = {"ours": ours, "peer": 10.0}
        bars = [Bar("peer", 0.9), Bar(limit=8), Bar("absent", 1)]
        row = Row("m", "us", values, bars, {"ours": failed})
        return [met for _, met in row.verdicts("ours")]

    def test_are_met_up_to_their_value(self):
        self.assertEqual(self.verdicts(8.0), [True, True])
        self.assertEqual(self.verdicts(8.5), [True, False])
        self.assertEqual(self.verdicts(9.5), [False, False])

    def test_are_not_met_with_failed_answers(self):
        self.assertEqual(self.verdicts(1.0, failed=1), [False, False])

    def test_the_table_shows_ratios_and_failures(self):
        row = Row("m", "us", {"ours": 5.0, "peer": 10.0}, [], {"peer": 3})
        self.assertIn("| m (us) | 5.00 | 10.00 (0.50) **3 failed** |", report.table([row], "ours"))


class Descriptions(unittest.TestCase):
    def test_ours_names_files_that_are_there(self):
        for chain in chains.read([f"{ROOT}/bench/chains.json"]).values():
            for command in chain.cmds:
                self.assertTrue(os.path.exists(os.path.join(ROOT, command[-1])), command)

    def test_the_peers_can_be_read(self):
        self.assertIn("haproxy-S", chains.read([f"{ROOT}/bench/peers/chains.json"]))


class Ends(unittest.TestCase):
    def test_whom_a_process_leaves_behind_ends_with_it(self):
        """A shell goes at once; what it began keeps the port."""
        listener = "import socket, sys, time; s = socket.create_server(('127.0.0.1', 0)); "
        listener += "open(sys.argv[1], 'w').write(str(s.getsockname()[1]) + '.'); time.sleep(60)"
        with tempfile.TemporaryDirectory() as folder:
            told = os.path.join(folder, "port")
            command = ["sh", "-c", '"$@" & wait', "sh", sys.executable, "-c", listener, told]
            process = chains.start(command, folder, os.environ)
            self.addCleanup(chains.stop, process)
            until(lambda: os.path.exists(told) and open(told).read().endswith("."), "it listens")
            with open(told, encoding="ascii") as file:
                port = int(file.read()[:-1])
            self.assertTrue(chains.accepts(port))
            chains.stop(process)
            self.assertFalse(chains.accepts(port))


if __name__ == "__main__":
    unittest.main()
