"""What a journal holds in all, as its last commit says: rows and checksums of every table."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_bytes

from boxgauge.frames import DataLossError
from boxgauge.server.journal.tables import NAMES

_HEAD = struct.Struct("<16sqqq?7x")
_TABLE = struct.Struct("<qQ")
_SUM_BYTES = 16
LENGTH = _HEAD.size + _TABLE.size * len(NAMES) + _SUM_BYTES
_MODULUS = 1 << 64


@dataclass(slots=True)
class Total:
    """How many rows there are, and their checksums, added up modulo 2^64 in any order."""

    rows: int = 0
    sums: int = 0

    def add(self, sums: Iterable[bytes]) -> None:
        """Count rows that came."""
        for each in sums:
            self.rows += 1
            self.sums += int.from_bytes(each, "little")
        self.sums %= _MODULUS

    def remove(self, sums: Iterable[bytes]) -> None:
        """Count rows that went."""
        for each in sums:
            self.rows -= 1
            self.sums -= int.from_bytes(each, "little")
        self.sums %= _MODULUS


@dataclass(slots=True)
class Ledger:
    """The state of a journal at one commit.

    Attributes:
        identity: Of the journal, random; a backup and what it is of share it.
        commits: How many there were.
        number: The last sequence number given.
        lost: Rows that were given up, ever (``--accept-loss``).
        is_open: A process has the file, or had it and did not close it: what it acknowledged
            may be beside the file. False in a file that is whole by itself.
        totals: By table.
    """

    identity: bytes = field(default_factory=lambda: token_bytes(16))
    commits: int = 0
    number: int = 0
    lost: int = 0
    is_open: bool = True
    totals: dict[str, Total] = field(default_factory=lambda: {name: Total() for name in NAMES})

    def copy(self) -> "Ledger":
        """Return another one that says the same."""
        return replace(self, totals={name: replace(each) for name, each in self.totals.items()})

    def to_bytes(self) -> bytes:
        """Return it with a checksum."""
        head = _HEAD.pack(self.identity, self.commits, self.number, self.lost, self.is_open)
        tables = [_TABLE.pack(self.totals[name].rows, self.totals[name].sums) for name in NAMES]
        body = b"".join([head, *tables])
        return body + _sum(body)

    @classmethod
    def from_bytes(cls, raw: object) -> "Ledger":
        """Return what `to_bytes` gave.

        Raises:
            DataLossError: It was changed since.
        """
        if not isinstance(raw, bytes) or len(raw) != LENGTH or raw[-_SUM_BYTES:] != _sum(raw):
            raise DataLossError(
                "the journal is damaged: its ledger does not have its checksum", field="ledger"
            )
        identity, commits, number, lost, is_open = _HEAD.unpack_from(raw)
        totals = {
            name: Total(*_TABLE.unpack_from(raw, _HEAD.size + k * _TABLE.size))
            for k, name in enumerate(NAMES)
        }
        return cls(identity, commits, number, lost, is_open, totals)


def _sum(raw: bytes) -> bytes:
    body = raw[: LENGTH - _SUM_BYTES]
    return blake2b(body, digest_size=_SUM_BYTES, person=b"boxgauge ledger").digest()
