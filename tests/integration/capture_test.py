"""Capture in network namespaces: what `skiff-sidecar capture` tells the kernel, and takes back."""

import os
import subprocess
import unittest

from namespaces import Namespace
from support import BIN, ROOT

SIDECAR = os.path.join(BIN, "skiff-sidecar")
OPTIONS = [
    *("--user", "1337", "--exclude-inbound-port", "22", "--exclude-outbound-port", "5432"),
    *("--exclude-outbound-port", "53", "--exclude-outbound-address", "10.0.0.0/8"),
    *("--exclude-outbound-address", "fd00::/8"),
]


def expected(form):
    path = os.path.join(ROOT, "tests/unit/sidecar/capture", f"expected.{form}")
    with open(path, encoding="utf-8") as f:
        return f.read()


class Rules(unittest.TestCase):
    def setUp(self):
        self.host = Namespace()
        self.addCleanup(self.host.delete)
        self.before = self.state()

    def capture(self, *arguments, status=0):
        done = self.host.run(SIDECAR, "capture", *arguments, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def state(self):
        """All that the kernel knows of rules."""
        tools = (["nft", "list", "ruleset"], ["iptables-legacy-save"], ["ip6tables-legacy-save"])
        lines = [line for tool in tools for line in self.host.run(*tool).stdout.splitlines()]
        return [line for line in lines if not line.startswith(("#", ":", "*", "COMMIT"))]

    def test_what_is_installed_is_what_is_printed(self):
        printed = self.capture("print", *OPTIONS)
        self.assertIn("ip daddr { 10.0.0.0/8 } accept", printed)
        self.capture("install", *OPTIONS)
        table = self.host.run("nft", "list", "table", "inet", "skiff").stdout
        for word in ("skuid 1337", "dport { 53, 5432 }", "dport { 22, 15000 }", ":15006", ":15001"):
            self.assertIn(word, printed)
            self.assertIn(word, table)

    def test_installing_twice_is_installing_once(self):
        self.capture("install", *OPTIONS)
        once = self.state()
        self.assertNotEqual(once, self.before)
        self.capture("install", *OPTIONS)
        self.assertEqual(self.state(), once)
        self.capture("install", "--user", "7")
        self.assertIn("skuid 7", "\n".join(self.state()))
        self.assertNotIn("1337", "\n".join(self.state()))

    def test_removing_leaves_nothing(self):
        self.capture("remove")
        self.assertEqual(self.state(), self.before)
        self.capture("install", *OPTIONS)
        self.capture("remove")
        self.assertEqual(self.state(), self.before)

    def test_others_rules_stay(self):
        self.host.run("nft", "add table inet mine { chain c { accept; }; }")
        mine = self.state()
        self.capture("install", *OPTIONS)
        self.capture("remove")
        self.assertEqual(self.state(), mine)

    def test_iptables_twice_and_away(self):
        self.capture("install", "--iptables", *OPTIONS)
        once = self.state()
        for line in expected("iptables").splitlines():
            if "-j REDIRECT" in line or line.startswith(("-A PREROUTING", "-A OUTPUT")):
                self.assertIn(line, once)
        self.capture("install", "--iptables", *OPTIONS)
        self.assertEqual(self.state(), once)
        self.capture("remove", "--iptables")
        self.assertEqual(self.state(), self.before)
        self.capture("remove", "--iptables")

    def test_iptables_prints_what_its_restore_takes(self):
        text = self.capture("print", "--iptables", *OPTIONS)
        four, six = text.split("# ip6tables-restore --noflush\n")
        self.host.run("iptables-legacy-restore", "--noflush", input=four)
        self.host.run("ip6tables-legacy-restore", "--noflush", input=six)
        self.capture("remove", "--iptables")
        self.assertEqual(self.state(), self.before)

    def test_the_file_says_what_to_leave_alone(self):
        path = os.path.join(self.host.folder, "sidecar.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(
                "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: test}\nspec:\n"
                "  service: test\n  admin: {port: 15000}\n"
                "  inbound: [{port: 5102, application: '127.0.0.1:80'}]\n"
                "  capture:\n    user: 1337\n    excludeInboundPorts: [22]\n"
                "    excludeOutboundPorts: [53, 5432]\n"
                "    excludeOutboundAddresses: [10.0.0.0/8, fd00::/8, 192.168.1.0/24]\n"
            )
        self.assertEqual(self.capture("print", "--config", path), expected("nft"))
        text = self.capture("print", "--iptables", "--config", path)
        self.assertEqual(
            text,
            "# iptables-restore --noflush\n"
            + expected("iptables")
            + "# ip6tables-restore --noflush\n"
            + expected("ip6tables"),
        )

    def test_wrong_options_are_refused(self):
        self.capture("print", "--exclude-outbound-address", "10.0.0.0/8; drop", status=64)
        self.capture("print", "--exclude-inbound-port", "70000", status=64)
        self.capture("flush", status=64)
        self.assertEqual(self.state(), self.before)

    def test_without_the_right_it_says_so(self):
        as_nobody = ["setpriv", "--reuid", "65534", "--clear-groups", SIDECAR, "capture"]
        for more in ([], ["--iptables"]):
            done = self.host.run(*as_nobody, "install", *more, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("CAP_NET_ADMIN", done.stderr)
        self.assertEqual(self.state(), self.before)


if __name__ == "__main__":
    unittest.main()
