"""Soft average precision: every positive's precision, ranked by sigmoids of differences."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.candidates import Candidates
from boxgauge.losses.ranges import refuse_outside

# Half a gigabyte of float32, of which autograd holds one and the step before it another.
MAX_PAIRS = 2**27


def soft_average_precision(
    rows: Candidates, match: Float[Tensor, "n t"], temperature: float
) -> Float[Tensor, "1"]:
    """Return the mean, over positives i and columns, of match_i times the precision at i.

    Without positives it is 1: nothing is ranked wrongly.

    Args:
        rows: What is ranked.
        match: How far each row is right, 0 where it is no positive.
        temperature: Of the sigmoid of a difference of logits.

    Raises:
        ValueError: The temperature is out of range, or there are too many pairs.
    """
    refuse_outside("[1e-6, 1e6]", temperature=temperature)
    at, match_at = _positives(rows, match)
    above = ((rows.logits - at[:, None]) / temperature).sigmoid()
    # A row is above itself by 1/2, where its rank counts it as 1.
    true_above = match_at / 2 + above @ match
    rank = 0.5 + above @ rows.counted[:, None]

    positives = rows.positive.sum()
    ranked = (match_at * true_above / rank).sum() / match.shape[1]
    precision = ranked / positives.clamp(min=1.0)
    return (precision + (1 - positives).clamp(min=0.0)).reshape(1)


def _positives(
    rows: Candidates, match: Float[Tensor, "n t"]
) -> tuple[Float[Tensor, "p"], Float[Tensor, "p t"]]:
    """Return the logits and matches of the positives.

    While exporting, the number of rows is a symbol and no count of positives may depend on
    values: all rows are returned, the matches of the others being 0.
    """
    count = rows.logits.shape[0]
    is_symbol = not isinstance(count, int)
    if is_symbol:
        return rows.logits, match
    positives = rows.positive.nonzero().squeeze(1)
    pairs = count * positives.shape[0]
    if pairs > MAX_PAIRS:
        raise ValueError(
            f"at most {MAX_PAIRS} pairs of a positive and a row can be ranked at once:"
            f" got {positives.shape[0]} positives of {count} rows"
        )
    return rows.logits.index_select(0, positives), match.index_select(0, positives)
