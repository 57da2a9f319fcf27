#!/usr/bin/env python3
"""Tests of the test runners: what fails, hangs or stays silent is never counted as passed."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
import run_all
import run_python

MIXED = """
import unittest

class Mixed(unittest.TestCase):
    def test_passes(self):
        pass

    def test_fails_in_two_subtests(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(number, 3)

    @unittest.skip("not here")
    def test_is_skipped(self):
        pass

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no")

    def test_never_runs(self):
        pass
"""


class PythonTests(unittest.TestCase):
    def count(self, text, chosen=""):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "inner.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            suite = run_python.load(path, chosen)
            return run_python.counts(unittest.TextTestRunner(stream=io.StringIO()).run(suite))

    def test_each_test_counts_once(self):
        self.assertEqual(self.count(MIXED), {"passed": 1, "failed": 2, "skipped": 1})

    def test_a_filter_leaves_the_others_out(self):
        self.assertEqual(self.count(MIXED, "passes"), {"passed": 1, "failed": 0, "skipped": 0})


class Programs(unittest.TestCase):
    def outcome(self, script):
        """Counts of a program that is this shell script; $1 is where its report goes."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            path = os.path.join(folder, "program")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nreport="${{1#--gtest_output=json:}}"\n{script}\n')
            os.chmod(path, 0o700)
            return run_all.run(path, "")

    def report(self, *results):
        tests = [{"status": "RUN", "result": "COMPLETED", **result} for result in results]
        return run_all.gtest_counts({"testsuites": [{"testsuite": tests}]})

    def test_a_report_of_google_test_is_counted(self):
        left_out = {"status": "NOTRUN"}
        self.assertEqual(
            self.report({}, {"failures": [{}]}, {"result": "SKIPPED"}, left_out),
            {"passed": 1, "failed": 1, "skipped": 1},
        )

    def test_a_program_without_a_report_failed(self):
        for script in ("exit 0", "kill -SEGV $$", 'echo "{" > "$report"'):
            self.assertEqual(self.outcome(script), {"failed": 1}, script)

    def test_a_program_that_is_not_there_failed(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(run_all.run("/nowhere/program", ""), {"failed": 1})

    def test_a_bad_status_is_a_failure_even_if_all_tests_passed(self):
        counts = '{"passed": 3, "failed": 0, "skipped": 0}'
        self.assertEqual(self.outcome(f"echo '{counts}' > \"$report\"")["failed"], 0)
        self.assertEqual(self.outcome(f"echo '{counts}' > \"$report\"; exit 3")["failed"], 1)

    def test_a_program_that_hangs_failed(self):
        before, run_all.TIMEOUT_S = run_all.TIMEOUT_S, 0.2
        try:
            self.assertEqual(self.outcome("sleep 60"), {"failed": 1})
        finally:
            run_all.TIMEOUT_S = before

    def test_the_last_line_says_what_was_skipped_only_where_something_was(self):
        self.assertEqual(run_all.line({"passed": 2, "failed": 1}), "2 passed, 1 failed")
        self.assertEqual(
            run_all.line({"passed": 2, "failed": 1, "skipped": 3}), "2 passed, 1 failed, 3 skipped"
        )


if __name__ == "__main__":
    unittest.main()
