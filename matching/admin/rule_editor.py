"""The page where a draft is edited: as a form, or as the JSON the form writes."""

import json
import math
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from matching.admin.rule_form import RuleEdit
from matching.admin.rule_words import changes_panel
from matching.choices import RuleSetStatus
from matching.models import RuleSet
from matching.rules import InvalidRules, active_version, validated
from matching.rules_diff import changes
from trades.admin.asked import is_key
from trades.admin.page import Panel

FORM, JSON = "form", "json"


class NotJson(ValueError):
    """What was typed is no JSON; the sentence says where."""


def editor(model_admin: Any, request: HttpRequest, row: RuleSet) -> HttpResponse:
    """
    Show the editor, look at what was typed, or save it.

    `model_admin` is that of rule sets: it has the `break_types` there are, and `check_definition`.
    """
    if row.status != RuleSetStatus.DRAFT:
        raise PermissionDenied("Only a draft is edited.")
    mode = JSON if request.GET.get("as") == JSON else FORM
    typed = request.POST if request.method == "POST" else None
    edit = None
    text = typed.get("definition", "") if typed and mode == JSON else ""
    problem, more, made = "", None, row.definition
    note = typed.get("note", "") if typed else row.note
    try:
        edit = RuleEdit(
            row.definition, typed if mode == FORM else None, kinds=model_admin.break_types
        )
    except (AttributeError, KeyError, TypeError):
        # A definition so odd that no form can show it is still JSON.
        mode = JSON
    if typed is not None:
        try:
            made = _parsed(text) if mode == JSON else _made(edit)
            model_admin.check_definition(made)
            if "save" in typed:
                _save(request, row, made, note, typed)
                return HttpResponseRedirect(_after(request, row))
        except (InvalidRules, NotJson) as refusal:
            problem = str(refusal)
            if edit is not None and mode == FORM:
                edit.blame(problem)
        except _Refused as refusal:
            problem, more = str(refusal), refusal.more
    return TemplateResponse(
        request,
        "desk/rule_editor.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "original": row,
            "title": f"Edit {row}",
            "is_fullwidth": "1",
            "mode": mode,
            "edit": edit,
            "json": text or json.dumps(made, indent=2, ensure_ascii=False),
            "note": note,
            "edits": typed.get("edits", "") if typed and not more else row.edits,
            "problem": problem,
            "more": more,
            "panel": None if problem and not more else _against_active(row, made),
            "back": reverse("admin:matching_ruleset_change", args=[row.pk]),
        },
    )


def _save(request: HttpRequest, row: RuleSet, made: Any, note: str, typed: Any) -> None:
    from matching.services import rule_sets

    seen = typed.get("edits", "")
    try:
        saved = rule_sets.edit_draft(
            rule_set_id=row.pk, definition=made, note=note.replace("\x00", "").strip(),
            edits=int(seen) if is_key(seen) else -1, by=request.user, at=timezone.now(),
        )  # fmt: skip
    except rule_sets.StaleDraft as stale:
        row.edits = stale.current.edits
        theirs = validated(stale.current.definition)
        panel = changes_panel(
            changes(theirs, validated(made)), none="Your rules say the same as theirs.",
            title="What saving yours would change of theirs",
        )  # fmt: skip
        raise _Refused(str(stale), panel) from stale
    except rule_sets.RuleSetNotDraft as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    messages.success(request, f"{saved} is saved.")


def _after(request: HttpRequest, row: RuleSet) -> str:
    if "stay" in request.POST:
        return request.get_full_path()
    return reverse("admin:matching_ruleset_change", args=[row.pk])


class _Refused(Exception):
    """The save was refused; `more` shows why."""

    def __init__(self, sentence: str, more: Panel) -> None:
        super().__init__(sentence)
        self.more = more


def _made(edit: RuleEdit | None) -> Any:
    if edit is None or not edit.is_valid:
        raise InvalidRules("One of the numbers is no number; it is marked below.")
    return edit.definition()


def _parsed(text: str) -> Any:
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        written = json.dumps(found, ensure_ascii=False)
        written.encode()
    except RecursionError as problem:
        raise NotJson("This is nested too deeply for rules.") from problem
    except UnicodeEncodeError as problem:
        raise NotJson("This has half a character in it (a lone surrogate).") from problem
    except ValueError as problem:
        raise NotJson(f"This is no JSON: {problem}") from problem
    if "\\u0000" in written:
        raise NotJson("This has a NUL character in it.")
    return found


def _finite(word: str) -> Any:
    found = json.loads(word)
    return found if math.isfinite(found) else _no_number(word)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number here")


def _against_active(row: RuleSet, made: Any) -> Panel:
    active = active_version(row)
    if active is None:
        return Panel(title="What it changes", none=f"No version of {row.name} is active yet.")
    try:
        found = changes(validated(active.definition), validated(made))
    except InvalidRules as problem:
        return Panel(title=f"Against {active}", none=str(problem))
    return changes_panel(
        found, title=f"What it changes against {active}", none=f"Nothing yet: it is {active} still."
    )
