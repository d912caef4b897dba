"""Numbers for the patterns of outcomes of a tally."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.tally_columns import TallyColumns


class PatternCodes(dict[bytes, int]):
    """Numbers patterns in the order in which they are first asked for."""

    def __missing__(self, pattern: bytes) -> int:
        code = self[pattern] = len(self)
        return code

    def encode(self, patterns: Sequence[bytes]) -> NDArray[np.unsignedinteger[Any]]:
        """Return the code of each pattern; new ones get the next codes."""
        codes = np.fromiter(map(self.__getitem__, patterns), np.uint32, len(patterns))
        return codes.astype(np.uint16) if len(self) <= 2**16 else codes

    def needed(self, columns: TallyColumns) -> "tuple[PatternCodes, TallyColumns]":
        """Return codes of those patterns alone that some columns have, and these columns."""
        patterns, used = tuple(self), np.bincount(columns.codes, minlength=1)
        kept = np.flatnonzero(used)
        found = PatternCodes()
        renamed = np.zeros(len(used), dtype=np.uint32)
        renamed[kept] = found.encode([patterns[k] for k in kept.tolist()])
        codes = renamed[columns.codes].astype(np.min_scalar_type(max(len(kept), 257)))
        return found, replace(columns, codes=codes)
