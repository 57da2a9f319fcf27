#!/usr/bin/env python3
"""Tests of tidy's own rules: each finds what it is for in a small bad tree, and only that."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import budgets
import documents
import rules
import shapes
import tables
import tree


def lines(count):
    return "  int x;\n" * count


class CppShapes(unittest.TestCase):
    def shapes(self, text, kind):
        return [(s.name, s.lines) for s in shapes.cpp_shapes(text) if s.kind == kind]

    def test_functions_of_all_forms(self):
        text = """
namespace a::b {
namespace {
int free_one(int x) {
  if (x) { return 1; }
  return 2;
}
template <typename T = int>
auto with_result(T x) -> decltype(x) { return x; }
}
class C final : public B {
 public:
  C(int a, int b) : a_(a), b_{b} {
    call([] { return "} {"; });
  }
  bool operator==(const C& o) const { return a_ == o.a_; }
  int in_class() const noexcept override {
    return 1;  // }
  }
  int field_ = {3};
};
const std::map<std::string, std::function<int(int)>> table{
    {"a", f}};
enum class E { one, two };
Result<int> C::outside(std::map<int, int> x = {}) & {
  switch (1) { case 1: { return 10'000; } }
}
}  // namespace
"""
        self.assertEqual(
            self.shapes(text, "function"),
            [
                ("free_one", 4),
                ("with_result", 2),
                ("C", 3),
                ("operator==", 1),
                ("in_class", 3),
                ("outside", 3),
            ],
        )
        self.assertEqual(self.shapes(text, "class"), [("C", 11)])

    def test_classes_of_all_forms(self):
        text = """
template <typename T, typename E>
class [[nodiscard]] Result final {
  struct Inner {
    int x;
  } inner_;
};
struct Plain : One, Two {};
class Forward;
"""
        self.assertEqual(
            sorted(self.shapes(text, "class")), [("Inner", 3), ("Plain", 1), ("Result", 6)]
        )

    def test_parameters_of_constructors(self):
        text = """
class C {
 public:
  explicit C(std::map<int, int> a, int b = f(1, 2), std::function<void(int, int)> c = {}) {}
  C();
  C(const C&) = delete;
  ~C();
  C make(int, int, int, int);
};
"""
        found = [s.parameters for s in shapes.cpp_shapes(text) if s.kind == "constructor"]
        self.assertEqual(found, [3, 0, 1])


class Rules(unittest.TestCase):
    def found(self, rule, files):
        return [(f.path, f.line) for f in rule(files)]

    def finds(self, rule, path, text, line=1, beside=None):
        self.assertIn((path, line), self.found(rule, {**(beside or {}), path: text}))

    def passes(self, rule, path, text, beside=None):
        self.assertEqual(self.found(rule, {**(beside or {}), path: text}), [])

    def test_ranks(self):
        beside = {"base/b.h": "", "sidecar/pool/p.h": "", "sidecar/app/a.h": "", "cli/c.h": ""}
        for name in ("sidecar/pool/p.h", "sidecar/app/a.h", "cli/c.h", "not_there.h"):
            text = f'#include <vector>\n#include "{name}"\n'
            self.finds(rules.include_ranks, "sidecar/route/r.cpp", text, 2, beside)
        self.finds(rules.include_ranks, "base/x.cpp", '#include "sidecar/pool/p.h"', 1, beside)
        self.finds(rules.include_ranks, "nowhere/x.cpp", "")
        fine = '#include "base/b.h"\n#include "sidecar/route/r.h"\n'
        self.passes(
            rules.include_ranks, "sidecar/route/r.cpp", fine, {**beside, "sidecar/route/r.h": ""}
        )
        self.passes(rules.include_ranks, "sidecar/main.cpp", '#include "sidecar/app/a.h"', beside)

    def test_control_plane_siblings(self):
        beside = {"control-plane/store/s.h": ""}
        text = '#include "control-plane/store/s.h"'
        self.finds(rules.include_ranks, "control-plane/push/p.cpp", text, 1, beside)
        self.passes(rules.include_ranks, "control-plane/app/p.cpp", text, beside)

    def test_services_of_the_shop_do_not_meet(self):
        beside = {"sample-services/user/u.h": "", "config/c.h": "", "base/b.h": ""}
        for name in ("sample-services/user/u.h", "config/c.h"):
            text = f'#include "{name}"'
            self.finds(rules.include_ranks, "sample-services/order/o.cpp", text, 1, beside)
        text = '#include "base/b.h"'
        self.passes(rules.include_ranks, "sample-services/order/o.cpp", text, beside)

    def test_file_budget(self):
        self.finds(budgets.file_budget, "base/x.h", lines(401), 400)
        self.passes(budgets.file_budget, "base/x.h", lines(400))
        self.finds(budgets.file_budget, "bench/x.py", "x = 1\n" * 401, 400)
        self.passes(budgets.file_budget, "tests/unit/base/x_test.cpp", lines(600))
        self.finds(budgets.file_budget, "tests/unit/base/x_test.cpp", lines(601), 600)

    def test_function_budget(self):
        self.finds(budgets.function_budget, "base/x.cpp", f"\nvoid f() {{\n{lines(69)}}}\n", 2)
        self.passes(budgets.function_budget, "base/x.cpp", f"\nvoid f() {{\n{lines(68)}}}\n")
        self.finds(budgets.function_budget, "bench/x.py", "def f():\n" + "    x = 1\n" * 70)

    def test_function_p90(self):
        short, long_ = "void f() {}\n", f"void g() {{\n{lines(24)}}}\n"
        self.finds(budgets.function_p90, "base/x.cpp", short * 8 + long_ * 2, 9)
        self.passes(budgets.function_p90, "base/x.cpp", short * 10 + long_)
        self.passes(budgets.function_p90, "tests/unit/x_test.cpp", long_)

    def test_class_budget(self):
        self.finds(budgets.class_budget, "base/x.h", f"class A final {{\n{lines(119)}}};\n")
        self.passes(budgets.class_budget, "base/x.h", f"class A final {{\n{lines(118)}}};\n")

    def test_constructor_budget(self):
        five, six = ", ".join(["int"] * 5), ", ".join(["int"] * 6)
        self.finds(budgets.constructor_budget, "base/x.h", f"class A {{\n  A({six});\n}};\n", 2)
        self.passes(budgets.constructor_budget, "base/x.h", f"class A {{\n  A({five});\n}};\n")

    def test_final_classes(self):
        self.finds(budgets.final_classes, "base/x.h", "class A {\n private:\n  int a_ = 1;\n};\n")
        self.finds(
            budgets.final_classes, "base/x.h", "class A : B {\n  std::map<int, A*> a_;\n};\n"
        )
        for fine in ("class A final {\n  int a_;\n};\n", "class A {\n  void f(int a_);\n};\n"):
            self.passes(budgets.final_classes, "base/x.h", fine)
        fixture = "class A : public ::testing::Test {\n  int a_;\n};\n"
        self.passes(budgets.final_classes, "tests/unit/base/x_test.cpp", fixture)
        self.finds(budgets.final_classes, "base/x.h", fixture)

    def test_headers(self):
        self.finds(rules.pragma_once, "base/x.h", "int x;\n")
        self.passes(rules.pragma_once, "base/x.h", "#pragma once\nint x;\n")
        self.finds(rules.dead_headers, "base/x.h", "")
        self.passes(rules.dead_headers, "base/x.h", "", {"base/y.cpp": '#include "base/x.h"'})

    def test_shared_pointers(self):
        self.finds(rules.shared_pointers, "base/x.cpp", "\nstd::shared_ptr<int> x;\n", 2)
        self.passes(rules.shared_pointers, "base/x.cpp", "// A std::shared_ptr would do.\n")

        self.passes(rules.shared_pointers, "base/x.cpp", "std::shared_ptr<const int> x;\n")

    def test_policy_files(self):
        all_of_it = {
            "sidecar/policy/rate_limit.h": "",
            "config/schema/rate_limit.h": "struct RateLimitConfig {};",
            "tests/unit/sidecar/policy/rate_limit_test.cpp": "",
            "docs/policies.md": "`rateLimit` limits.",
            "config/examples/rate_limit.yaml": "rateLimit: {}",
        }
        path = "sidecar/policy/rate_limit.h"
        self.assertEqual(self.found(rules.policy_files, all_of_it), [])
        for left_out in list(all_of_it)[1:]:
            rest = {p: text for p, text in all_of_it.items() if p != left_out}
            self.assertEqual(self.found(rules.policy_files, rest), [(path, 1)], left_out)
        plumbing = f"sidecar/policy/{min(tables.POLICY_PLUMBING)}.h"
        self.passes(rules.policy_files, plumbing, "")

    def test_test_files(self):
        self.finds(rules.test_files, "base/x.cpp", "")
        self.finds(rules.test_files, "tests/unit/base/x_test.cpp", "")
        self.passes(rules.test_files, "base/x.cpp", "", {"tests/unit/base/x_test.cpp": ""})
        self.passes(rules.test_files, "sidecar/app/x.cpp", "")

    def test_stale_exceptions(self):
        self.assertTrue(rules.stale_exceptions({}))
        self.assertEqual(rules.stale_exceptions({p: "" for p in tables.excepted_files()}), [])

    def test_banned_words(self):
        bad = {
            "int upstream_port;": "base/x.cpp",
            "class DownstreamThing;": "base/x.cpp",
            "std::this_thread::sleep_for(1ms);": "tests/unit/x_test.cpp",
            "using namespace std;": "base/x.cpp",
            'assert(false && "never");': "base/x.cpp",
            "std::regex r;": "config/x.cpp",
            "out << std::endl;": "cli/x.cpp",
            "int* p = NULL;": "base/x.cpp",
            "typedef int number;": "base/x.cpp",
            "int x = atoi(text);": "base/x.cpp",
            "int x = rand();": "base/x.cpp",
            "auto t = std::chrono::steady_clock::now();": "sidecar/policy/x.cpp",
            "// TO" + "DO: later": "base/x.cpp",
            "//  TEST(A, B) {": "tests/unit/x_test.cpp",
            "TEST(A, DISABLED_B) {": "tests/unit/x_test.cpp",
            "# def test_it(self):": "tests/integration/x_test.py",
            "see /wo" + "rk/somewhere": "docs/x.md",
        }
        for text, path in bad.items():
            self.finds(rules.banned_words, path, "\n" + text, 2)

    def test_words_that_are_not_banned(self):
        fine = {
            "using namespace std::chrono_literals;": "base/x.cpp",
            "ErrorKind::upstream_reset": "base/x.cpp",
            'text = "upstream";  // upstream': "base/x.cpp",
            "std::this_thread::sleep_for(1ms);": "tests/support/x.cpp",
            "auto t = std::chrono::steady_clock::now();": "base/clock.h",
            "asserted(false);": "base/x.cpp",
            "loop.random().below(3);": "sidecar/app/x.cpp",
        }
        for text, path in fine.items():
            self.passes(rules.banned_words, path, text)

    def test_python(self):
        self.finds(rules.python_columns, "bench/x.py", f"\nx = '{'y' * 96}'\n", 2)
        self.finds(rules.python_docstrings, "bench/x.py", "x = 1\n")
        self.passes(rules.python_docstrings, "bench/x.py", '"""Says."""\n')

    def test_document_links(self):
        beside = {"docs/a.md": "# One two: three\n", "bench/x.py": ""}
        for link in ("b.md", "../a.md", "a.md#two", "#here"):
            self.finds(documents.document_links, "docs/x.md", f"\n[x]({link})", 2, beside)
        for link in ("a.md", "a.md#one-two-three", "../bench/", "https://example.com/x"):
            self.passes(documents.document_links, "docs/x.md", f"[x]({link})", beside)
        self.passes(documents.document_links, "docs/x.md", "`[x](none.md)`", beside)

    def test_named_files(self):
        beside = {"base/clock.h": ""}
        self.finds(documents.named_files, "README.md", "\nin `base/gone.h`", 2, beside)
        self.passes(documents.named_files, "README.md", "in `base/clock.h`", beside)
        self.passes(documents.named_files, "docs/decisions/0001-x.md", "was `base/gone.h`", beside)


class Complaints(unittest.TestCase):
    def test_say_where_what_and_what_to_do(self):
        text = str(tree.Finding("base/x.h", 3, "the file is long", "split it"))
        self.assertEqual(text, "base/x.h:3: the file is long; split it")

    def test_every_rule_is_run(self):
        for module in (rules, budgets, documents):
            public = [
                f
                for name, f in vars(module).items()
                if callable(f) and f.__module__ == module.__name__ and name[0] != "_"
            ]
            helpers = {"function_lines", "percentile"}
            self.assertEqual(
                {f.__name__ for f in public} - helpers - {r.__name__ for r in rules.ALL}, set()
            )


if __name__ == "__main__":
    unittest.main()
