// The frame of every page: server time, local times, countdowns, menus, dialogs. Works without it, better with it.
"use strict";
(() => {
  const began = performance.now();
  const serverNow = Number(document.body.dataset.now) * 1000 || Date.now();
  // The laptop's clock may be wrong; its pace is not.
  const now = () => serverNow + (performance.now() - began);

  const local = new Intl.DateTimeFormat("en-GB", {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
    hour12: false, timeZoneName: "short",
  });
  // The same order of words as the server's: Wed 1 Apr 2020, 13:59 CEST.
  const localWords = (time) => local.format(new Date(time.dateTime)).replace(",", "") + " your time";
  // Where the reader's clock shows UTC, that stands there already.
  const isUtc = ["UTC", "Etc/UTC", "Etc/GMT", "GMT"].includes(local.resolvedOptions().timeZone);
  for (const time of document.querySelectorAll("time[data-local]")) if (!isUtc) time.textContent = "= " + localWords(time);
  for (const time of document.querySelectorAll("time[data-instant]")) time.title = localWords(time);

  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const words = (ms) => {
    const minutes = Math.floor(ms / 60000);
    if (minutes >= 3 * 24 * 60) return "in " + plural(Math.floor(minutes / 1440), "day");
    if (minutes >= 24 * 60) return `in ${plural(Math.floor(minutes / 1440), "day")} ${plural(Math.floor(minutes / 60) % 24, "hour")}`;
    const two = (n) => String(n).padStart(2, "0");
    return `in ${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(Math.floor(ms / 1000) % 60)}`;
  };
  const marks = [...document.querySelectorAll("[data-countdown]")].map((mark) => [mark, Date.parse(mark.dataset.countdown)]);
  const tick = () => {
    for (const [mark, at] of marks) {
      const left = at - now();
      mark.textContent = left > 0 ? words(left) : "";
    }
  };
  if (marks.length) {
    tick();
    setInterval(tick, 1000);
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog) {
        dialog.showModal();
        event.preventDefault();
      }
    }
    if (event.target.closest("[data-closes]")) {
      event.target.closest("dialog")?.close();
      event.preventDefault();
    }
    // A bar that stays at the bottom must not cover the text that is clicked into; the Tab key scrolls by itself.
    if (event.target.matches("textarea") && event.target.form?.querySelector(".sticky-bar")) event.target.scrollIntoView({ block: "nearest" });
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      const search = document.querySelector("input[type=search]");
      if (search) {
        search.focus();
        event.preventDefault();
      }
    }
  });

  // A button pressed twice sends once. The server holds it too; this spares the second page.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.dataset.autosave !== undefined) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A form that was refused because the session had ended (or changed) comes back with what was typed, after signing in.
  const TYPED = "typed";
  const box = window.sessionStorage;
  const mine = document.body.dataset.user;
  const textsOf = (form) => [...form.elements].filter((control) => control.name && control.name !== "csrfmiddlewaretoken"
    && (control.matches("textarea, select, [name$='-ORDER'], [name$='-DELETE']") || control.matches("input:not([type=hidden], [type=password], [type=file], [type=submit])")));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.querySelector("[type=password]") || form.closest(".demo-bar")) return;
    const fields = textsOf(form).map((control) => [control.name, control.matches("[type=checkbox], [type=radio]") ? (control.checked ? control.value : null) : control.value]);
    try {
      if (fields.length) box.setItem(TYPED, JSON.stringify({ user: mine, path: location.pathname, action: form.action, fields, lost: false }));
    } catch {
      // Too much for this browser's store: the back button still has it.
    }
  });
  let typed = null;
  try {
    typed = JSON.parse(box.getItem(TYPED));
  } catch {
    typed = null;
  }
  // An answer without this script, of a site that was away or failed, has said nothing of what was sent: who goes back
  // from it finds it again, also where the browser keeps nothing of a page that no cache may keep.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (typed && document.querySelector("[data-form-lost]")) box.setItem(TYPED, JSON.stringify({ ...typed, lost: true }));
  else if (typed && !typed.lost && !(isBack && typed.path === location.pathname)) box.removeItem(TYPED);
  else if (typed && typed.path === location.pathname && typed.user === mine) {
    // After the other scripts: rows that were added have no place on this page before rows.js makes one.
    document.addEventListener("DOMContentLoaded", () => {
      const form = [...document.forms].find((one) => one.action === typed.action);
      if (!form) return;
      for (const [name] of typed.fields) {
        const [, rows, number] = /^(\w+)-(\d+)-/.exec(name) || [];
        const place = rows && form.querySelector(`[data-rows="${rows}"]`);
        for (let row = 0; place && row <= number && !form.elements.namedItem(name); row += 1) place.dispatchEvent(new Event("add-row"));
      }
      const waiting = [...typed.fields];
      for (const control of textsOf(form)) {
        const place = waiting.findIndex(([name, value]) => name === control.name && (!control.matches("[type=radio]") || value === null || value === control.value));
        if (place < 0) continue;
        const [[, value]] = waiting.splice(place, 1);
        if (control.matches("[type=checkbox], [type=radio]")) control.checked = value !== null;
        else control.value = value;
      }
      for (const rows of form.querySelectorAll("[data-rows]")) rows.dispatchEvent(new Event("arrange-rows"));
      const note = document.createElement("p");
      note.className = "alert alert-care";
      note.setAttribute("role", "status");
      note.textContent = typed.lost ? "What you had typed was put back from this browser. It is not saved yet."
        : "What you had sent was put back from this browser. Whether it arrived is not known: look before you send it again.";
      form.prepend(note);
      box.removeItem(TYPED);
    });
  }

  // Signing out takes this person's texts out of the browser. A text that the server does not have yet holds it up: it is
  // saved first, and where that fails only a second press drops it. Another person's texts wait for their own writer.
  const drafts = () => Object.keys(localStorage).filter((key) => key.startsWith(`draft:${mine}:`));
  // A text that went by the plain Save is dropped here once this page, its answer, says that the server has it (a warning:
  // kept aside). Any other answer leaves it unsaved, also a refusal that is the first page to tell of another form, and so
  // does what was typed after the press.
  try {
    const sent = JSON.parse(box.getItem("sent-draft"));
    box.removeItem("sent-draft");
    const has = document.querySelector("[data-message=success], [data-message=warning]") && !document.querySelector(".error-summary");
    if (sent && has && JSON.parse(localStorage.getItem(sent.key))?.at === sent.at) localStorage.removeItem(sent.key);
  } catch {
    // Unreadable: what is kept stays kept.
  }
  for (const form of document.querySelectorAll("form[data-forget-drafts]")) {
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.className = "error";
    document.addEventListener("draft-saved", () => {
      if (note.isConnected && !drafts().length) form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      if (!note.isConnected && drafts().length) {
        event.preventDefault();
        note.textContent = "A text of yours is only in this browser: it is not saved yet. Go back to its page until it says “Saved”, or press Sign out again to drop it.";
        form.append(note);
        document.dispatchEvent(new Event("save-now"));
        return;
      }
      document.dispatchEvent(new Event("drop-drafts"));
      for (const key of drafts()) localStorage.removeItem(key);
      box.removeItem(TYPED);
    });
  }
  for (const select of document.querySelectorAll("select[data-submits]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  document.querySelector(".error-summary")?.focus();
  const chairMenu = document.querySelector("[data-chair-menu]");
  if (chairMenu) {
    // As the style sheet: beside the page it has no summary to open it by.
    const narrow = matchMedia("(max-width: 60rem)");
    const fold = () => { chairMenu.open = !narrow.matches; };
    fold();
    narrow.addEventListener("change", fold);
  }
})();
