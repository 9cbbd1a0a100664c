// While somebody types: which placeholders nobody can fill. The server refuses them too.
"use strict";
for (const field of document.querySelectorAll("[data-placeholders]")) {
  const known = new Set(field.dataset.placeholders.split(" "));
  const note = document.createElement("p");
  note.className = "error";
  note.id = `${field.id}-unknown`;
  note.setAttribute("role", "status");
  field.after(note);
  const look = () => {
    const strange = [...field.value.matchAll(/\{([^{}\n]{0,60})\}/g)].map((found) => found[1]).filter((name) => !known.has(name));
    note.textContent = strange.length ? `Nobody can fill ${[...new Set(strange)].map((name) => `{${name}}`).join(", ")}.` : "";
    field.setAttribute("aria-invalid", String(strange.length > 0));
  };
  field.addEventListener("input", look);
  look();
}
