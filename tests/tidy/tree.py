"""The files that tidy reads, as text by path, and what it finds in them."""

import dataclasses
import functools
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_OURS = {".git", "build", ".cache", "__pycache__", "node_modules", "corpus"}
READ = (".cpp", ".h", ".c", ".py", ".md", ".yaml", ".yml", ".json", ".txt", ".sh", ".cfg", ".conf")
READ_NAMES = ("run", ".clang-tidy", ".clang-format", ".gitignore")


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    what: str
    instead: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.instead}"


def read_tree(root=ROOT):
    """Text of every file that tidy reads, by path from the root; files that git ignores are not."""
    tree = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in NOT_OURS]
        for name in names:
            if name.endswith(READ) or name in READ_NAMES:
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8", errors="replace") as file:
                    tree[os.path.relpath(path, root)] = file.read()
    return tree


def is_cpp(path):
    return path.endswith((".cpp", ".h"))


def is_test(path):
    return path.startswith("tests/") or path.endswith("_test.cpp")


def sources(tree, kinds=(".cpp", ".h", ".py")):
    """Path and text of each file of these kinds, in order."""
    return [(path, text) for path, text in sorted(tree.items()) if path.endswith(kinds)]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""  # Comments.
    r"""|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*\""""  # Strings.
    r"""|(?<!\w)'(?:\\.|[^'\\\n])+'""",  # Characters, but not 10'000.
    re.S,
)
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def _blank(match):
    text = match.group()
    if text[0] in "/'" or "\n" in text:
        return re.sub(r"[^\n]", " ", text)
    return '"' + " " * (len(text) - 2) + '"'


@functools.lru_cache(maxsize=None)
def cpp_code(text):
    """C++ text with comments, contents of strings and preprocessor lines as blanks, same lines."""
    without = _TOKEN.sub(_blank, text)
    return _PREPROCESSOR.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), without)
