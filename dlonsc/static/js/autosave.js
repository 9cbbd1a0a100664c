// Nothing typed is lost: saved on the server every few seconds, and kept in this browser until the server has it.
"use strict";
// Each form of the page: whether something of it is still to be saved, and how. Another form that takes the reader away
// waits for them all: the page that comes would show the text of before, and take its own last save for another window's.
const unsaved = [];
const waiting = new WeakSet();
const passing = new WeakSet();
document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  // A Save of before that was stopped is not what the next page answers.
  sessionStorage.removeItem("sent-draft");
  if (passing.has(target) || target.matches("[data-upload], [data-forget-drafts]")) return;
  const others = unsaved.filter((one) => one.form !== target && one.is());
  if (!others.length && !waiting.has(target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (waiting.has(target)) return;
  waiting.add(target);
  const saves = others.map((one) => one.save());
  Promise.race([Promise.all(saves), new Promise((go) => setTimeout(go, 4000))]).finally(() => {
    waiting.delete(target);
    passing.add(target);
    target.requestSubmit(submitter);
    passing.delete(target);
  });
}, true);
// Which window a text comes from: of two that one person has open, neither takes the place of the other.
const thisWindow = Math.random().toString(36).slice(2, 14);
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const key = `draft:${document.body.dataset.user}:${form.dataset.draftKey || form.dataset.autosave}`;
  const mark = form.querySelector("[data-save-mark]") || document.querySelector("[data-save-mark]");
  let timer = 0;
  let running = false;
  let changed = false;
  let afterwards = null;
  // What was sent without an answer: it may have arrived. Sent once more as it was it tells its version; a longer text
  // would seem to come from another window.
  let unanswered = null;
  let ended = Promise.resolve();

  const say = (text, bad) => {
    if (!mark) return;
    mark.textContent = text;
    mark.classList.toggle("not-saved", Boolean(bad));
  };
  const values = () => {
    const data = new FormData(form);
    data.delete("csrfmiddlewaretoken");
    // What belongs to the page as it was looked at, not to the text, is not put back.
    const kept = (name) => form.elements.namedItem(name)?.dataset?.notKept === undefined;
    return [...data.entries()].filter(([name, value]) => typeof value === "string" && kept(name));
  };
  const texts = () => [...form.elements].filter((control) => control.matches("textarea, input:not([type=hidden], [type=checkbox], [type=radio])"))
    .map((control) => control.name);
  // `sent`: the form is on its way by itself. The page that answers drops the text once it says that it is saved (frame.js).
  const keep = (sent = false) => {
    try {
      const at = Date.now();
      localStorage.setItem(key, JSON.stringify({ at, values: values(), texts: texts() }));
      if (sent) sessionStorage.setItem("sent-draft", JSON.stringify({ key, at }));
    } catch {
      say("Not saved: this browser keeps nothing", true);
    }
  };
  const forget = () => {
    localStorage.removeItem(key);
    document.dispatchEvent(new Event("draft-saved"));
  };

  const restore = () => {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch {
      kept = null;
    }
    if (!kept) return;
    const fields = kept.values.filter(([name]) => name !== "version");
    // Rows that were added have no place on this page yet (rows.js, which comes first).
    const boxes = [...form.querySelectorAll("[data-rows]")];
    for (const box of boxes) {
      const name = `${box.dataset.rows}-TOTAL_FORMS`;
      const number = Number(fields.find(([one]) => one === name)?.[1] ?? 0);
      for (let row = Number(form.elements.namedItem(name)?.value); row < number; row += 1) box.dispatchEvent(new Event("add-row"));
    }
    // Also by a tick that was taken away.
    const inOrder = (lines) => JSON.stringify(lines.filter(([name]) => name !== "version" && form.elements.namedItem(name)).map(String).sort());
    if (inOrder(fields) === inOrder(values())) {
      // What was refused stands on this page alone, and not on the next one.
      if (!document.querySelector(".error-summary, [data-message=error]")) forget();
      return;
    }
    const waiting = [...fields];
    for (const control of form.elements) {
      if (control.dataset.notKept !== undefined) continue;
      if (control.matches("[type=checkbox], [type=radio]")) {
        control.checked = fields.some(([name, value]) => name === control.name && value === control.value);
        continue;
      }
      const place = waiting.findIndex(([name]) => name === control.name);
      if (place >= 0) [[, control.value]] = waiting.splice(place, 1);
    }
    for (const box of boxes) box.dispatchEvent(new Event("arrange-rows"));
    // It is about what the page showed when it was typed: over a newer text it is kept beside, and never saved over it.
    const version = form.elements.namedItem("version");
    const was = kept.values.find(([name]) => name === "version");
    if (version && was) version.value = was[1];
    say("Restored from this browser: not saved yet", true);
    changed = true;
    schedule(500);
  };

  const save = (leaving) => {
    const mine = saving(leaving);
    ended = Promise.all([ended, mine]);
    return mine;
  };
  const saving = async (leaving) => {
    if (!changed || (running && !leaving)) return;
    changed = false;
    running = true;
    keep();
    say("Saving");
    const again = leaving ? null : unanswered;
    unanswered = again || new FormData(form);
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST", body: unanswered, headers: { "X-Autosave": "1", "X-Window": thisWindow }, keepalive: Boolean(leaving),
        credentials: "same-origin", redirect: "manual",
      });
      const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
      if (response.status < 500) {
        unanswered = null;
        // What was typed since then follows.
        if (again) changed = true;
      }
      if (response.ok && answer.saved_at) {
        const version = form.elements.namedItem("version");
        if (version && answer.version !== undefined) version.value = answer.version;
        running = false;
        if (changed) schedule(1000);
        else forget();
        say(`Saved ${answer.saved_at}`);
      } else if (response.status === 409) {
        say(answer.message || "A newer text was saved in another window; yours is kept beside it.", true);
        const version = form.elements.namedItem("version");
        if (version && answer.version !== undefined) version.value = answer.version;
        // The server kept it aside: the next page must not put it over the newer text.
        running = false;
        if (changed) schedule(1000);
        else if (answer.kept) forget();
      } else if (response.status === 403 || response.status === 401 || response.type === "opaqueredirect") {
        say("Not saved: you are signed out. Kept in this browser; sign in again in another tab, then load this page again.", true);
        changed = true;
      } else {
        say(answer.message || "Not saved: kept in this browser", true);
        changed = true;
        schedule(15000);
      }
    } catch {
      say("Not saved: kept in this browser", true);
      changed = true;
      schedule(5000);
    }
    running = false;
    goOn();
  };
  const goOn = () => {
    const submit = afterwards;
    afterwards = null;
    if (submit) submit();
  };
  const schedule = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => save(false), wait);
  };

  form.addEventListener("input", () => {
    changed = true;
    keep();
    schedule(3000);
  });
  form.addEventListener("change", () => {
    changed = true;
    keep();
    schedule(1000);
  });
  form.addEventListener("focusout", () => { if (changed) schedule(300); });
  // A save that is on its way ends first, and one without an answer goes once more first: the second of the two would
  // seem to come from another window.
  document.addEventListener("visibilitychange", () => { if (document.hidden) ended.then(() => save(!unanswered)); });
  window.addEventListener("pagehide", () => save(true));
  window.addEventListener("online", () => { if (changed) save(false); });
  window.addEventListener("offline", () => { if (changed) say("Not saved: kept in this browser", true); });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    keep(true);
    changed = false;
    if (!running) return;
    // A save is on its way with the same version: the second of the two would seem to come from another window.
    event.preventDefault();
    const { submitter } = event;
    afterwards = () => {
      running = false;
      form.requestSubmit(submitter);
    };
    setTimeout(goOn, 4000);
  });
  // Signing out: first everything is saved; what its writer drops is not put back by a last save on leaving.
  document.addEventListener("save-now", () => save(false));
  // Before a part of the page takes the reader to a new one (upload.js), it waits for what is on its way and then saves.
  const saveFirst = () => {
    clearTimeout(timer);
    return ended.then(() => save(false));
  };
  document.addEventListener("save-first", (event) => event.detail.push(saveFirst()));
  unsaved.push({ form, is: () => changed || running, save: saveFirst });
  document.addEventListener("drop-drafts", () => {
    clearTimeout(timer);
    changed = false;
    afterwards = null;
  });
  // Back to this page as it stood, after a Save that failed: its text waits again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !localStorage.getItem(key)) return;
    changed = true;
    schedule(500);
  });
  restore();
}
