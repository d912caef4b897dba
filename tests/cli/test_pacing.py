from hypothesis import given
from hypothesis import strategies as st

from boxgauge.cli.pacing import Part, paced


class ToldClock:
    """Stands still until somebody waits."""

    def __init__(self) -> None:
        self.moment = 100.0

    def now(self) -> float:
        return self.moment

    def wait_until(self, moment_s: float) -> None:
        self.moment = max(self.moment, moment_s)


def timetable(
    sizes: list[int], *, rate: float | None, label_delay_s: float
) -> list[tuple[float, int, Part]]:
    clock = ToldClock()
    return [
        (clock.moment - 100, k, part)
        for k, part in paced(sizes, rate=rate, label_delay_s=label_delay_s, clock=clock)
    ]


def test_without_rate_and_delay_both_sides_go_at_once() -> None:
    table = timetable([2, 2, 1], rate=None, label_delay_s=0)
    assert table == [(0, 0, Part.BOTH), (0, 1, Part.BOTH), (0, 2, Part.BOTH)]


def test_a_rate_is_images_a_second() -> None:
    table = timetable([4, 4, 4], rate=2, label_delay_s=0)
    assert table == [(0, 0, Part.BOTH), (2, 1, Part.BOTH), (4, 2, Part.BOTH)]


def test_labels_follow_their_predictions_by_the_delay() -> None:
    table = timetable([1, 1, 1], rate=1, label_delay_s=1.5)
    assert table == [
        (0, 0, Part.PREDICTIONS),
        (1, 1, Part.PREDICTIONS),
        (1.5, 0, Part.LABELS),
        (2, 2, Part.PREDICTIONS),
        (2.5, 1, Part.LABELS),
        (3.5, 2, Part.LABELS),
    ]


def test_without_a_rate_labels_still_wait() -> None:
    table = timetable([1, 1], rate=None, label_delay_s=3)
    assert [part for _, _, part in table] == [Part.PREDICTIONS] * 2 + [Part.LABELS] * 2
    assert [moment for moment, _, _ in table] == [0, 0, 3, 3]


@given(
    st.lists(st.integers(1, 9), max_size=8),
    st.none() | st.floats(0.5, 50),
    st.floats(0.25, 9),
)
def test_every_side_goes_once_and_labels_never_early(
    sizes: list[int], rate: float | None, delay: float
) -> None:
    table = timetable(sizes, rate=rate, label_delay_s=delay)
    sent = {k: moment for moment, k, part in table if part is Part.PREDICTIONS}
    labelled = {k: moment for moment, k, part in table if part is Part.LABELS}
    assert len(table) == 2 * len(sizes)
    assert sent.keys() == labelled.keys() == set(range(len(sizes)))
    assert all(labelled[k] - sent[k] >= delay - 1e-9 for k in sent)
    moments = [moment for moment, _, _ in table]
    assert moments == sorted(moments)
