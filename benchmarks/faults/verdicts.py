"""What a script claims of its figures, and how it ends where that does not hold."""


class Verdicts:
    """Claims beside what was found, a line each; what is not a number keeps none."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str, str, bool]] = []

    def at_least(self, claim: str, found: float, least: float, unit: str = "") -> None:
        """Claim that something is no less than this."""
        self._add(claim, found, f"at least {least:,.4g}{unit}", unit, is_kept=found >= least)

    def below(self, claim: str, found: float, limit: float, unit: str = "") -> None:
        """Claim that something is less than this."""
        self._add(claim, found, f"below {limit:,.4g}{unit}", unit, is_kept=found < limit)

    def holds(self, claim: str, *, is_kept: bool, found: str) -> None:
        """Claim what is no figure."""
        self._lines.append((claim, "yes", found, is_kept))

    def settle(self) -> None:
        """Print all of them as a table.

        Raises:
            SystemExit: One is not kept; says which.
        """
        print("\n| claim | wanted | found | kept |\n|---|---|---|---|")
        for claim, wanted, found, is_kept in self._lines:
            print(f"| {claim} | {wanted} | {found} | {'yes' if is_kept else '**no**'} |")
        broken = [
            f"{claim}: wanted {wanted}, found {found}"
            for claim, wanted, found, is_kept in self._lines
            if not is_kept
        ]
        if broken:
            raise SystemExit("\n" + "\n".join(broken))

    def _add(self, claim: str, found: float, wanted: str, unit: str, *, is_kept: bool) -> None:
        self._lines.append((claim, wanted, f"{found:,.4g}{unit}", is_kept))
