"""What this machine's processors can do."""

from pathlib import Path

CPU_FLAGS = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def bfloat16(cpu_flags: Path = CPU_FLAGS) -> str:
    """The flag by which this CPU says that it multiplies in bfloat16; empty if it does not."""
    if not cpu_flags.exists():  # not Linux
        return ""
    lines = cpu_flags.read_text().splitlines()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return next((flag for flag in BFLOAT16_FLAGS if flag in flags), "")


def has_nvidia_gpu(driver: Path = NVIDIA_DRIVER) -> bool:
    """Whether NVIDIA's driver is loaded; whether this process may use the GPU shows when it does."""
    return driver.exists()
