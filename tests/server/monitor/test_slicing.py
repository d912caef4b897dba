"""Slices are as many as asked for; what is folded or dropped is counted."""

import pytest

from boxgauge.frames import InvalidInputError
from boxgauge.server.monitor.definition import OTHER, SliceKey
from boxgauge.server.monitor.slicing import MAX_TAGS, MAX_VALUE, Slicing, check_tags, check_text


def test_values_beyond_the_bound_are_one_slice_and_counted() -> None:
    slicing = Slicing([SliceKey("camera", 2)])
    found = [slicing.slices_of({"camera": each}) for each in "abcdab"]
    assert found == [
        ("camera=a",),
        ("camera=b",),
        (f"camera={OTHER}",),
        (f"camera={OTHER}",),
        ("camera=a",),
        ("camera=b",),
    ]
    assert slicing.folded == 2
    assert slicing.names == [f"camera={OTHER}", "camera=a", "camera=b"]


def test_a_million_values_of_a_tag_take_no_more_memory_than_the_bound() -> None:
    slicing = Slicing([SliceKey("camera", 100), SliceKey("site")])
    for k in range(1_000_000):
        slicing.slices_of({"camera": str(k)})
    assert len(slicing.names) == 101
    assert slicing.folded == 1_000_000 - 100


def test_tags_of_other_keys_are_dropped_and_counted_and_empty_ones_are_none() -> None:
    slicing = Slicing([SliceKey("camera"), SliceKey("site")])
    assert slicing.slices_of({"camera": "", "weather": "rain", "site": "x"}) == ("site=x",)
    assert slicing.dropped == 1
    assert slicing.folded == 0


def test_known_slices_keep_their_places_after_a_restart() -> None:
    before = Slicing([SliceKey("camera", 2)])
    for each in "abc":
        before.slices_of({"camera": each})
    after = Slicing([SliceKey("camera", 2)])
    after.restore(before.names)
    assert after.slices_of({"camera": "a"}) == ("camera=a",)
    assert after.slices_of({"camera": "d"}) == (f"camera={OTHER}",)


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        pytest.param({"ca mera": "x"}, "tags.key", id="a space in the key"),
        pytest.param({"": "x"}, "tags.key", id="an empty key"),
        pytest.param({"k" * 65: "x"}, "tags.key", id="a long key"),
        pytest.param({"camera": "x" * (MAX_VALUE + 1)}, "tags[camera]", id="a long value"),
        pytest.param({"camera": "ä" * MAX_VALUE}, "tags[camera]", id="too many bytes"),
        pytest.param({"camera": "a\nb"}, "tags[camera]", id="a line break"),
        pytest.param({f"k{k}": "x" for k in range(MAX_TAGS + 1)}, "tags", id="many tags"),
    ],
)
def test_malformed_tags_are_refused_by_name(tags: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_tags(tags)
    assert caught.value.field == field


def test_text_may_be_empty_or_anything_that_prints() -> None:
    assert check_text("sources", "") == ""
    assert check_text("sources", "Straße 5, <img>") == "Straße 5, <img>"
