"""What a campaign must find, and how it ends where it does not."""


class BrokenPromiseError(Exception):
    """Something was lost, counted twice, or said otherwise than it was promised."""


def promised(*, is_kept: bool, claim: str) -> None:
    """Go on if it is kept.

    Raises:
        BrokenPromiseError: It is not; says what was promised and what was found.
    """
    if not is_kept:
        raise BrokenPromiseError(claim)
