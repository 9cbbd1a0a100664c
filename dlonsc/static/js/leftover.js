// Text that was typed here, never reached the server, and whose form has closed meanwhile: shown for copying, until its
// writer drops it.
"use strict";
for (const place of document.querySelectorAll("[data-leftovers]")) {
  const user = document.body.dataset.user;
  const open = new Set([...document.querySelectorAll("form[data-draft-key]")].map((form) => form.dataset.draftKey));
  for (const name of place.dataset.leftovers.split(" ").filter((one) => one && !open.has(one))) {
    const key = `draft:${user}:${name}`;
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch {
      kept = null;
    }
    // Choices and codes are no text of hers (an older version of the site did not tell them apart).
    const texts = (kept?.values || []).filter(([field, value]) => value.trim() && (!kept.texts || kept.texts.includes(field)));
    if (!texts.length) continue;
    const box = document.createElement("section");
    box.className = "alert alert-care stack";
    box.setAttribute("role", "status");
    const words = document.createElement("p");
    words.textContent = "This was typed here and did not reach the site before the form closed. It is kept in this browser only, and is no part of what was submitted.";
    box.append(words);
    for (const [field, value] of texts) {
      const label = document.createElement("label");
      const text = document.createElement("textarea");
      label.textContent = field.replaceAll("_", " ");
      text.readOnly = true;
      text.rows = 4;
      text.value = value;
      label.append(text);
      box.append(label);
    }
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "button quiet";
    drop.textContent = "Drop this text";
    drop.addEventListener("click", () => {
      localStorage.removeItem(key);
      box.remove();
    });
    box.append(drop);
    place.append(box);
  }
}
