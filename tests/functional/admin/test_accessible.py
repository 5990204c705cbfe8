"""Every page of the desk under axe-core: nothing that keeps somebody from using it."""

import pytest

from tests.functional.admin.busy import busy_desk
from tests.functional.admin.pages import LED_TO, pages
from tests.integration.admin.rows import add_rows, add_thresholds

pytestmark = pytest.mark.thorough

GRAVE = ("serious", "critical")
RUN = """async (rules) => {
    const found = await axe.run(document, {resultTypes: ["violations"], ...rules});
    return found.violations.map(({id, impact, nodes}) =>
        ({id, impact, nodes: nodes.map((node) => node.html.slice(0, 200))}));
}"""
SHADE = "dark => document.documentElement.classList.toggle('dark', dark)"
# What else axe looks at does not depend on the colours.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


@pytest.fixture
def axe():
    """Return a function that gives the grave violations of a page, in light and in dark."""
    base = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-core is not installed: make install"
    )

    def violations(page):
        page.add_style_tag(content="* { transition: none !important; }")
        page.evaluate(base.AXE_SCRIPT)
        found = []
        for is_dark, rules in ((False, {}), (True, COLOURS)):
            page.evaluate(SHADE, is_dark)
            found += [
                (*("dark",) * is_dark, one["id"], one["nodes"])
                for one in page.evaluate(RUN, rules)
                if one["impact"] in GRAVE
            ]
        page.evaluate(SHADE, False)
        return found

    return violations


def test_every_page_is_free_of_grave_violations(new_page, sign_in, axe, tmp_path, settings):
    """One desk and one sign-in for all of them: they are dear to make, the pages are not."""
    settings.VAR_DIR = tmp_path
    desk = busy_desk(trades=60)
    add_rows(1)
    add_thresholds()
    page = new_page()
    page.goto("/admin/login/")
    violations = {"login": axe(page)}
    sign_in(page, desk.everything)
    for name, address in pages():
        page.goto(address)
        violations[name] = axe(page)
    for name, lead in LED_TO.items():
        lead(page, tmp_path)
        violations[name] = axe(page)

    grave = [f"{name}: {one}" for name, found in violations.items() for one in found]
    assert not grave, "\n".join(grave)
    assert len(violations) > 90
