"""Expiry: sides that are older than what is kept are let go, and counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from boxgauge.frames import ImageId
from boxgauge.server.journal.held import Held
from boxgauge.server.journal.index import (
    RETRACTED,
    Entry,
    entries_of,
    images_before,
    put_entries,
    remove_entries,
)
from boxgauge.server.journal.sides import supersede
from boxgauge.server.journal.space import TRUTH_ID
from boxgauge.server.journal.spaces import put_space
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.types import Expired


@dataclass(slots=True)
class _Pass:
    """What one call lets go of, which entries stay otherwise, and what is counted."""

    gone: list[tuple[ImageId, int, Entry]] = field(default_factory=list)
    put: list[tuple[ImageId, int, Entry]] = field(default_factory=list)
    joined: list[tuple[int, ImageId]] = field(default_factory=list)
    unlabelled: int = 0
    unpredicted: int = 0


def expire(store: Store, monitor: int, before_us: int, limit: int) -> tuple[Expired, Held]:
    """Let go of sides from before this time; return what they were, and the difference held.

    Predictions go by their own time. Ground truth goes when its own time has come and no
    predictions of the image remain. What is remembered of a side that was taken out goes by
    the time that the side had. No changes are made of it: tallies keep what they have, or
    know by time what to forget.

    Args:
        store: Where.
        monitor: Its id.
        before_us: The oldest time that is kept.
        limit: How many sides to look at, the oldest first.

    Raises:
        NotFoundError: There is no such monitor.
        DataLossError: A row is damaged.
    """
    space = store.space(monitor)
    images, more = images_before(store, space, before_us, limit)
    found = _Pass()
    for image_id, entries in entries_of(store, space, images).items():
        _expire_image(image_id, entries, before_us, found)
    held = Held()
    for _, model, each in found.gone:
        if each.boxes != RETRACTED:
            held.add(space.name_of(model), -1, -each.boxes)
    if found.gone or found.put:
        space.last = store.next_number()
        supersede(store, space, [each.number for _, _, each in found.gone], space.last)
        remove_entries(store, space, found.gone)
        put_entries(store, space, found.put, [each for _, _, each in found.put])
        space.expired += len(found.gone)
        put_space(store, space)
    joined = [(space.name_of(model), image_id) for model, image_id in found.joined]
    return Expired(found.unlabelled, found.unpredicted, joined, more), held


def _expire_image(
    image_id: ImageId, entries: Mapping[int, Entry], before_us: int, found: _Pass
) -> None:
    truth = entries.get(TRUTH_ID)
    is_labelled = truth is not None and truth.boxes != RETRACTED
    remain_until, is_joined = before_us - 1, False
    for model, each in entries.items():
        if model == TRUTH_ID:
            continue
        is_side = each.boxes != RETRACTED
        if each.until_us >= before_us:
            remain_until = max(remain_until, each.until_us) if is_side else remain_until
            continue
        found.gone.append((image_id, model, each))
        if is_side and is_labelled:
            found.joined.append((model, image_id))
            is_joined = True
        elif is_side:
            found.unlabelled += 1
    if truth is None:
        return
    now = replace(truth, joined=truth.joined or is_joined)
    if truth.until_us < before_us <= remain_until:
        # Not looked at again until the last of its predictions may go.
        now = replace(now, until_us=remain_until)
    elif truth.until_us < before_us:
        found.gone.append((image_id, TRUTH_ID, truth))
        found.unpredicted += is_labelled and not now.joined
        return
    if now != truth:
        found.put.append((image_id, TRUTH_ID, now))
