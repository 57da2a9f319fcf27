"""Outlier ejection: one endpoint of three that fails gets nothing for a while, then returns."""

import time
import unittest

from support import LIMIT_S, Moody, SidecarTest, free_port, indent, service, until

GET = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
EJECTION = (
    "retry: {attempts: 0}\ntimeouts: {perTry: 1s}\nloadBalancing: {algorithm: ROUND_ROBIN}\n"
    "outlierEjection: {consecutiveFailures: 3, baseEjectionTime: %s, maxEjectionTime: %s}"
)
SHORT = EJECTION % ("2s", "2s")
LONG = EJECTION % ("1m", "1m")


class OutlierTest(SidecarTest):
    def three(self, text):
        self.members = [Moody(failure=503) for _ in range(3)]
        for member in self.members:
            self.addCleanup(member.over.set)
        self.backends = [self.backend(member) for member in self.members]
        self.port = free_port()
        self.running = self.sidecar(
            f"service: test\noutbound: [{{port: {self.port}, service: backend}}]\nworkers: 2",
            self.policies(text),
        )

    def policies(self, text, extra=""):
        policy = """---
apiVersion: skiff.dev/v1
kind: TrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{kind: Service, name: backend}]
"""
        ports = (backend.port for backend in self.backends)
        return service("backend", *ports) + policy + indent(text + extra, 2)

    def ask(self):
        return self.client().send(GET).answer()[0]

    def transitions(self, to):
        labels = {"policy": "outlier_ejection", "subject": "backend.default", "to": to}
        return self.running.metric("skiff_policy_transitions_total", **labels)

    def panics(self, to):
        return self.running.metric("skiff_policy_transitions_total", policy="panic", to=to)

    def ejected(self):
        return self.running.metric("skiff_outlier_ejected")

    def expect_ejection_and_return(self, mood):
        self.three(SHORT)
        bad = self.members[1]
        bad.mood = mood
        failed = 0
        while not self.ejected():
            failed += self.ask() != 200
            self.assertLessEqual(failed, 3)
        began = time.monotonic()
        self.assertEqual(failed, 3)
        where = f"backend.default 127.0.0.1:{self.backends[1].port}"
        self.assert_logged(
            self.running,
            f"outlier_ejection of {where}: in -> ejected: 3 failures in a row; 2 of 3 endpoints "
            "stay; back in 2",
        )
        bad.mood = "well"
        bad.over.set()
        asked = bad.asked
        while (answer := self.ask()) and bad.asked == asked:
            self.assertEqual(answer, 200, "nobody notices")
            self.assertLess(time.monotonic() - began, LIMIT_S)
            time.sleep(0.005)
        self.assertGreater(time.monotonic() - began, 1, "it stayed out")
        self.assertEqual((self.transitions("ejected"), self.transitions("in")), (1, 1))
        self.assertEqual(self.ejected(), 0)


class OneOfThree(OutlierTest):
    def test_that_answers_503(self):
        self.expect_ejection_and_return("fails")

    def test_that_resets(self):
        self.expect_ejection_and_return("resets")

    def test_that_hangs(self):
        self.expect_ejection_and_return("hangs")


class Stays(OutlierTest):
    def test_a_second_one_however_bad_it_is(self):
        self.three(LONG)
        for member in self.members[:2]:
            member.mood = "fails"
        for _ in range(60):
            self.ask()
        self.assertEqual(self.ejected(), 1)
        self.assertEqual(self.transitions("ejected"), 1)
        asked = [member.asked for member in self.members]
        for _ in range(20):
            self.ask()
        more = sorted(member.asked - before for member, before in zip(self.members, asked))
        self.assertEqual((more[0], sum(more)), (0, 20))
        self.assertGreaterEqual(more[1], 9)  # In turn, in each of the two workers.

    def test_all_where_none_works(self):
        self.three(LONG)
        for member in self.members:
            member.mood = "fails"
        until(lambda: self.ask() and self.transitions("in") == 1, "who was ejected is asked again")
        self.assertEqual(self.ejected(), 0)
        self.assert_logged(self.running, "-> in: those that stay do not work either")
        self.members[0].mood = "well"
        until(lambda: self.ask() == 200, "the first that works is found")
        until(lambda: self.ask() and self.ejected(), "now another is an outlier")

    def test_unless_too_few_are_left(self):
        self.three(LONG.replace("ROUND_ROBIN", "ROUND_ROBIN, panicThreshold: 80%"))
        self.members[0].mood = "fails"
        until(lambda: self.ask() and self.ejected(), "it is ejected")
        asked = self.members[0].asked
        for _ in range(12):
            self.ask()
        self.assertGreater(self.members[0].asked, asked)
        self.assertEqual(self.running.metric("skiff_panic", subject="backend.default"), 1)
        self.assertEqual(self.panics("on"), 1)
        self.running.write_policies(self.policies(LONG))
        until(lambda: self.running.metric("skiff_panic") == 0, "all is as usual again")
        self.assertEqual(self.panics("off"), 1)

    def test_out_when_another_part_of_the_policy_changes(self):
        self.three(LONG)
        self.members[0].mood = "fails"
        until(lambda: self.ask() and self.ejected(), "it is ejected")
        asked = self.members[0].asked
        generation = self.running.metric("skiff_config_generation")
        self.running.write_policies(self.policies(LONG, "\nconnectionPool: {maxIdle: 7}"))
        until(
            lambda: self.running.metric("skiff_config_generation") > generation,
            "the change is live",
        )
        for _ in range(12):
            self.assertEqual(self.ask(), 200)
        self.assertEqual(self.members[0].asked, asked)
        self.running.write_policies(self.policies("retry: {attempts: 0}"))
        until(lambda: self.ask() == 503, "without the policy it gets requests again")
        self.assertEqual(self.ejected(), 0)


if __name__ == "__main__":
    unittest.main()
