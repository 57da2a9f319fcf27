"""The table of the rows, for the terminal and for results.md."""

import dataclasses
import datetime
import os
import subprocess

import chains
import system

RESULTS = f"{chains.ROOT}/bench/results.md"
VERSIONS = {
    "HAProxy": ["haproxy", "-v"],
    "NGINX": ["nginx", "-v"],
    "nghttpx": ["nghttpx", "--version"],
    "Envoy": [f"{chains.CACHE}/envoy", "--version"],
}


@dataclasses.dataclass
class Table:
    """The rows of one group of measures, with the chain that is ours in it."""

    title: str
    ours: str
    rows: list


def text(tables):
    return "\n".join(f"## {each.title}\n\n{table(each.rows, each.ours)}" for each in tables)


def table(rows, ours):
    """Markdown: one line a measure; the ratio of ours to each peer stands behind its value."""
    names = [ours] + sorted({name for row in rows for name in row.values} - {ours})
    lines = ["| measure | " + " | ".join(names) + " | bar | met |", "|---" * (len(names) + 3) + "|"]
    for row in rows:
        cells = [cell(row, name, ours) for name in names]
        bars, met = judged(row, ours)
        unit = f" ({row.unit})" if row.unit else ""
        lines.append(f"| {row.measure}{unit} | " + " | ".join(cells) + f" | {bars} | {met} |")
    notes = [f"- {row.measure}: {row.note}." for row in rows if row.note]
    return "\n".join(lines + ([""] + notes if notes else [])) + "\n"


def cell(row, name, ours):
    if name not in row.values:
        return "–"
    text = number(row.values[name])
    if name != ours and row.values.get(ours) and row.values[name]:
        text += f" ({row.values[ours] / row.values[name]:.2f})"
    failed = row.failed.get(name, 0)
    return text + (f" **{failed} failed**" if failed else "")


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def judged(row, ours):
    bars = "; ".join(map(str, row.bars))
    met = ", ".join("yes" if ok else f"**no** ({bar})" for bar, ok in row.verdicts(ours))
    return bars or "–", met or "–"


def missed(rows, ours):
    """Each bar that was judged and not met, in a line."""
    return [
        f"{row.measure}: {number(row.values[ours])}, {bar}"
        for row in rows
        for bar, met in row.verdicts(ours)
        if not met
    ]


def version(command):
    """The first line of what a program says of itself."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": path})
    except OSError:
        return "not here"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "?"


def write(tables, how):
    """Writes results.md; `how` says with which rounds and seconds."""
    commit = version(["git", "-C", chains.ROOT, "describe", "--always", "--dirty"])
    peers = "; ".join(f"{name}: {version(command)}" for name, command in VERSIONS.items())
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write(
            "# Results\n\n"
            "Written by `./run bench`; what is measured, and how, is in [README.md](README.md). "
            "In parentheses: ours over theirs.\n\n"
            f"- Machine: {system.machine()}\n"
            f"- Date and commit: {datetime.date.today()}, {commit}\n"
            f"- Method: {how}\n"
            f"- Peers: {peers}\n\n" + text(tables)
        )
