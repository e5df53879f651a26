"""How many CPUs this process may use."""

import os
import sys
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cpus(cgroups: Path = CGROUPS) -> int:
    """The container's CPU quota rounded down, at least 1; without a quota the CPUs it may run on."""
    # os.cpu_count() is the node's: threads beyond the quota only wait for each other.
    available = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = _quota_v2(cgroups / "cpu.max") or _quota_v1(cgroups / "cpu")
    return min(available, max(1, int(quota))) if quota else available


def _quota_v2(file: Path) -> float | None:
    if not file.exists():
        return None
    quota, period = file.read_text().split()
    return None if quota == "max" else int(quota) / int(period)


def _quota_v1(folder: Path) -> float | None:
    file = folder / "cpu.cfs_quota_us"
    if not file.exists() or (quota := int(file.read_text())) <= 0:
        return None
    return quota / int((folder / "cpu.cfs_period_us").read_text())
