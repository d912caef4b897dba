"""What lies in a file is read again; what is damaged is not, and takes nothing else with it."""

from hypothesis import given
from hypothesis import strategies as st

from boxgauge.client.feed.records import MARK, OVERHEAD, framed, whole_records

# Payloads that contain the mark, or look like a record themselves, are the ones to get wrong.
payloads = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=20).map(lambda part: MARK + part),
    st.binary(max_size=20).map(framed),
)


def read(content: bytes) -> list[bytes]:
    return [each.payload for each in whole_records(content)]


@given(st.lists(payloads, max_size=8))
def test_what_was_written_is_read(written: list[bytes]) -> None:
    content = b"".join(map(framed, written))
    found = list(whole_records(content))
    assert [each.payload for each in found] == written
    ends = [0, *(each.end for each in found)]
    assert [each.start for each in found] == ends[:-1]
    assert ends[-1] == len(content)


@given(st.lists(payloads, min_size=1, max_size=5), st.data())
def test_a_file_cut_off_anywhere_has_all_records_before_the_cut(
    written: list[bytes], data: st.DataObject
) -> None:
    content = b"".join(map(framed, written))
    cut = data.draw(st.integers(0, len(content) - 1))
    whole, size = 0, 0
    while size + OVERHEAD + len(written[whole]) <= cut:
        size += OVERHEAD + len(written[whole])
        whole += 1
    found = read(content[:cut])
    assert found[:whole] == written[:whole]
    # A whole record inside the payload that was cut is the one thing that may follow.
    assert all(framed(each) in written[whole] for each in found[whole:])


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.data())
def test_a_flipped_bit_costs_its_record_alone(written: list[bytes], data: st.DataObject) -> None:
    content = bytearray(b"".join(map(framed, written)))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    ends, end = [], 0
    for each in written:
        end += OVERHEAD + len(each)
        ends.append(end)
    hit = next(k for k, end in enumerate(ends) if at < end)
    assert read(bytes(content)) == written[:hit] + written[hit + 1 :]


@given(st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=3))
def test_reading_goes_on_behind_rubbish(rubbish: bytes, written: list[bytes]) -> None:
    content = rubbish + b"".join(map(framed, written))
    assert read(content)[-len(written) :] == written[-len(written) :]
