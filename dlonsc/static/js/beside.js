// Text typed into one form of a page is still there after another form of it was sent, after loading the page again, and
// when its writer comes back to it in this tab. What is saved while it is typed has a way of its own (autosave.js).
"use strict";
(() => {
  const BESIDE = "typed-beside";
  const mine = document.body.dataset.user;
  // What tells two forms of the same address apart: what they are about, and what their button does.
  const ABOUT = "input[type=hidden]:is([name=number], [name=item], [name=request], [name=member], [name=lift]), button[name][value]";
  const OTHERS = "[data-autosave], [data-upload], [data-forget-drafts]";
  const keyOf = (form, control) => [
    new URL(form.action).pathname, ...[...form.querySelectorAll(ABOUT)].map((one) => one.value), control.name,
  ].join(" ");
  const all = () => [...document.forms]
    .filter((form) => form.method === "post" && !form.matches(OTHERS) && !form.querySelector("[type=password]") && !form.closest(".demo-bar"))
    .flatMap((form) => [...form.elements].filter((control) => control.name && control.matches("textarea, input[type=text]"))
      .map((control) => [keyOf(form, control), control]));
  // Where two fields could not be told apart nothing is kept: better no text than one in the wrong place.
  const controls = () => {
    const found = all();
    const times = new Map();
    for (const [key] of found) times.set(key, (times.get(key) || 0) + 1);
    return found.filter(([key]) => times.get(key) === 1);
  };
  const kept = () => {
    try {
      const found = JSON.parse(sessionStorage.getItem(BESIDE));
      return found && found.user === mine ? found.fields : {};
    } catch {
      return {};
    }
  };
  let sent = null;
  let dropped = false;
  const keep = () => {
    if (dropped) return;
    const fields = kept();
    for (const [key, control] of controls()) {
      if (control.form !== sent && control.value !== control.defaultValue) fields[key] = [control.value, control.defaultValue];
      else delete fields[key];
    }
    try {
      sessionStorage.setItem(BESIDE, JSON.stringify({ user: mine, fields }));
    } catch {
      // This browser keeps nothing.
    }
  };
  for (const [key, control] of controls()) {
    const [value, before] = kept()[key] || [];
    // Only over what stood there when it was typed: never over what the site has now.
    if (value === undefined || control.value !== control.defaultValue || control.defaultValue !== before) continue;
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) sent = event.target;
  });
  document.addEventListener("drop-drafts", () => {
    dropped = true;
    sessionStorage.removeItem(BESIDE);
  });
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", () => { sent = null; });
})();
