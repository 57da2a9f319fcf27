"""`skiff certs`, judged by the openssl command."""

import os
import ssl
import subprocess
import tempfile
import unittest

from support import BIN

SKIFF = os.path.join(BIN, "skiff")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


class Certs(unittest.TestCase):
    """Made in a folder that goes with the test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skiff-test-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "certs")
        made = run(
            SKIFF, "certs", "create", self.folder, "--trust-domain", "shop.local", "order",
            "user.shop", "--valid", "90m",
        )
        self.assertEqual(made.returncode, 0, made.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_openssl_takes_them(self):
        for name in ("order.default", "user.shop"):
            for purpose in ("sslserver", "sslclient"):
                verified = run(
                    "openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile",
                    self.path("ca.pem"), self.path(name + ".pem"),
                )
                self.assertEqual(verified.returncode, 0, verified.stderr)
            ssl.create_default_context().load_cert_chain(
                self.path(name + ".pem"), self.path(name + ".key")
            )

    def test_it_tells_whose_they_are(self):
        shown = run(SKIFF, "certs", "show", self.path("user.shop.pem"))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertTrue(shown.stdout.startswith("spiffe://shop.local/ns/shop/sa/user\n"))
        printed = run(
            "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in",
            self.path("user.shop.pem"),
        )
        fingerprint = printed.stdout.split("=")[1].strip().replace(":", "").lower()
        self.assertIn("sha256    " + fingerprint, shown.stdout)

    def test_it_leaves_what_exists(self):
        again = run(SKIFF, "certs", "create", self.folder, "order")
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        forced = run(SKIFF, "certs", "create", self.folder, "order", "--force")
        self.assertEqual(forced.returncode, 0, forced.stderr)

    def test_wrong_usage_is_told(self):
        wrong = run(SKIFF, "certs", "create", self.folder, "order", "--valid", "5")
        self.assertEqual(wrong.returncode, 64)
        self.assertIn("--valid", wrong.stderr)

    def test_keys_are_the_owners_alone(self):
        for name in ("ca.key", "order.default.key", "user.shop.key"):
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
