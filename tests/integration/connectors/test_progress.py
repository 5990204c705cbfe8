"""A delivery tells how far it is while it runs, and leaves nothing half loaded."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from connectors.choices import DeliveryStatus, DeliveryStep
from connectors.models import Delivery, RejectedRow
from connectors.services import arrivals, claims, end_interrupted, receive_file
from connectors.services.claims import LostClaim
from tests import factories
from trades.leases import LEASE
from trades.models import Instrument, Trade, TradeVersion

HEADER = "trade_id,trade_date,isin,side,quantity,price,counterparty\n"


def rows(count, price="10"):
    return [
        f"T{n},2026-03-04,US0378331005,BUY,{n + 1},{price},Party {n % 3}\n" for n in range(count)
    ]


@pytest.fixture
def receive(tmp_path):
    def received(lines, at=factories.NOW, **more):
        path = tmp_path / "trades.csv"
        path.write_text(HEADER + "".join(lines))
        return receive_file(path=path, source=factories.source(), by=None, at=at, **more)

    return received


@pytest.fixture
def _small_batches(monkeypatch):
    monkeypatch.setattr("connectors.batches.BATCH", 10)
    monkeypatch.setattr(claims, "_TOLD_EVERY_SECONDS", 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("_small_batches")
def test_the_rows_read_so_far_stand_in_the_delivery_while_it_runs(receive):
    seen = []

    def watch(rows_read, step):
        delivery = Delivery.objects.get()
        seen.append((rows_read, step, delivery.status, delivery.rows_read))

    done = receive(rows(25), watcher=watch)

    assert [one[:2] for one in seen] == [(10, "READING"), (20, "READING"), (25, "READING"),
                                         (25, "MERGING")]  # fmt: skip
    assert [one[3] for one in seen] == [0, 10, 20, 25]
    assert {one[2] for one in seen} == {"RUNNING"}
    assert (done.status, done.step, done.rows_read, done.rows_in) == ("LOADED", "", 25, 25)


@pytest.mark.django_db
@pytest.mark.usefixtures("_small_batches")
def test_rows_of_several_batches_are_one_delivery(receive):
    """A trade's rows may lie in different batches; every row is counted once all the same."""
    bad = "T99,never,US0378331005,BUY,1,10,Party\n"
    twice = [*rows(25), bad, *rows(3), *rows(1, price="11")]

    done = receive(twice)

    assert (done.rows_in, done.loaded, done.duplicates, done.rejected) == (30, 24, 2, 4)
    assert [(one.line_number, one.raw) for one in RejectedRow.objects.all()] == [
        (2, rows(1)[0].strip()),
        (27, bad.strip()),
        (28, rows(1)[0].strip()),
        (31, rows(1, price="11")[0].strip()),
    ]


@pytest.mark.django_db
def test_a_fault_of_ours_loads_nothing_and_is_told(receive, monkeypatch):
    def broken(*_):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(arrivals, "_quarantine", broken)
    with pytest.raises(RuntimeError):
        receive(rows(3))

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.error) == ("FAILED", "RuntimeError: disk on fire")
    assert not Trade.objects.exists()
    assert not Instrument.objects.exists()


@pytest.mark.django_db
def test_a_delivery_that_was_ended_meanwhile_loads_nothing(receive):
    def ended(_rows_read, _step):
        Delivery.objects.update(status=DeliveryStatus.FAILED, error="taken for dead")

    with pytest.raises(LostClaim):
        receive(rows(3), watcher=ended)

    assert not Trade.objects.exists()
    assert Delivery.objects.get().error == "taken for dead"


@pytest.mark.django_db
def test_a_file_whose_process_died_is_failed_once_its_lease_has_run_out():
    def running(**more):
        return Delivery.objects.create(
            source=factories.source(), name="t.csv", status="RUNNING", step=DeliveryStep.MERGING,
            received_at=factories.NOW, lease_expires_at=factories.NOW + LEASE, attempt=1, **more,
        )  # fmt: skip

    given, fetched = running(), running(feed=factories.feed())

    assert end_interrupted(at=factories.NOW + LEASE) == 0
    assert end_interrupted(at=factories.NOW + LEASE + timedelta(seconds=1)) == 1

    given.refresh_from_db()
    fetched.refresh_from_db()
    assert (given.status, given.step, given.lease_expires_at) == ("FAILED", "", None)
    assert "Give the file again" in given.error
    assert fetched.status == "RUNNING", "a feed's delivery is claimed again instead"


@pytest.mark.django_db
def test_a_file_dated_back_is_not_taken_for_dead_while_it_is_loaded(receive):
    """The demo receives last week's files; their leases are of today."""
    ended = []
    done = receive(rows(3), watcher=lambda *_: ended.append(end_interrupted(at=timezone.now())))

    assert timezone.now() > factories.NOW + LEASE
    assert (ended[0], done.status) == (0, "LOADED")


@pytest.mark.django_db
def test_the_command_shows_progress_at_a_terminal_only(tmp_path, capsys, monkeypatch):
    path = tmp_path / "trades.csv"
    path.write_text(HEADER + "".join(rows(3)))
    monkeypatch.setattr(claims, "_TOLD_EVERY_SECONDS", 0)

    call_command("ingest", str(path), source="oms")
    assert capsys.readouterr().err == ""

    monkeypatch.setattr("django.core.management.base.OutputWrapper.isatty", lambda _: True)
    call_command("ingest", str(path), source="oms", no_color=True)

    shown = capsys.readouterr().err
    assert "Reading 3 rows" in shown
    assert "Merging 3 rows" in shown


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres", "_small_batches")
def test_a_hostile_file_is_loaded_on_postgres_as_on_sqlite(receive):
    odd = 'T\\N,2026-03-04,US0378331005,BUY,1,10,"Back\\slash\tand ""quotes"""\n'
    corrected = rows(15, price="11")

    first = receive([*rows(15), odd, "short\n", *rows(1, price="12")])
    second = receive(corrected)

    assert (first.rows_in, first.loaded, first.duplicates, first.rejected) == (18, 15, 0, 3)
    assert (
        Trade.objects.get(source_trade_id="T\\N").counterparty_name == 'Back\\slash\tand "quotes"'
    )
    assert (second.loaded, second.amended) == (1, 14)
    assert TradeVersion.objects.count() == 14
    assert TradeVersion.objects.first().values["price"] == "10"
