// The keyboard of the desk. Unfold has no keys of its own but "/" and the search of commands.
//
// A page says which keys it has: an element with data-key="r" is clicked when r is pressed. Lists
// have theirs by unfold's own markup. Keys do nothing while one types, with a modifier held, or
// behind an open dialog; "?" lists those of the page.
(() => {
    "use strict";

    const FIELDS = "input:not([type=hidden]):enabled, select:enabled, textarea:enabled";
    const STOPS = `a[href], button, ${FIELDS}, [tabindex]:not([tabindex="-1"])`;
    const TYPED_IN =
        "input:not([type=checkbox]):not([type=radio]):not([type=submit]):not([type=button]), " +
        "textarea, select, [contenteditable]:not([contenteditable=false])";
    const LAST_LOOKED_AT = "desk-last";

    let leaving = false; // a key pressed twice must not send a form twice
    let opener = null; // what had the focus before a dialog opened

    const isShown = (element) => element.getClientRects().length > 0;
    const rows = () => [...document.querySelectorAll("#result_list tr.data-row")].filter(isShown);
    const linkOf = (row) => row.querySelector("th a[href], td a.dk-link[href]");
    const checkOf = (row) => row.querySelector("input.action-select");
    const current = () => document.querySelector("#result_list tr[aria-current]");
    const modal = () => {
        const found = document.getElementById("modal-content");
        return found && isShown(found) ? found : null;
    };

    // --- lists: a row that one stands on ----------------------------------------------------

    function standOn(row, { focus = true } = {}) {
        current()?.removeAttribute("aria-current");
        row.setAttribute("aria-current", "true");
        if (focus) linkOf(row)?.focus({ preventScroll: true });
        row.scrollIntoView({ block: "nearest" });
    }

    function step(by) {
        const all = rows();
        if (!all.length) return;
        const at = all.indexOf(current());
        standOn(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
    }

    const LIST_KEYS = {
        j: ["Next row", () => step(1)],
        k: ["Previous row", () => step(-1)],
        o: ["Open the row (or Enter)", () => current() && linkOf(current())?.click()],
        x: ["Select the row", () => current() && checkOf(current())?.click()],
        "/": ["Search", () => document.getElementById("searchbar")?.focus()],
    };

    // --- what a key does on this page -------------------------------------------------------

    function marked() {
        const found = {};
        for (const element of document.querySelectorAll("[data-key]")) {
            if (!isShown(element) || found[element.dataset.key]) continue;
            const label = element.dataset.label || element.textContent;
            found[element.dataset.key] = [label.trim().replace(/\s+/g, " "), () => press(element)];
        }
        return found;
    }

    function press(element) {
        // Links that open a dialog stay on the page, all else leaves it.
        leaving = !element.hasAttribute("hx-get");
        setTimeout(() => { leaving = false; }, 5000); // a page that never came
        element.click();
    }

    function keys() {
        return { ...(document.getElementById("result_list") ? LIST_KEYS : {}), ...marked() };
    }

    function showKeys() {
        document.querySelector("dialog.dk-keys")?.remove();
        const dialog = document.createElement("dialog");
        dialog.className = "dk-keys";
        dialog.setAttribute("aria-labelledby", "dk-keys-title");
        const title = dialog.appendChild(document.createElement("h2"));
        title.id = "dk-keys-title";
        title.textContent = "Keys";
        const list = dialog.appendChild(document.createElement("dl"));
        const always = {
            "Ctrl+Enter": ["Send the form"],
            ...(document.querySelector("[rel=next]") && {
                "Ctrl+Shift+Enter": ["Send it and go to the next break"],
            }),
            Escape: ["Close the dialog"],
            "?": ["Show these keys"],
        };
        for (const [key, [label]] of Object.entries({ ...keys(), ...always })) {
            const name = list.appendChild(document.createElement("dt"));
            name.appendChild(document.createElement("kbd")).textContent = key;
            list.appendChild(document.createElement("dd")).textContent = label;
        }
        const close = dialog.appendChild(document.createElement("button"));
        close.type = "button";
        close.className = "dk-button";
        close.textContent = "Close";
        close.addEventListener("click", () => dialog.close());
        dialog.addEventListener("close", () => dialog.remove());
        document.body.appendChild(dialog).showModal();
        close.focus();
    }

    // --- dialogs: unfold opens them, but leaves the focus where it was ----------------------

    function focusFirst(dialog, tries = 30) {
        if (!isShown(dialog)) {
            if (tries) requestAnimationFrame(() => focusFirst(dialog, tries - 1));
            return;
        }
        const fields = [...dialog.querySelectorAll(FIELDS)].filter(isShown);
        const wanted =
            fields.find((field) => field.getAttribute("aria-invalid") === "true") ||
            fields.find((field) => field.autofocus) ||
            fields[0];
        (wanted || dialog.querySelector("[type=submit]"))?.focus();
    }

    function keepFocusIn(dialog, event) {
        const stops = [...dialog.querySelectorAll(STOPS)].filter(isShown);
        const [first, last] = [stops[0], stops[stops.length - 1]];
        const inside = dialog.contains(document.activeElement);
        if (event.shiftKey ? document.activeElement === first : document.activeElement === last) {
            event.preventDefault();
            (event.shiftKey ? last : first).focus();
        } else if (!inside && first) {
            event.preventDefault();
            first.focus();
        }
    }

    function sendForm(event) {
        const form = event.target.closest?.(".dk-dialog form, .dk-pad form, form.dk-comment");
        if (!form || leaving) return;
        event.preventDefault();
        const onward = event.shiftKey && form.querySelector("[name=then_next]");
        // Clicked, not submitted: htmx sends along only a button it saw clicked.
        (onward || form.querySelector("[type=submit]:not([name])"))?.click();
    }

    // --- wiring -----------------------------------------------------------------------------

    function onKey(event) {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendForm(event);
        const open = modal();
        if (open && event.key === "Tab") return keepFocusIn(open, event);
        if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
        if (open || leaving || document.querySelector("dialog[open]")) return;
        if (event.target.closest?.(TYPED_IN)) return;
        if (event.key === "?") {
            event.preventDefault();
            return showKeys();
        }
        const does = keys()[event.key];
        if (!does) return;
        event.preventDefault();
        does[1]();
    }

    function onReady() {
        // What htmx brings in is wired up at once: sent within its usual 20 ms, a form would leave.
        if (window.htmx) window.htmx.config.defaultSettleDelay = 0;
        document.addEventListener("keydown", onKey);
        document.addEventListener("click", (event) => {
            if (event.target.closest("[data-keys]")) showKeys();
            const opens = event.target.closest("[hx-get]");
            if (opens) opener = opens;
        });
        document.addEventListener("focusin", (event) => {
            const row = event.target.closest?.("#result_list tr.data-row");
            if (row && row !== current()) standOn(row, { focus: false });
        });
        document.body.addEventListener("htmx:afterSettle", (event) => {
            const dialog = event.target.closest?.("#modal-content");
            if (dialog) focusFirst(dialog);
        });
        const overlay = document.getElementById("modal-overlay");
        if (overlay) {
            new MutationObserver(() => {
                if (isShown(overlay) || !opener) return;
                opener.focus();
                opener = null;
            }).observe(overlay, { attributes: true, attributeFilter: ["style"] });
        }
        // Whoever comes back to the queue stands where they left it.
        if (document.querySelector(".dk-navigation")) {
            sessionStorage.setItem(LAST_LOOKED_AT, location.pathname);
        }
        const last = sessionStorage.getItem(LAST_LOOKED_AT);
        const left = last && rows().find((row) => linkOf(row)?.pathname === last);
        if (left) standOn(left, { focus: false });
    }

    // Django's boxes of people and permissions name an icon, which has to say it is a picture.
    window.addEventListener("load", () => setTimeout(() => {
        for (const icon of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) {
            icon.setAttribute("role", "img");
        }
    }));
    document.addEventListener("DOMContentLoaded", onReady);
    window.addEventListener("pageshow", () => { leaving = false; });
})();
