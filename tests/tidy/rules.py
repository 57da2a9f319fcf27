"""The rules. Each takes the tree (text by path) and returns what it found."""

import ast
import os
import re

import budgets
import documents
import tables
from tree import Finding, cpp_code, is_cpp, is_test, line_of, sources

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def _includes(text):
    return [(match.group(1), line_of(text, match.start())) for match in _INCLUDE.finditer(text)]


# ---- who may include whom


def _rank(path):
    """The longest prefix of `path` in the table, with its rank; (None, None) outside of it."""
    prefix = max((p for p in tables.RANKS if path.startswith(p)), key=len, default=None)
    return prefix, tables.RANKS.get(prefix)


def include_ranks(tree):
    found = []
    for path, text in sources(tree, (".cpp", ".h")):
        home, rank = _rank(path)
        if home is None:
            found.append(
                Finding(
                    path, 1, "its folder has no rank", "add it to RANKS in tests/tidy/tables.py"
                )
            )
            continue
        for name, line in _includes(text):
            found += _judge_include(tree, path, home, rank, name, line)
    return found


def _judge_include(tree, path, home, rank, name, line):
    if name not in tree:
        return [
            Finding(
                path,
                line,
                f'"{name}" is no file of ours',
                "write the path from the root, and <> for libraries",
            )
        ]
    other, its_rank = _rank(name)
    if other == home or (its_rank is not None and its_rank < rank):
        return []
    return [
        Finding(
            path,
            line,
            f"{home} (rank {rank}) includes {name} (rank {its_rank})",
            "include lower ranks only; let app/ hand in what is needed from a sibling",
        )
    ]


# ---- headers


def pragma_once(tree):
    return [
        Finding(path, 1, "a header without #pragma once", "begin it with that line")
        for path, text in sources(tree, (".h",))
        if not re.search(r"^#pragma once$", text, re.M)
    ]


def shared_pointers(tree):
    """Several may own what never changes; what changes has one owner, or a reason."""
    found = []
    for path, text in sources(tree, (".cpp", ".h")):
        match = re.search(r"\b(shared_ptr|make_shared)\s*<(?!\s*const\b)", cpp_code(text))
        if match and path not in tables.SHARED_OWNERS and not is_test(path):
            found.append(
                Finding(
                    path,
                    line_of(text, match.start()),
                    match.group().strip("<"),
                    "own by unique_ptr, or say why in SHARED_OWNERS of tests/tidy/tables.py",
                )
            )
    return found


# ---- what must stand beside what


def policy_files(tree):
    """Each policy has a schema, a test, an example and a page, all under its own name."""
    found = []
    names = {
        os.path.basename(path).rsplit(".", 1)[0]: path
        for path in sorted(tree)
        if re.fullmatch(r"sidecar/policy/\w+\.(cpp|h)", path)
    }
    for name, path in names.items():
        if name not in tables.POLICY_PLUMBING:
            found += [
                Finding(path, 1, f"policy {name} has no {what}", f"add {where}")
                for what, where in _missing_of_policy(tree, name)
            ]
    return found


def _missing_of_policy(tree, name):
    """What the policy lacks, and where that belongs."""
    field = tables.POLICY_FIELDS.get(name, name)
    camel = re.sub(r"_(\w)", lambda m: m.group(1).upper(), field)
    spoken = re.compile(rf"\b({field}|{camel}|{camel[:1].upper() + camel[1:]}\w*)\b")
    says = lambda folder: any(
        path.startswith(folder) and spoken.search(path + "\n" + text) for path, text in tree.items()
    )
    if not says("config/schema/"):
        yield "schema", f"config/schema/{name}.h, or a field {field}"
    if f"tests/unit/sidecar/policy/{name}_test.cpp" not in tree:
        yield "test", f"tests/unit/sidecar/policy/{name}_test.cpp"
    if not says("docs/policies"):
        yield "page", f"{camel} to docs/policies"
    if not says("config/examples/"):
        yield "example", f"config/examples/{name}.yaml"


def test_files(tree):
    """Each source file of the tested folders has its test, and each test its source file."""
    found = []
    for path in sorted(tree):
        stem = path[: -len(".cpp")]
        if path.endswith(".cpp") and path.startswith(tables.TESTED) and path not in tables.UNTESTED:
            if f"tests/unit/{stem}_test.cpp" not in tree:
                found.append(
                    Finding(path, 1, "no test of this file", f"add tests/unit/{stem}_test.cpp")
                )
        if path.startswith("tests/unit/") and path.endswith("_test.cpp"):
            tested = path[len("tests/unit/") : -len("_test.cpp")]
            if (
                not {f"{tested}.cpp", f"{tested}.h"} & tree.keys()
                and path not in tables.TESTS_OF_THEIR_OWN
            ):
                found.append(
                    Finding(
                        path,
                        1,
                        f"there is no {tested}.cpp or .h",
                        "name the test as its source file",
                    )
                )
    return found


def dead_headers(tree):
    used = {
        name
        for path, text in sources(tree, (".cpp", ".h"))
        for name, _ in _includes(text)
        if os.path.splitext(path)[0] != os.path.splitext(name)[0] or path.endswith(".cpp")
    }
    return [
        Finding(path, 1, "no file includes this header", "delete it")
        for path, _ in sources(tree, (".h",))
        if path not in used and path not in tables.NOT_DEAD
    ]


def stale_exceptions(tree):
    """An exception for a file that is gone hides nothing today and something tomorrow."""
    return [
        Finding("tests/tidy/tables.py", 1, f"an exception for {path}, which is gone", "remove it")
        for path in tables.excepted_files()
        if path not in tree
    ]


# ---- words


def banned_words(tree):
    found = []
    for path, text in sorted(tree.items()):
        found += _banned(path, text, text, tables.BANNED_TEXT)
        if is_cpp(path):
            found += _banned(path, text, cpp_code(text), tables.BANNED_CODE)
    return found


def _banned(path, text, searched, rules):
    for pattern, where, instead in rules:
        if re.fullmatch(where, path):
            for match in re.finditer(pattern, searched):
                yield Finding(
                    path, line_of(text, match.start()), f"`{match.group().strip()}`", instead
                )


def python_columns(tree):
    return [
        Finding(path, number, f"{len(line)} columns of {tables.PYTHON_COLUMNS}", "break the line")
        for path, text in sources(tree, (".py",))
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > tables.PYTHON_COLUMNS
    ]


def python_docstrings(tree):
    return [
        Finding(
            path, 1, "a Python file that does not say what it is for", "begin it with a docstring"
        )
        for path, text in sources(tree, (".py",))
        if ast.get_docstring(ast.parse(text)) is None
    ]


ALL = (
    include_ranks,
    pragma_once,
    shared_pointers,
    policy_files,
    test_files,
    dead_headers,
    stale_exceptions,
    banned_words,
    python_columns,
    python_docstrings,
    *budgets.ALL,
    *documents.ALL,
)
