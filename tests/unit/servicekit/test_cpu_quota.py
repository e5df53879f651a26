"""How many threads a container's quota allows."""

import os
from pathlib import Path

import pytest

from code_rag.servicekit.cpu_quota import usable_cpus

AVAILABLE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [
        ("max 100000", AVAILABLE),
        ("50000 100000", 1),
        ("199999 100000", 1),
        ("200000 100000", min(2, AVAILABLE)),
        ("99900000 100000", AVAILABLE),
    ],
)
def test_the_quota_of_cgroup_v2(tmp_path: Path, quota: str, cpus: int) -> None:
    """The quota is rounded down, is at least 1, and never more than the processors there are."""
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert usable_cpus(tmp_path) == cpus


@pytest.mark.parametrize(("quota", "cpus"), [("-1", AVAILABLE), ("100000", 1), ("200000", min(2, AVAILABLE))])
def test_the_quota_of_cgroup_v1(tmp_path: Path, quota: str, cpus: int) -> None:
    """The older files mean the same; -1 is no quota."""
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus(tmp_path) == cpus


def test_without_cgroups(tmp_path: Path) -> None:
    """Where there is no quota to read, it is the processors this process may run on."""
    assert usable_cpus(tmp_path) == AVAILABLE
