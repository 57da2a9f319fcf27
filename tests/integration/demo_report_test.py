"""How the demo reads what sidecars counted (sample-services/demo_report.py)."""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "sample-services"))

import demo_report  # noqa: E402

METRICS = """\
# TYPE skiff_requests_total counter
skiff_requests_total{direction="inbound",route="a",code="2xx",reason=""} 7
skiff_requests_total{direction="inbound",route="b",code="2xx",reason=""} 3
skiff_requests_total{direction="inbound",code="5xx",reason="connect_failed"} 1
skiff_request_duration_seconds_bucket{direction="inbound",route="a",le="0.001"} 5
skiff_request_duration_seconds_bucket{direction="inbound",route="b",le="0.001"} 1
skiff_request_duration_seconds_bucket{direction="inbound",route="a",le="0.002"} 7
skiff_request_duration_seconds_bucket{direction="inbound",route="b",le="0.002"} 2
skiff_request_duration_seconds_bucket{direction="inbound",route="a",le="+Inf"} 7
skiff_request_duration_seconds_bucket{direction="inbound",route="b",le="+Inf"} 3
skiff_build_info{version="1"} 1
"""


class DemoReport(unittest.TestCase):
    def setUp(self):
        self.carried = demo_report.parse(METRICS)

    def test_sums_over_routes_and_reasons(self):
        self.assertEqual(self.carried["inbound"].by_class, {"2xx": 10, "5xx": 1})

    def test_quantiles_are_the_bounds_of_buckets(self):
        self.assertEqual(self.carried["inbound"].quantile(0.5), 0.001)
        self.assertEqual(self.carried["inbound"].quantile(0.7), 0.002)
        self.assertEqual(self.carried["inbound"].quantile(1), float("inf"))
        self.assertIsNone(self.carried["outbound"].quantile(0.5))

    def test_names_what_was_not_counted(self):
        sidecars = {"user": self.carried}
        self.assertEqual(list(demo_report.shortfalls(sidecars, ["user/inbound/2xx=10"])), [])
        found = list(demo_report.shortfalls(sidecars, ["user/inbound/2xx=11", "user/x/2xx=1"]))
        self.assertEqual(len(found), 2)
        self.assertIn("10 requests, expected at least 11", found[0])

    def test_rows_leave_out_directions_without_requests(self):
        sidecars = {"user": self.carried, "order": demo_report.parse("")}
        lines = list(demo_report.rows(sidecars))
        self.assertEqual(lines, [["user", "inbound", 11, 10, ".", ".", 1, "< 1 ms", "off scale"]])


if __name__ == "__main__":
    unittest.main()
