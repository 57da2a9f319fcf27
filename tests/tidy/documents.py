"""Rules about pages: what they link to and what they name is there."""

import os
import re

from tree import Finding, line_of, sources

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAMED_FILE = re.compile(
    r"`((?:base|config|sidecar|cli|tests|bench|docs|sample-services|control-plane)/[\w./-]+\.\w+)`"
)


def document_links(tree):
    """Each link of a page leads to a file (and heading) that is there."""
    found = []
    for path, text in sources(tree, (".md",)):
        for match in _LINK.finditer(_without_code(text)):
            if not re.match(r"\w+:", match.group(1)) and not _resolves(tree, path, match.group(1)):
                found.append(
                    Finding(
                        path,
                        line_of(text, match.start()),
                        f"link to {match.group(1)}, which is not there",
                        "mend or remove the link",
                    )
                )
    return found


def named_files(tree):
    """Each file that a page names exists; NAME stands for any, and decisions tell history."""
    return [
        Finding(
            path,
            line_of(text, match.start()),
            f"names {match.group(1)}, which is not there",
            "name today's file",
        )
        for path, text in sources(tree, (".md",))
        if not path.startswith(("docs/decisions/", "CHANGELOG"))
        for match in _NAMED_FILE.finditer(text)
        if match.group(1) not in tree and not re.search(r"\bNAME", match.group(1))
    ]


def _without_code(text):
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"```.*?```|`[^`\n]*`", blank, text, flags=re.S)


def _resolves(tree, path, link):
    target, _, heading = link.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
    is_folder = any(other.startswith(target + "/") for other in tree)
    if target not in tree and not is_folder and target not in ("LICENSE", "."):
        return False
    return not heading or heading in _headings(tree.get(target, ""))


def _headings(text):
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+\s+(.+?)\s*$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


ALL = (document_links, named_files)
