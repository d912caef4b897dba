"""The beginning and the end of a campaign: monitors are made, and what is said is compared."""

from collections.abc import Sequence
from signal import SIGTERM

from faulted import Faulted, Services
from grpc import aio
from judged import Said, check_counts, clean, differences, only_tallies, rebuilt, said
from promises import promised
from traffic_script import Script, create_request

from boxgauge.engine import Engine
from boxgauge.v1 import monitor_pb2_grpc


async def create_monitors(address: str, script: Script) -> None:
    """Create the monitors that a script is about."""
    async with aio.insecure_channel(address) as channel:
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
        for monitor in script.monitors:
            await stub.CreateMonitor(create_request(monitor, script.begin_s))


async def compared(
    engine: Engine,
    script: Script,
    service: Faulted,
    services: Services,
    *,
    restarts: bool = True,
    beside: Sequence[Script] = (),
) -> int:
    """Compare what a service says, now and after a restart, with what it should say; stop it.

    Args:
        engine: For the clean run, and for tallies made anew.
        script: All of which was acknowledged.
        service: Running.
        services: Starts the next one.
        restarts: Without, what it says after a restart is not looked at.
        beside: About further monitors, likewise.

    Returns:
        How many reports, comparisons and tallies were compared.

    Raises:
        BrokenPromiseError: One of them is not the same bit for bit, or counts other images.
    """
    scripts = script, *beside
    monitors = [monitor for each in scripts for monitor in each.monitors]
    for each in scripts:
        await check_counts(service.address, each, each.monitors)
    found = await said(service.address, monitors)
    status = await service.end(SIGTERM)
    promised(is_kept=status == 0, claim=f"a service that is stopped ends well: {status}")
    made_anew = await rebuilt(engine, services.journal)
    after: Said = found
    if restarts:
        again = await services.start()
        await again.until_ready()
        after = await said(again.address, monitors)
        await again.end(SIGTERM)
    async with clean(engine, *scripts) as address:
        wanted = await said(address, monitors)
    for name, ours, theirs in (
        ("a clean run", found, wanted),
        ("the same after a restart", found, after),
        ("made anew from the journal", only_tallies(found), made_anew),
    ):
        unlike = differences(ours, theirs)
        promised(is_kept=not unlike, claim=f"{name}: {len(unlike)} differ: {unlike[:5]}")
    return len(wanted) + len(after) * restarts + len(made_anew)
