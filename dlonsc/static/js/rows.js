// Rows of a formset: add, remove, move; all by keyboard too. Without it the empty rows at the end serve.
"use strict";
for (const box of document.querySelectorAll("[data-rows]")) {
  const prefix = box.dataset.rows;
  const list = box.querySelector("[data-row-list]") || box;
  const blank = box.querySelector("template[data-row-template]");
  const total = box.querySelector(`[name="${prefix}-TOTAL_FORMS"]`) || document.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const rows = () => [...list.querySelectorAll("[data-row]")].filter((row) => !row.hidden);
  const changed = () => box.closest("form")?.dispatchEvent(new Event("change", { bubbles: true }));

  const renumber = () => {
    rows().forEach((row, index) => {
      const order = field(row, "ORDER");
      if (order) order.value = index + 1;
      const number = row.querySelector("[data-row-number]");
      if (number) number.textContent = index + 1;
    });
  };
  // As their writer left them: what she took out is not shown, or she would type into it, and the rest stands in her order.
  const arrange = () => {
    for (const row of list.querySelectorAll("[data-row]")) row.hidden = field(row, "DELETE")?.value === "on";
    const place = (row) => Number(field(row, "ORDER")?.value) || 10000;
    list.append(...rows().sort((one, other) => place(one) - place(other)));
    renumber();
  };
  const add = () => {
    if (!blank || !total) return null;
    const number = Number(total.value);
    const holder = document.createElement("template");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", String(number));
    const fresh = holder.content.firstElementChild;
    list.append(fresh);
    total.value = number + 1;
    return fresh;
  };
  // Another part of the page needs a row for what was typed into one, and has put back what was (autosave.js, frame.js).
  box.addEventListener("add-row", () => {
    add();
    renumber();
  });
  box.addEventListener("arrange-rows", arrange);
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-add], [data-row-remove], [data-row-up], [data-row-down]");
    if (!button || !box.contains(button)) return;
    event.preventDefault();
    const row = button.closest("[data-row]");
    if (button.matches("[data-row-add]")) {
      add()?.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    } else if (button.matches("[data-row-remove]") && row) {
      field(row, "DELETE").value = "on";
      row.hidden = true;
      (rows().at(-1) || box).querySelector("input, button")?.focus();
    } else if (button.matches("[data-row-up]") && row) {
      const before = rows()[rows().indexOf(row) - 1];
      if (before) before.before(row);
      button.focus();
    } else if (button.matches("[data-row-down]") && row) {
      const after = rows()[rows().indexOf(row) + 1];
      if (after) after.after(row);
      button.focus();
    }
    renumber();
    changed();
  });
  arrange();
}
