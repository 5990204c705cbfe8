from datetime import date

import pytest

from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from connectors.services import execute_delivery, queue_deliveries
from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db

HEADER = "trade_id,trade_date,isin,side,quantity\n"
DAY, NEXT = date(2026, 3, 4), date(2026, 3, 5)


def content(*ids, day=DAY):
    return HEADER + "".join(f"{one},{day},US0378331005,BUY,100\n" for one in ids)


@pytest.fixture
def inbox(tmp_path, settings):
    settings.FEED_ROOT = tmp_path / "root"
    folder = settings.FEED_ROOT / "oms"
    folder.mkdir(parents=True)
    return folder


def feed(**settings):
    return factories.feed(settings={"folder": "oms", "pattern": "*.csv"} | settings)


def fetch(feed, from_date=DAY, to_date=NEXT, by=None):
    (queued,) = queue_deliveries(
        feeds=[feed], from_date=from_date, to_date=to_date, by=by, at=factories.NOW
    )
    return execute_delivery(delivery_id=queued.pk, at=factories.NOW)


def test_every_file_is_a_delivery_of_its_own(inbox):
    (inbox / "a.csv").write_text(content("T1", "T2"))
    (inbox / "b.csv").write_text(content("T3"))
    (inbox / "notes.txt").write_text("nothing of ours")

    done = fetch(feed())

    assert [(one.name, one.loaded) for one in done] == [("a.csv", 2), ("b.csv", 1)]
    assert Delivery.objects.count() == 2


def test_a_file_that_was_taken_is_not_taken_again_under_any_name(inbox):
    (inbox / "a.csv").write_text(content("T1"))
    oms = feed()
    fetch(oms)
    (inbox / "a.csv").rename(inbox / "renamed.csv")

    (again,) = fetch(oms)

    assert (again.status, again.rows_in) == (DeliveryStatus.LOADED, 0)
    assert again.name.endswith("nothing new")


def test_a_file_that_grew_is_taken_again_for_what_is_new(inbox):
    oms = feed()
    (inbox / "a.csv").write_text(content("T1"))
    fetch(oms)
    (inbox / "a.csv").write_text(content("T1", "T2"))

    (again,) = fetch(oms)

    assert (again.loaded, again.duplicates) == (1, 1)


def test_the_name_pattern_holds_the_date(inbox):
    for day in ("20260303", "20260304", "20260305", "20260306"):
        (inbox / f"trades_{day}.csv").write_text(content(f"T{day}"))

    done = fetch(feed(pattern="trades_{date:%Y%m%d}.csv"))

    assert [(one.name, str(one.from_date), str(one.to_date)) for one in done] == [
        ("trades_20260304.csv", "2026-03-04", "2026-03-04"),
        ("trades_20260305.csv", "2026-03-05", "2026-03-05"),
    ]


def test_a_bad_file_among_good_ones_fails_alone_and_a_schedule_leaves_it(inbox):
    (inbox / "a.csv").write_bytes(b"\x00\x01\x02binary")
    (inbox / "b.csv").write_text(content("T1"))
    oms = feed()

    bad, good = fetch(oms)

    assert (bad.name, bad.status) == ("a.csv", DeliveryStatus.FAILED)
    assert (good.name, good.loaded) == ("b.csv", 1)
    assert fetch(oms)[0].name.endswith("nothing new")
    assert fetch(oms, by=factories.user())[0].status == DeliveryStatus.FAILED


@pytest.mark.parametrize("folder", ["../outside", "/etc", "oms/../../outside", "file:///etc"])
def test_a_folder_outside_the_root_is_refused(inbox, folder):
    (done,) = fetch(feed(folder=folder))

    assert done.status == DeliveryStatus.FAILED
    assert "FEED_ROOT" in done.error


def test_a_link_that_leads_out_of_the_root_is_refused(inbox, tmp_path):
    (tmp_path / "secret.csv").write_text(content("T1"))
    (inbox / "link.csv").symlink_to(tmp_path / "secret.csv")

    (done,) = fetch(feed())

    assert done.status == DeliveryStatus.FAILED
    assert "leads outside" in done.error
    assert not Trade.objects.exists()


def test_a_file_larger_than_allowed_fails_and_the_others_are_loaded(inbox, settings):
    settings.MAX_UPLOAD_BYTES = 200
    (inbox / "a.csv").write_text(content(*(f"L{n}" for n in range(50))))
    (inbox / "b.csv").write_text(content("T1"))

    fetch(feed())

    assert Trade.objects.count() == 1
    assert "MAX_UPLOAD_BYTES" in Delivery.objects.get(status=DeliveryStatus.FAILED).error


def test_an_object_store_is_reached_through_fsspec():
    import fsspec

    store = fsspec.filesystem("memory")
    store.pipe("/bucket/trades/t_20260304.csv", content("T1").encode())
    store.pipe("/bucket/trades/t_20260401.csv", content("T2").encode())
    try:
        (done,) = fetch(feed(folder="memory://bucket/trades", pattern="t_{date:%Y%m%d}.csv"))
    finally:
        store.rm("/bucket", recursive=True)

    assert (done.name, done.loaded) == ("t_20260304.csv", 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folder": "sftp://files.example.com/out"}, "OUTBOUND_HOSTS"),
        (
            {"folder": "sftp:///out", "host_env": "CUSTODIAN_SFTP_HOST"},
            "CUSTODIAN_SFTP_HOST is not set",
        ),
        ({"folder": "sftp://user:secret@files.example.com/out"}, "password"),
        ({"folder": "s3://bucket/trades"}, "OUTBOUND_HOSTS"),
        (
            {
                "folder": "s3://bucket/trades",
                "options": {"client_kwargs": {"endpoint_url": "https://elsewhere.example.com"}},
            },
            "elsewhere.example.com is not among OUTBOUND_HOSTS",
        ),
        ({"folder": "https://files.example.com/"}, "no place for files"),
        ({"folder": "github://a:b@main/"}, "no place for files"),
    ],
)
def test_a_place_that_may_not_be_reached_is_refused(settings, said, monkeypatch):
    monkeypatch.delenv("CUSTODIAN_SFTP_HOST", raising=False)

    (done,) = fetch(feed(**settings))

    assert said in done.error
    assert "secret" not in done.error


def test_a_file_whose_listing_does_not_tell_its_size_is_never_cut(inbox, settings, monkeypatch):
    from fsspec.implementations.local import LocalFileSystem

    listed = LocalFileSystem.ls
    monkeypatch.setattr(
        LocalFileSystem,
        "ls",
        lambda *args, **given: [one | {"size": None} for one in listed(*args, **given)],
    )
    settings.MAX_UPLOAD_BYTES = 200
    (inbox / "a.csv").write_text(content(*(f"L{n}" for n in range(50))))

    (done,) = fetch(feed())

    assert done.status == DeliveryStatus.FAILED
    assert "MAX_UPLOAD_BYTES" in done.error
    assert not Trade.objects.exists()
