"""What the kernel knows of processes: who descends from whom, CPU time, memory."""

import glob
import os


def parents():
    """The parent of each process, by pid."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pid, rest = file.read().split(" ", 1)
        except OSError:
            continue
        found[int(pid)] = int(rest.rsplit(")", 1)[1].split()[1])
    return found


def family(pids):
    """`pids` and all that descend from them."""
    known, parent_of = set(pids), parents()
    grown = True
    while grown:
        more = {pid for pid, parent in parent_of.items() if parent in known} - known
        known |= more
        grown = bool(more)
    return sorted(known)


def cpu_seconds(pids):
    """CPU time of all threads of the processes and their children, as the scheduler counts it."""
    nanoseconds = 0
    for pid in family(pids):
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            try:
                with open(path, encoding="utf-8") as file:
                    nanoseconds += int(file.read().split()[0])
            except OSError:
                pass
    return nanoseconds / 1e9


def pss_kib(pids):
    """Proportional set size, children included: a page that n processes share counts 1/n."""
    total = 0
    for pid in family(pids):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def machine():
    """What the figures were measured on, in one line."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo", encoding="utf-8") as file:
        gib = int(file.readline().split()[1]) / 1024**2
    with open("/etc/os-release", encoding="utf-8") as file:
        names = dict(line.strip().split("=", 1) for line in file if "=" in line)
    name = names.get("PRETTY_NAME", "").strip('"')
    kernel = os.uname().release
    return f"{len(models)} × {models[0] if models else '?'}, {gib:.0f} GiB, {name}, Linux {kernel}"
