"""Who may call what: every route of the API, for every group and for nobody."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import get_resolver

from recon_project import roles
from recon_project.api.urls import V1
from recon_project.roles import ADMINISTRATOR, ANALYST, AUDITOR, INTEGRATION, SUPERVISOR
from tests import factories

ALL = {ANALYST, SUPERVISOR, ADMINISTRATOR, INTEGRATION, AUDITOR}
STARTERS = ALL - {AUDITOR}
DECIDERS = {ANALYST, SUPERVISOR, ADMINISTRATOR}
CHECKERS = {SUPERVISOR, ADMINISTRATOR}

# (method, name of the route) -> groups that may; a route that is not here fails the test below.
MAY = {
    ("POST", "start-ingestion"): STARTERS,
    ("GET", "deliveries"): ALL,
    ("GET", "delivery"): ALL,
    ("GET", "rejected"): ALL,
    ("GET", "trades"): ALL,
    ("GET", "trade"): ALL,
    ("POST", "start-reconciliation"): STARTERS,
    ("GET", "runs"): ALL,
    ("GET", "run"): ALL,
    ("GET", "matches"): ALL,
    ("POST", "matches"): DECIDERS,
    ("GET", "match"): ALL,
    ("DELETE", "match"): DECIDERS,
    ("POST", "confirm-match"): DECIDERS,
    ("POST", "reject-match"): DECIDERS,
    ("GET", "rule-sets"): ALL,
    ("GET", "rule-set"): ALL,
    ("POST", "back-test-rules"): {SUPERVISOR, ADMINISTRATOR},
    ("GET", "breaks"): ALL,
    ("GET", "open-breaks"): ALL,
    ("GET", "overdue-breaks"): ALL,
    ("GET", "export-breaks"): ALL,
    ("POST", "import-breaks"): STARTERS,
    ("GET", "break"): ALL,
    ("GET", "break-history"): ALL,
    ("GET", "attachments"): ALL,
    ("POST", "attachments"): STARTERS,
    ("GET", "attachment"): ALL,
    ("POST", "bulk-breaks"): STARTERS,
    ("GET", "batch"): ALL,
    ("POST", "undo-batch"): STARTERS,
    ("POST", "claim-break"): STARTERS,
    ("POST", "assign-break"): STARTERS,
    ("POST", "route-break"): STARTERS,
    ("POST", "comment-break"): STARTERS,
    ("POST", "await-break"): STARTERS,
    ("POST", "resolve-break"): STARTERS,
    ("POST", "accept-break"): DECIDERS,
    ("POST", "reopen-break"): STARTERS,
    ("POST", "escalate-break"): STARTERS,
    ("POST", "auto-remediate-break"): STARTERS,
    ("POST", "route-by-rules"): STARTERS,
    ("GET", "summary-report"): ALL,
    ("GET", "aging-report"): ALL,
    ("GET", "runs-report"): ALL,
    ("GET", "root-cause-report"): ALL,
    ("GET", "approvals"): ALL,
    ("GET", "approval"): ALL,
    ("POST", "approve"): CHECKERS,
    ("POST", "reject-approval"): CHECKERS,
    ("POST", "withdraw-approval"): STARTERS,
    ("GET", "sign-offs"): ALL,
    ("GET", "sign-off"): ALL,
    ("POST", "score-trades"): STARTERS,
    ("GET", "schema"): ALL,
}
OPEN_TO_ANYBODY = {("GET", "health")}
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes() -> set[tuple[str, str]]:
    """Return every method and route that the API answers, read from its views."""
    return {
        (verb, route.name)
        for route in V1
        for verb in VERBS
        if verb in route.callback.cls(**route.callback.initkwargs).allowed_methods
    }


def path_of(name: str) -> str:
    route = next(route for route in V1 if route.name == name)
    return f"/api/v1/{route.pattern}".replace("<int:pk>", "999999").replace("<int:number>", "1")


class TestMatrix:
    def test_lists_every_route(self):
        assert routes() == MAY.keys() | OPEN_TO_ANYBODY

    @pytest.mark.parametrize("role", sorted(ALL))
    def test_lets_in_whom_it_should_and_nobody_else(self, role, api_as, db):
        client = api_as(factories.user(role))
        answers = {}
        for verb, name in MAY:
            # A key nobody knows: who may call is told so, and nothing is started.
            sent = None if verb == "GET" else {"no such key": 1}
            answer = client.generic(verb, path_of(name), **_json(sent))
            answers[verb, name] = answer.status_code
        refused = {call for call, status in answers.items() if status == 403}

        assert refused == {call for call, allowed in MAY.items() if role not in allowed}
        assert not {call: status for call, status in answers.items() if status in (401, 405, 500)}

    def test_nobody_is_let_in_without_signing_in(self, api, db):
        answers = {api.generic(verb, path_of(name)).status_code for verb, name in MAY}

        assert answers == {401}

    def test_a_user_without_a_group_may_do_nothing(self, api_as, db):
        client = api_as(factories.user())
        answers = {
            name: client.generic(verb, path_of(name)).status_code
            for verb, name in MAY
            if name != "schema"  # only says what there is
        }

        assert set(answers.values()) == {403}

    def test_the_api_has_no_other_door(self):
        api = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/")
        names = [getattr(one, "name", None) or str(one.pattern) for one in api.url_patterns]

        assert names == ["v1/", "docs", ""]


def _json(body: dict | None) -> dict:
    import json

    if body is None:
        return {}
    return {"data": json.dumps(body), "content_type": "application/json"}


class TestGroups:
    @pytest.mark.parametrize("role", sorted(roles.ROLES))
    def test_hold_exactly_what_the_table_says(self, role, db):
        held = set(Group.objects.get(name=role).permissions.all())
        every = Permission.objects.select_related("content_type")

        assert held == {permission for permission in every if roles.granted(permission, role)}

    def test_every_line_of_the_table_names_a_permission_there_is(self, db):
        every = {
            (permission.content_type.app_label, permission.content_type.model, action)
            for permission in Permission.objects.select_related("content_type")
            for action in [permission.codename.rpartition("_")[0]]
        }
        for grants in (part for parts in roles.ROLES.values() for part in parts):
            for target, actions in grants.items():
                app, model = target.split(".")
                for action in actions.split():
                    assert any(
                        (app, action) == (a, c) and model in (m, "*") for a, m, c in every
                    ), f"{target}: {action}"

    def test_the_auditor_only_reads(self, db):
        held = Group.objects.get(name=AUDITOR).permissions.values_list("codename", flat=True)

        assert all(codename.startswith("view_") for codename in held)

    def test_nobody_writes_by_hand_what_services_write(self, db):
        rows = ["trade", "delivery", "match", "matchleg", "reconciliationrun", "tradebreak"]
        generic = Permission.objects.filter(
            content_type__model__in=[*rows, "breakevent", "breakcomment", "tradeversion"],
            codename__regex=r"^(add|change|delete)_",
        )

        assert not generic.filter(group__isnull=False).exists()
