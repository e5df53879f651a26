"""A safetensors file, whose tensors stay in the file until they are used."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS = "model.safetensors"
HEADER_LENGTH_BYTES = 8


@dataclass(frozen=True)
class Checkpoint:
    """The float32 tensors of a safetensors file: a length in 8 bytes, a header in JSON, then the data."""

    file: Path

    def shape(self, name: str) -> list[int]:
        """A tensor's shape."""
        shape: list[int] = self._header[name]["shape"]
        return shape

    def place(self, name: str) -> tuple[int, int]:
        """Where a tensor begins in the file, and how many bytes it has."""
        begin, end = self._header[name]["data_offsets"]
        return self._data_start + begin, end - begin

    def tensor(self, name: str) -> NDArray[np.float32]:
        """A tensor, mapped into memory."""
        begin, length = self.place(name)
        return self._bytes[begin : begin + length].view("<f4").reshape(self.shape(name))

    @cached_property
    def _bytes(self) -> NDArray[np.uint8]:
        # Copied when written to, which nobody does: OpenVINO takes only what could be written to.
        return np.memmap(self.file, np.uint8, "c")

    @cached_property
    def _header(self) -> dict[str, Any]:
        header: dict[str, Any] = json.loads(bytes(self._bytes[HEADER_LENGTH_BYTES : self._data_start]))
        return header

    @cached_property
    def _data_start(self) -> int:
        return HEADER_LENGTH_BYTES + int(self._bytes[:HEADER_LENGTH_BYTES].view("<u8")[0])
