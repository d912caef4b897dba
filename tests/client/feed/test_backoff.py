import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.client import FeedOptions
from boxgauge.client.feed.backoff import Backoff
from boxgauge.frames import InvalidInputError


@given(st.floats(0.001, 10), st.floats(0.001, 100), st.lists(st.floats(0, 0.999), max_size=50))
def test_waits_double_up_to_the_longest_and_are_drawn_from_the_upper_half(
    first_s: float, most_s: float, draws: list[float]
) -> None:
    backoff = Backoff(first_s, most_s, iter(draws).__next__)
    for k, _ in enumerate(draws):
        whole = min(first_s * 2**k, most_s)
        assert whole / 2 <= backoff.wait_s() <= whole


def test_a_success_begins_anew() -> None:
    backoff = Backoff(1, 100, lambda: 1.0)
    assert [backoff.wait_s() for _ in range(3)] == [1, 2, 4]
    backoff.succeeded()
    assert backoff.wait_s() == 1


def test_a_thousand_failures_are_no_trouble() -> None:
    backoff = Backoff(0.25, 30, lambda: 0.0)
    assert [backoff.wait_s() for _ in range(2000)][-1] == 15


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_images", 0),
        ("batch_images", 1.5),
        ("window", True),
        ("max_spool_bytes", -1),
        ("batch_age_s", -0.1),
        ("batch_age_s", float("nan")),
        ("answer_timeout_s", "1"),
    ],
)
def test_an_option_out_of_its_range_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=rf"^{name} must be a "):
        FeedOptions(**{name: value})  # type: ignore[arg-type]
