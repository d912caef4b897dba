import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.frames import (
    ImageId,
    InvalidInputError,
    Predictions,
    check_image_id,
    check_image_ids,
    image_order,
    in_image_order,
)

ids = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(min_size=1, max_size=9))


@given(st.lists(ids, unique=True))
def test_integers_come_first_then_strings_by_bytes(given_ids: list[ImageId]) -> None:
    integers = sorted(each for each in given_ids if isinstance(each, int))
    strings = sorted((s for s in given_ids if isinstance(s, str)), key=str.encode)
    assert sorted(given_ids, key=image_order) == [*integers, *strings]
    assert in_image_order(given_ids) == [*integers, *strings]


@given(ids)
def test_a_good_id_is_returned_as_it_is(image_id: ImageId) -> None:
    assert check_image_id(image_id, "id") == image_id


@pytest.mark.parametrize(
    "bad", [True, 1.0, None, b"a", "", "x" * 513, "\ud800", np.bool_(True), 2**63, -(2**63) - 1]
)
def test_a_bad_id_is_refused_by_name(bad: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^images\[3\]\.id must be "):
        check_image_id(bad, "images[3].id")


def test_ids_of_numpy_become_pythons_own() -> None:
    found = check_image_ids(np.array([3, 1]))
    assert found == [3, 1]
    assert {type(each) for each in found} == {int}
    kept = Predictions.from_arrays(np.array([7], np.int32), [0], [], [], []).image_ids
    assert [type(each) for each in kept] == [int]


@pytest.mark.parametrize("bad", ["ab", b"ab", 17, None, np.zeros((2, 2), int)])
def test_what_is_no_list_of_ids_is_refused(bad: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^image_ids must be a list of ids: got "):
        check_image_ids(bad)


def test_a_long_id_is_told_its_length() -> None:
    with pytest.raises(InvalidInputError, match="of 1 to 512 bytes: got 600 bytes"):
        check_image_id("x" * 600, "id")
