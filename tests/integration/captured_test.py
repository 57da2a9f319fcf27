"""Applications that know nothing of sidecars, on hosts of their own, whose traffic is captured."""

import json
import os
import unittest

from captured_support import ECHO, GREETER, SIDECAR, Host, static
from namespaces import join
from support import WaitingTest, until


class Captured(WaitingTest):
    def setUp(self):
        self.shop = Host(self, "shop")
        self.store = Host(self, "store")
        join(self.shop.namespace, self.store.namespace, os.getpid() % 200 + 20)
        self.network = os.getpid() % 200 + 20
        self.shop4, self.store4 = f"10.{self.network}.0.1", f"10.{self.network}.0.2"
        self.shop6, self.store6 = f"fd00:{self.network}::1", f"fd00:{self.network}::2"

    def policies(self):
        return static("store", 8000, self.store4, extra=f"  addresses: ['10.99.0.1']\n") + static(
            "greeter", 7000, self.store4, "TCP", "  addresses: ['10.99.0.2']\n"
        )

    def both(self, capture=""):
        """A sidecar on each host, captured; the store serves HTTP on 8000 and bytes on 7000."""
        self.store.serve(ECHO, 8000)
        self.store.serve(GREETER, 7000)
        for host in (self.shop, self.store):
            host.route_everything()
            host.sidecar(policies=self.policies(), capture=capture)

    def test_http_by_name_goes_through_both_sidecars(self):
        self.both()
        status, body = self.shop.curl(f"http://{self.store4}:8000/a", "-H", "Host: store")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["path"], "/a")
        self.assertTrue(json.loads(body)["id"], "a sidecar has given it an id")
        self.assert_metric(
            self.shop, 1, "skiff_requests_total", direction="outbound", destination="store.default"
        )
        self.assert_metric(self.store, 1, "skiff_requests_total", direction="inbound")

    def test_http_to_an_endpoints_address(self):
        self.both()
        status, body = self.shop.curl(f"http://{self.store4}:8000/a")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["host"], f"{self.store4}:8000")
        self.assert_metric(
            self.shop, 1, "skiff_requests_total", destination="store.default", route="endpoint"
        )

    def test_http_and_bytes_to_a_services_address(self):
        self.both()
        status, body = self.shop.curl("http://10.99.0.1:8000/a")
        self.assertEqual((status, json.loads(body)["from"]), (200, "store"))
        self.assertEqual(self.shop.ask("10.99.0.2", 7000, "hello"), "220 store\nhello")
        self.assert_metric(
            self.shop,
            1,
            "skiff_requests_total",
            direction="outbound",
            destination="greeter.default",
        )

    def test_a_server_that_speaks_first_on_a_declared_port(self):
        self.both()
        self.assertEqual(self.shop.ask(self.store4, 7000, "hello"), "220 store\nhello")

    def test_ipv6_like_ipv4(self):
        self.both()
        status, body = self.shop.curl(f"http://[{self.store6}]:8000/six")
        self.assertEqual((status, json.loads(body)["path"]), (200, "/six"))
        self.assertEqual(self.shop.ask(self.store6, 7000, "six"), "220 store\nsix")
        self.assert_metric(self.store, 2, "skiff_requests_total", direction="inbound")
        self.assert_metric(
            self.shop,
            1,
            "skiff_requests_total",
            destination=f"[{self.store6}]:8000",
            route="egress",
        )

    def test_what_is_unknown_is_let_out_and_named(self):
        self.store.serve(ECHO, 9000)
        self.both()
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 200)
        self.assert_metric(
            self.shop, 1, "skiff_requests_total", destination=f"{self.store4}:9000", route="egress"
        )

    def test_what_is_unknown_may_be_refused_and_named(self):
        self.store.serve(ECHO, 9000)
        self.both(capture="    egress: registry\n")
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 503)
        told = self.shop.ask(self.store4, 9000, "GARBAGE")
        self.assertTrue(told.startswith("broken: "), told)
        self.assertNotIn("Timeout", told)
        self.assert_metric(
            self.shop,
            2,
            "skiff_requests_total",
            destination=f"{self.store4}:9000",
            route="egress",
            reason="unknown_service",
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200, "a known one")

    def test_excluded_ports_are_let_alone(self):
        self.store.serve(ECHO, 9000)
        self.both(
            capture="    egress: registry\n    excludeOutboundPorts: [9000]\n"
            "    excludeInboundPorts: [9000]\n"
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:9000/")[0], 200)
        self.assert_metric(self.shop, 0, "skiff_requests_total")
        self.assert_metric(self.store, 0, "skiff_requests_total")

    def test_what_is_found_out_is_told_once_for_each_port(self):
        for port in (8500, 9000):
            self.store.serve(ECHO, port)
        self.both()
        for port in (8500, 9000, 8500, 9000):
            self.assertEqual(self.shop.curl(f"http://{self.store4}:{port}/")[0], 200)
        for port in (8500, 9000):
            told = [l for l in self.shop.logged().splitlines() if f"HTTP/1 to port {port}" in l]
            self.assertEqual(len(told), 1, told)

    def test_a_port_follows_what_its_service_says_of_it(self):
        self.store.serve(ECHO, 8000)
        self.store.sidecar(policies=static("store", 8000, self.store4, "TCP"))

        def given_id():
            status, body = self.shop.curl(f"http://{self.store4}:8000/")
            self.assertEqual(status, 200)
            return json.loads(body)["id"]

        self.assertIsNone(given_id(), "bytes pass as they are")
        for generation, protocol in enumerate(("HTTP", "TCP"), 2):
            self.store.write("policies/all.yaml", static("store", 8000, self.store4, protocol))
            until(
                lambda: self.store.metric("skiff_config_generation") == generation,
                f"the port speaks {protocol}",
            )
            self.assertEqual(given_id() is not None, protocol == "HTTP")

    def test_an_inbound_listener_serves_its_applications_port(self):
        self.store.serve(ECHO, 8000)
        self.store.sidecar(
            spec="  inbound: [{port: 5102, application: '127.0.0.1:8000'}]\n",
            policies=self.policies(),
        )
        status, body = self.shop.curl(f"http://{self.store4}:8000/")
        self.assertEqual(status, 200)
        self.assertIn("127.0.0.1", json.loads(body)["client"])
        self.assertEqual(self.shop.curl(f"http://{self.store4}:5102/")[0], 200, "directly, too")

    def test_what_listens_on_loopback_alone_stays_out_of_reach(self):
        secret = ECHO.replace('("::",', '("::1",')
        self.store.serve(secret, 8500, "::1")
        self.both()
        self.assertNotEqual(self.shop.curl(f"http://[{self.store6}]:8500/")[0], 200)
        self.assertNotEqual(self.shop.curl(f"http://{self.store4}:15000/metrics")[0], 200)

    def test_no_way_leads_back_to_the_sidecar(self):
        self.both()
        for port in (15001, 15006):
            for host, address in ((self.shop, self.store4), (self.store, self.store4)):
                self.assertEqual(host.curl(f"http://{address}:{port}/")[0], 0)
            self.assertEqual(self.store.curl(f"http://127.0.0.1:{port}/")[0], 0)
        self.assertGreater(
            self.shop.metric("skiff_captured_connections_refused_total")
            + self.store.metric("skiff_captured_connections_refused_total"),
            3,
        )
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200, "it lives on")

    def test_an_application_reaches_itself(self):
        self.both()
        for address in ("127.0.0.1", self.store4, f"[{self.store6}]", "[::1]"):
            self.assertEqual(self.store.curl(f"http://{address}:8000/")[0], 200, address)

    def test_much_both_ways(self):
        self.both()
        text = "x" * 100_000
        self.assertEqual(self.shop.ask(self.store4, 7000, text), "220 store\n" + text)

    def test_removed_the_sidecars_are_out_of_the_way(self):
        self.both()
        for host in (self.shop, self.store):
            host.namespace.run(SIDECAR, "capture", "remove")
        self.assertEqual(self.shop.curl(f"http://{self.store4}:8000/")[0], 200)
        self.assert_metric(self.shop, 0, "skiff_requests_total")
        self.assert_metric(self.store, 0, "skiff_requests_total")


if __name__ == "__main__":
    unittest.main()
