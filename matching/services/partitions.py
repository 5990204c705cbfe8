"""A run in partitions: each is claimed, paired at home and closed; one step merges them all."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

import pandas as pd
import pyarrow as pa
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from matching import engine
from matching.choices import RunStatus
from matching.engine import partitions as by_homes
from matching.frames import trades_frame
from matching.models import ReconciliationRun, RunPartition
from matching.rules import rules_of_run
from matching.services.claims import LeaseLost, RunNotClaimable
from matching.services.refused import refused_pairs
from trades.leases import LEASE, held, take
from trades.models import Trade

# So many trades are one worker's share where nobody said into how many partitions to split.
USUAL_TRADES = 500_000

_FRAMES = ("matches", "legs", "differences", "alternatives", "passes")
# Decimals of any number of places: as text they come back to the digit.
_EXACT = ("difference", "tolerance")

Frames = tuple[pd.DataFrame, pd.DataFrame]


def pair(
    *,
    run: ReconciliationRun,
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: engine.RuleSet,
    refused: pd.DataFrame,
    on_progress: Callable[[str, int], None],
    on_pass: engine.OnPass,
) -> engine.Result:
    """
    Pair the trades of a run, in as many partitions as were asked for or its size calls for.

    The answer is the same whatever their number.

    :raises RunNotClaimable: if another worker is at a partition still; whoever ends it may merge.
    """
    run.partition_count = run.partition_count or 1 + (len(left) + len(right)) // USUAL_TRADES
    if run.partition_count == 1 or not rules.at_home:
        run.partition_count = 1
        return engine.reconcile(left, right, rules, refused=refused, on_pass=on_pass)
    on_progress(f"Splitting into {run.partition_count} partitions", 25)
    homes = by_homes.locate(left, right, rules, refused=refused)
    keys = split(run=run, homes=homes, partitions=run.partition_count)
    run.partition_count = max(len(keys), 1)
    for number, key in enumerate(keys, start=1):
        done = 25 + 35 * number // len(keys)
        told = partial(on_progress, f"Pairing partition {number} of {len(keys)}", done)
        told()
        execute(partition_id=key, at=timezone.now(), known=(left, right), on_step=told)
    claim_merge(run)
    told = partial(on_progress, "Pairing what is left over", 62)
    told()
    found = found_at_home(run)
    legs = pd.concat([one.legs for one in found]) if found else None
    rest = engine.reconcile(
        left, right, rules, refused=refused, settled=legs, on_pass=lambda _: told()
    )
    return by_homes.join([*found, rest])


def split(*, run: ReconciliationRun, homes: by_homes.Homes, partitions: int) -> list[int]:
    """
    Write the partitions of a run; return their keys.

    :raises LeaseLost: if the run was taken over; its partitions are another worker's to write.
    """
    rows = [
        RunPartition(
            run=run,
            number=number,
            trades=len(part.left) + len(part.right),
            homes=_packed([part.left.reset_index(), part.right.reset_index()]),
        )
        for number, part in enumerate(homes.split(partitions), start=1)
    ]
    with transaction.atomic():
        # This locks the run: nobody can take it over before its partitions are there.
        if not held(run).update(is_merging=False):
            raise LeaseLost(f"Run {run.pk} was taken over by another worker.")
        return [row.pk for row in RunPartition.objects.bulk_create(rows)]


def execute(
    *,
    partition_id: int,
    at: datetime,
    known: Frames | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> RunPartition:
    """
    Pair the trades of one partition at home and keep what was found for the merge.

    `known` are frames that hold the trades already; without them they are read. `on_step` is
    called as it goes on, for whoever has a lease of the run itself to renew.

    :raises RunNotClaimable: if somebody else has it or it has ended.
    :raises LeaseLost: if it was taken over meanwhile; nothing is kept then.
    """
    partition = _claim(partition_id, at)
    homes = _homes(partition)
    left, right = known or _read(homes)

    def on_pass(_: object) -> None:
        _renew(partition)
        on_step()

    result = by_homes.settle(
        left.loc[homes.left.index],
        right.loc[homes.right.index],
        rules_of_run(partition.run),
        homes=homes,
        refused=refused_pairs(partition.run),
        on_pass=on_pass,
    )
    kept = held(partition).update(
        status=RunStatus.SUCCEEDED,
        matched=len(result.matches),
        outcome=_packed([_as_text(getattr(result, name)) for name in _FRAMES]),
        finished_at=timezone.now(),
        lease_expires_at=None,
    )
    if not kept:
        raise LeaseLost(f"{partition} was taken over by another worker.")
    partition.refresh_from_db()
    return partition


def claim_merge(run: ReconciliationRun) -> None:
    """
    Let the caller alone merge the partitions of a run, once the last of them has ended.

    Whoever ends a partition may ask: the conditional UPDATE answers one of them with yes.

    :raises RunNotClaimable: if one has not ended, or somebody else merges them.
    """
    unfinished = RunPartition.objects.filter(run=OuterRef("pk")).exclude(status=RunStatus.SUCCEEDED)
    ready = held(run).filter(~Exists(unfinished), is_merging=False)
    if not ready.update(is_merging=True, lease_expires_at=timezone.now() + LEASE):
        raise RunNotClaimable(f"Run {run.pk} is not ready to be merged, or it is being merged.")


def found_at_home(run: ReconciliationRun) -> list[engine.Result]:
    """Return what each partition of a run found, in order."""
    return [_result(partition) for partition in run.partitions.order_by("number")]


def forget(run: ReconciliationRun) -> None:
    """Let go of what the partitions kept, once the run has written it."""
    run.partitions.update(homes=b"", outcome=b"")


def _claim(partition_id: int, at: datetime) -> RunPartition:
    asked = RunPartition.objects.filter(pk=partition_id, run__status=RunStatus.RUNNING)
    if not take(asked, at=at):
        raise RunNotClaimable(f"Partition {partition_id} is not waiting to be paired.")
    return RunPartition.objects.select_related("run__reconciliation", "run__rule_set").get(
        pk=partition_id
    )


def _renew(partition: RunPartition) -> None:
    if not held(partition).update(lease_expires_at=timezone.now() + LEASE):
        raise LeaseLost(f"{partition} was taken over by another worker.")


def _read(homes: by_homes.Homes) -> Frames:
    left, right = (
        trades_frame(Trade.objects.filter(pk__in=side.index.tolist()))
        for side in (homes.left, homes.right)
    )
    return left, right


def _homes(partition: RunPartition) -> by_homes.Homes:
    left, right = (frame.set_index("trade") for frame in _unpacked(bytes(partition.homes)))
    return by_homes.Homes(left, right)


def _result(partition: RunPartition) -> engine.Result:
    frames = dict(zip(_FRAMES, _unpacked(bytes(partition.outcome)), strict=True))
    differences = frames["differences"]
    for name in _EXACT:
        differences[name] = differences[name].map(Decimal, na_action="ignore").astype(object)
    nothing = pd.Index([], dtype="int64")
    return engine.Result(**frames, unmatched_left=nothing, unmatched_right=nothing)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    exact = {name: frame[name].map(str, na_action="ignore") for name in _EXACT if name in frame}
    return frame.assign(**exact)


def _packed(frames: Sequence[pd.DataFrame]) -> bytes:
    """Return frames as one Arrow stream after the other."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    for frame in frames:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
            stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _unpacked(content: bytes) -> list[pd.DataFrame]:
    source = pa.BufferReader(content)
    frames = []
    while source.tell() < source.size():
        frames.append(pa.ipc.open_stream(source).read_pandas())
    return frames
