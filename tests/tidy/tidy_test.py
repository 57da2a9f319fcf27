#!/usr/bin/env python3
"""Holds the whole tree to the project's rules; one test per rule, and a report of the budgets.

Each finding says `file:line: what; what to do instead`. What each rule finds is tested beside this
file, in rules_test.py; exceptions and their reasons are in tables.py.
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import budgets
import rules
import tree


class Tidy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tree.read_tree()

    def test_reports_the_length_of_functions(self):
        lines = budgets.function_lines(self.tree)
        self.assertTrue(lines)
        p50, p90 = budgets.percentile(lines, 50), budgets.percentile(lines, 90)
        print(f"[{len(lines)} functions: median {p50}, p90 {p90}, most {lines[-1]} lines]", end=" ")


def _test_of(rule):
    def test(self):
        found = rule(self.tree)
        if found:
            self.fail(f"{len(found)} findings\n" + "\n".join(map(str, found[:200])))

    return test


for _rule in rules.ALL:
    setattr(Tidy, f"test_{_rule.__name__}", _test_of(_rule))

if __name__ == "__main__":
    unittest.main()
