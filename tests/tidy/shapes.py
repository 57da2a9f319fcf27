"""How long functions and classes are: finds them in C++ by their braces and in Python by its ast.

The C++ reader knows the project's formatted code, not the whole language: braces, parentheses and
the words before a brace tell a function from a class, a namespace and an initialiser.
"""

import ast
import dataclasses
import functools
import re

import tree


@dataclasses.dataclass(frozen=True)
class Shape:
    kind: str  # function, class or constructor (a declaration, with or without a body).
    name: str
    line: int
    lines: int
    parameters: int = 0
    head: str = ""
    body: str = ""


_CLASS = re.compile(
    r"^(?:template\s*<.*>\s*)?(?:typedef\s+)?(class|struct|union)\b[^()=]*"
    r"(?:alignas\s*\([^)]*\)[^()=]*)?$",
    re.S,
)
_NAME = re.compile(r"([~\w]+|operator\s*\S+?)\s*\(")


@functools.lru_cache(maxsize=None)
def cpp_shapes(text):
    """Every function, class and constructor of a C++ file; what a function holds is part of it."""
    code = tree.cpp_code(text)
    shapes = []
    _scope(code, 0, len(code), "", shapes)
    return shapes


def _close(code, at):
    """Offset of the brace or parenthesis that closes the one at `at`."""
    depth = 0
    for match in re.compile(r"[{}()]").finditer(code, at):
        depth += 1 if match.group() in "{(" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def _scope(code, begin, end, owner, shapes):
    """Reads the declarations between two offsets; `owner` is the class that they belong to."""
    head, at = begin, begin
    while at < end:
        char = code[at]
        if char == "(":
            at = _close(code, at)
        elif char == ";":
            _declared(code, head, at, owner, shapes)
            head = at + 1
        elif char == "{":
            at, ended = _braces(code, head, at, owner, shapes)
            head = at + 1 if ended else head
        elif char == ":" and re.fullmatch(r"\s*(public|private|protected)\s*", code[head:at]):
            head = at + 1
        at += 1


def _braces(code, head, at, owner, shapes):
    """Handles the `{` at `at`; returns the offset of its `}` and whether a declaration ends."""
    close = _close(code, at)
    words = code[head:at].strip()
    after = code[close + 1 :].lstrip()[:1]
    if re.match(r"(inline\s+)?namespace\b|extern\s*\"", words):
        _scope(code, at + 1, close, owner, shapes)
    elif re.match(r"enum\b", words):
        return close, False  # Its `;` ends it.
    elif _CLASS.match(words):
        name = _class_name(words)
        shapes.append(_shape("class", name, code, head, close, words))
        _scope(code, at + 1, close, name, shapes)
    elif _is_function(words) and after not in (",", "{"):  # Those follow a member's initialiser.
        _declared(code, head, at, owner, shapes)
        shapes.append(_shape("function", _function_name(words), code, head, close, words))
        return close, True
    else:
        return close, False
    return close, after != ";"


_AFTER_PARAMETERS = re.compile(
    r"\)\s*(?:(?:const|noexcept|override|final|mutable|try|&&?|\(\))\s*)*"
    r"(?:->.*|requires\b.*|:(?!:).*)?$",
    re.S,
)


def _is_function(words):
    words = _without_template(words)
    plain = _outside(re.sub(r"operator\s*[^\w\s(]+\s*\(", "operator_(", words))
    assigned = re.search(r"(?<![=!<>])=(?!=)", plain) and "](" not in plain
    return bool(_AFTER_PARAMETERS.search(plain)) and not assigned


def _without_template(words):
    """`words` without `template <...>` before them."""
    if not words.startswith("template"):
        return words
    depth = 0
    for at, char in enumerate(words):
        depth += (char == "<") - (char == ">")
        if char == ">" and depth == 0:
            return words[at + 1 :].strip()
    return words


def _outside(words):
    """`words` without what stands between parentheses."""
    kept, depth = [], 0
    for char in words:
        depth -= char == ")"
        if depth == 0:
            kept.append(char)
        depth += char == "("
    return "".join(kept)


def _class_name(words):
    head = re.sub(r"template\s*<.*>(?=\s*(class|struct|union))", "", words, flags=re.S)
    head = re.split(r"(?<!:):(?!:)", head)[0]
    names = [w for w in re.findall(r"\w+", re.sub(r"\[\[.*?\]\]|<.*>", "", head)) if w != "final"]
    return names[-1] if len(names) > 1 else ""


def _function_name(words):
    match = _NAME.search(re.sub(r"\[\[.*?\]\]", "", words))
    return match.group(1) if match else words[:40]


def _declared(code, head, at, owner, shapes):
    """Notes a constructor of `owner` that is declared in code[head:at]."""
    match = owner and re.match(
        rf"\s*(?:constexpr\s+|explicit(?:\([^)]*\))?\s+|inline\s+)*" rf"{owner}\s*(\()",
        code[head:at],
    )
    if match:
        open_ = head + match.start(1)
        inside = code[open_ + 1 : _close(code, open_)]
        shapes.append(_shape("constructor", owner, code, head, at, parameters=_parameters(inside)))


def _parameters(inside):
    if not inside.strip():
        return 0
    flat, depth = 1, 0
    for char in inside.replace("->", "  "):
        depth += (char in "<({[") - (char in ">)}]")
        flat += char == "," and depth == 0
    return flat


def _shape(kind, name, code, head, close, words="", parameters=0):
    begin = head + len(code[head:]) - len(code[head:].lstrip())
    first = tree.line_of(code, begin)
    lines = tree.line_of(code, close) - first + 1
    return Shape(kind, name, first, lines, parameters, words, code[begin:close])


@functools.lru_cache(maxsize=None)
def python_shapes(text):
    """Every function and class of a Python file."""
    shapes = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            shapes.append(Shape(kind, node.name, node.lineno, node.end_lineno - node.lineno + 1))
    return shapes


def shapes_of(path, text):
    if tree.is_cpp(path):
        return cpp_shapes(text)
    return python_shapes(text) if path.endswith(".py") else []
