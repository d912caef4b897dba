"""Small parts of the campaign of `benchmarks/faults/kill.py`: the service is killed twice."""

import random

import pytest

from boxgauge.engine import Engine


@pytest.mark.usefixtures("campaigns")
async def test_nothing_is_lost_or_counted_twice_when_it_is_killed_and_killed_again(
    engine: Engine,
) -> None:
    import kill
    import killing

    campaign = killing.Campaign()
    # Under load, and as soon as the next one has the journal open. A start may be so fast that the
    # second kill falls behind its recovery: that is no fault, and all else must hold there, too.
    chance = random.Random(4)
    await kill.run_once(
        engine, campaign, [killing.OPENED], 0.3, chance, restarts=False, operates=False
    )
    assert sum(campaign.kills.values()) == 2
    assert campaign.kills["between checkpoints"] + campaign.kills["in a checkpoint"] >= 1
    assert campaign.kills["starting"] == 0, "nobody is killed before the journal is open"
    assert 500 < campaign.acknowledged <= campaign.repeated
    assert campaign.compared > 100


@pytest.mark.usefixtures("campaigns")
async def test_what_operators_are_told_is_done_has_happened_though_it_is_killed(
    engine: Engine,
) -> None:
    import kill
    import killing
    import operators

    campaign = killing.Campaign()
    # While it makes, resets or deletes a monitor, and while a backup is read.
    aims = [operators.OPERATION, operators.BACKUP]
    await kill.run_once(engine, campaign, aims, 0.2, random.Random(5), compares=False)
    assert sum(campaign.kills.values()) == 2
    told = campaign.told
    assert min(told.answered[each] for each in ("create", "delete")) >= 2
    assert told.looks >= 6
    assert told.restored == told.outcomes["made"] >= 1
    assert told.known > 100
