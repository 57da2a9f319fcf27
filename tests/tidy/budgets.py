"""Rules about size and kind: files, functions, classes, constructors."""

import re

import tables
from shapes import shapes_of
from tree import Finding, is_test, sources


def file_budget(tree):
    found = []
    for path, text in sources(tree):
        most = tables.TEST_FILE_LINES if is_test(path) else tables.FILE_LINES
        lines = text.count("\n")
        if lines > most and path not in tables.LONG_FILES:
            found.append(
                Finding(
                    path,
                    most,
                    f"the file has {lines} lines of {most}",
                    "split it by what its parts do",
                )
            )
    return found


def function_budget(tree):
    return [
        Finding(
            path,
            s.line,
            f"{s.name} has {s.lines} lines of {tables.FUNCTION_LINES}",
            "give its steps names, as functions",
        )
        for path, s in _shapes(tree, "function")
        if s.lines > tables.FUNCTION_LINES
    ]


def function_p90(tree):
    """Finds the longest functions where the product's 90th percentile is over its budget."""
    lines = function_lines(tree)
    if not lines or percentile(lines, 90) <= tables.FUNCTION_LINES_P90:
        return []
    longest = sorted(_shapes(tree, "function"), key=lambda at: -at[1].lines)[:5]
    what = f"p90 of all functions is {percentile(lines, 90)} lines of {tables.FUNCTION_LINES_P90}"
    return [
        Finding(p, s.line, f"{s.name} has {s.lines} lines; {what}", "shorten the longest")
        for p, s in longest
    ]


def function_lines(tree):
    return sorted(s.lines for path, s in _shapes(tree, "function") if not is_test(path))


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def class_budget(tree):
    return [
        Finding(
            path,
            s.line,
            f"class {s.name} has {s.lines} lines of {tables.CLASS_LINES}",
            "move a part that stands alone into a class of its own",
        )
        for path, s in _shapes(tree, "class")
        if s.lines > tables.CLASS_LINES and not (is_test(path) and path.endswith(".py"))
    ]


def constructor_budget(tree):
    most = tables.CONSTRUCTOR_PARAMETERS
    return [
        Finding(
            path,
            s.line,
            f"the constructor of {s.name} takes {s.parameters} of {most}",
            "take a struct with names",
        )
        for path, s in _shapes(tree, "constructor")
        if s.parameters > most
    ]


def _shapes(tree, kind):
    return [
        (path, s) for path, text in sources(tree) for s in shapes_of(path, text) if s.kind == kind
    ]


def final_classes(tree):
    """A class is an interface without fields, or final (the mark of a field is its `_`).

    GoogleTest derives its tests from their fixture, which therefore cannot be final."""
    field = re.compile(r"^ {2,}[\w:<>,&*\s\[\]]+\w_(?:\s*=[^;]*|\{[^;]*\})?;", re.M)
    return [
        Finding(path, s.line, f"class {s.name} has fields and is not final", "mark it final")
        for path, s in _shapes(tree, "class")
        if re.match(r"(template\s*<.*>\s*)?class\b", s.head, re.S)
        and not re.search(r"\bfinal\b", s.head)
        and s.name not in tables.OPEN_CLASSES
        and not (is_test(path) and re.search(r"\btesting::Test\b", s.head))
        and field.search(s.body)
    ]


ALL = (
    file_budget,
    function_budget,
    function_p90,
    class_budget,
    constructor_budget,
    final_classes,
)
