"""Which model is in force is decided by two people, and is always exactly one."""

from datetime import UTC, datetime

import pytest

from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest
from breaks.services import approvals
from breaks.services.lifecycle import WorkRefused
from predictions import registry
from predictions.choices import ModelAct, ModelStatus
from predictions.models import ModelEvent, ModelVersion
from predictions.services import versions
from tests import factories
from tests.predicting import model_version

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def maker():
    return factories.user("Supervisor")


@pytest.fixture
def checker():
    return factories.user("Supervisor")


def ask(version, maker):
    return versions.activate(version_id=version.pk, reason="It is better.", by=maker, at=NOW)


def approve(request, checker):
    return approvals.approve(request_id=request.pk, by=checker, at=NOW)


def rows():
    return [
        list(model.objects.order_by("pk").values())
        for model in (ModelVersion, ModelEvent, ApprovalRequest)
    ]


def test_it_waits_for_a_second_person_and_nothing_changes_meanwhile(maker):
    old, new = model_version(status=ModelStatus.ACTIVE), model_version()
    before = registry.path().read_bytes()

    request = ask(new, maker)

    assert isinstance(request, ApprovalRequest)
    assert request.summary == f"Activate prediction {str(new).lower()} instead of {old}"
    assert versions.in_force() == old
    assert registry.path().read_bytes() == before
    assert not ModelEvent.objects.exists()


def test_once_approved_it_takes_the_place_with_its_file_and_history(
    maker, checker, django_capture_on_commit_callbacks
):
    old, new = model_version(status=ModelStatus.ACTIVE), model_version()
    request = ask(new, maker)

    with django_capture_on_commit_callbacks(execute=True):
        decided = approve(request, checker)

    assert decided.status == ApprovalStatus.APPROVED
    new.refresh_from_db()
    old.refresh_from_db()
    assert (new.status, old.status) == (ModelStatus.ACTIVE, ModelStatus.RETIRED)
    assert (new.activated_by, new.activated_at) == (maker, NOW)
    assert registry.state() == "ok"
    told = list(ModelEvent.objects.order_by("pk").values_list("version", "act", "by"))
    assert told == [
        (old.pk, ModelAct.RETIRED, maker.pk),
        (new.pk, ModelAct.ACTIVATED, maker.pk),
    ]
    assert checker.get_username() in new.events.get().note


def test_an_earlier_one_is_rolled_back_to_in_the_same_way(
    maker, checker, django_capture_on_commit_callbacks
):
    earlier = model_version(status=ModelStatus.RETIRED)
    model_version(status=ModelStatus.ACTIVE)
    request = ask(earlier, maker)
    assert request.summary.startswith("Roll back to")

    with django_capture_on_commit_callbacks(execute=True):
        approve(request, checker)

    assert versions.in_force() == earlier
    assert registry.digest_of(registry.path().read_bytes()) == earlier.digest
    assert earlier.events.last().act == ModelAct.ROLLED_BACK


@pytest.mark.parametrize("is_superuser", [False, True])
def test_nobody_approves_their_own(is_superuser):
    maker = factories.user("Administrator", is_superuser=is_superuser)
    request = ask(model_version(), maker)
    before = rows()

    with pytest.raises(approvals.ApprovalRefused, match="another person"):
        approve(request, maker)
    assert rows() == before


def test_another_that_came_in_force_meanwhile_overtakes_it(maker, checker):
    request = ask(model_version(), maker)
    other = model_version(status=ModelStatus.ACTIVE, activated_by=checker)

    decided = approve(request, checker)

    assert decided.status == ApprovalStatus.STALE
    assert f"{other} is in force by now, activated by {checker}" in decided.decision_note
    assert versions.in_force() == other


def test_the_same_is_not_asked_for_twice(maker, checker):
    version = model_version()
    ask(version, maker)

    with pytest.raises(approvals.ApprovalRefused, match="asked for this already"):
        ask(version, checker)
    ask(model_version(), checker)


def test_a_maker_who_may_no_longer_do_it_stops_it(maker, checker):
    request = ask(model_version(), maker)
    maker.groups.clear()

    with pytest.raises(approvals.ApprovalRefused, match="may not do this any more"):
        approve(request, checker)


def test_a_file_altered_between_asking_and_approving_is_refused(maker, checker):
    version = model_version()
    request = ask(version, maker)
    registry.kept(version.digest).write_bytes(b"other bytes")
    before = rows()

    with pytest.raises(approvals.ApprovalRefused, match="was altered"):
        approve(request, checker)
    assert rows() == before


@pytest.mark.parametrize(
    ("status", "words"),
    [(ModelStatus.REFUSED, "may not be activated"), (ModelStatus.ACTIVE, "in force already")],
)
def test_what_may_not_be_activated_says_why(maker, status, words):
    version = model_version(status=status)
    before = rows()

    with pytest.raises(versions.ModelRefused, match=words):
        ask(version, maker)
    assert rows() == before


def test_an_altered_or_lost_file_is_not_even_asked_for(maker):
    altered, lost = model_version(), model_version(kept=False)
    registry.kept(altered.digest).write_bytes(b"other bytes")

    for version, words in ((altered, "was altered"), (lost, "no longer kept")):
        with pytest.raises(versions.ModelRefused, match=words):
            ask(version, maker)


def test_a_reason_is_asked_for_and_an_actor(maker):
    version = model_version()

    with pytest.raises(WorkRefused, match="Say why"):
        versions.activate(version_id=version.pk, reason=" ", by=maker, at=NOW)
    maker.is_active = False
    with pytest.raises(WorkRefused):
        ask(version, maker)


def test_where_the_policy_is_off_it_happens_at_once(maker, django_capture_on_commit_callbacks):
    ApprovalPolicy.objects.filter(act=GuardedAct.ACTIVATE_MODEL).update(is_enabled=False)
    version = model_version()

    with django_capture_on_commit_callbacks(execute=True):
        done = ask(version, maker)

    assert done == version == versions.in_force()
    assert registry.state() == "ok"


def test_the_policy_is_there_from_the_start():
    policy = ApprovalPolicy.objects.get(act=GuardedAct.ACTIVATE_MODEL)

    assert (policy.is_enabled, policy.above) == (True, 0)
    assert policy.history.count() == 1


class TestRestoring:
    def test_puts_the_file_in_force_back(self, maker, django_capture_on_commit_callbacks):
        version = model_version(status=ModelStatus.ACTIVE)
        registry.path().write_bytes(b"other bytes")

        with django_capture_on_commit_callbacks(execute=True):
            versions.restore(version_id=version.pk, by=maker, at=NOW)

        assert registry.state() == "ok"
        assert version.events.get().act == ModelAct.RESTORED

    def test_is_not_a_way_around_the_second_person(self, maker):
        version = model_version()

        with pytest.raises(versions.ModelRefused, match="activate it instead"):
            versions.restore(version_id=version.pk, by=maker, at=NOW)


class TestOffering:
    """What becomes of a model that was just trained."""

    def test_the_first_is_put_in_force(self, django_capture_on_commit_callbacks):
        version = model_version()

        with django_capture_on_commit_callbacks(execute=True):
            versions.offer(version=version, by=None, at=NOW)

        assert versions.in_force() == version
        assert registry.state() == "ok"

    @pytest.mark.parametrize("status", [ModelStatus.ACTIVE, ModelStatus.RETIRED])
    def test_a_later_one_waits_for_people(self, status):
        model_version(status=status)
        version = model_version()

        versions.offer(version=version, by=None, at=NOW)

        version.refresh_from_db()
        assert version.status == ModelStatus.CANDIDATE
