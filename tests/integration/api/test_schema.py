import io
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from recon_project.api.urls import V1


@pytest.fixture(scope="module")
def schema() -> dict:
    import yaml

    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return yaml.safe_load(out.getvalue())


class TestSchema:
    def test_generates_without_a_warning_and_has_every_path(self, schema):
        paths = {re.sub(r"\{\w+\}", "<>", path) for path in schema["paths"]}
        routes = {str(route.pattern) for route in V1 if route.name != "schema"}

        assert paths == {"/api/v1/" + re.sub(r"<int:\w+>", "<>", route) for route in routes}

    def test_money_is_a_string(self, schema):
        trade = schema["components"]["schemas"]["TradeOutput"]["properties"]

        for name in ("quantity", "price", "net_amount", "fees"):
            assert (trade[name]["type"], trade[name]["format"]) == ("string", "decimal")

    def test_every_operation_tells_of_problems(self, schema):
        for path in schema["paths"].values():
            for operation in path.values():
                content = operation["responses"]["default"]["content"]
                assert "application/problem+json" in content

    def test_writes_tell_of_their_headers(self, schema):
        def headers(path: str) -> set[str]:
            parameters = schema["paths"][path]["post"]["parameters"]
            return {one["name"] for one in parameters if one["in"] == "header"}

        assert headers("/api/v1/reconciliation/run") == {"Idempotency-Key", "Prefer"}
        assert headers("/api/v1/breaks/{id}/resolve") == {"Idempotency-Key", "If-Match"}

    def test_enums_have_names_and_not_numbers(self, schema):
        names = set(schema["components"]["schemas"])

        assert {"BreakStatus", "RunStatus", "MatchSide", "ReasonCode"} <= names
        assert not {name for name in names if re.search(r"[0-9a-f]{3}Enum$", name)}


class TestPages:
    def test_the_schema_needs_a_caller(self, api, db):
        assert api.get("/api/v1/schema/").status_code == 401

    def test_the_schema_is_served(self, browser_as, auditor):
        answer = browser_as(auditor).get("/api/v1/schema/")

        assert answer.status_code == 200
        assert b"openapi: 3" in answer.content

    def test_the_docs_send_a_stranger_to_the_login(self, client, db):
        answer = client.get("/api/docs/")

        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/?next=/api/docs/")

    def test_the_docs_load_nothing_from_elsewhere_and_run_under_the_policy(
        self, browser_as, auditor
    ):
        browser = browser_as(auditor)
        page = browser.get("/api/docs/")
        html = page.content.decode()

        linked = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert len(linked) >= 4
        assert all(link.startswith("/") for link in linked), linked
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "unsafe" not in page["Content-Security-Policy"]
        (script,) = [link for link in linked if "script=" in link]
        assert b"/api/v1/schema/" in browser.get(script.replace("&amp;", "&")).content

    def test_the_assets_come_with_the_package(self):
        from drf_spectacular_sidecar import __file__ as sidecar

        bundle = Path(sidecar).parent / "static/drf_spectacular_sidecar/swagger-ui-dist"
        assert (bundle / "swagger-ui-bundle.js").is_file()
