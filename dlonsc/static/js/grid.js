// The grid by pointer: drag a name to another place. While it is held, each place says what dropping it there costs.
// Without it the menus do the same: take up, then put here.
"use strict";
(() => {
  const board = document.querySelector("[data-board]");
  const form = document.getElementById("edit");
  if (!board || !form) return;
  const note = document.querySelector("[data-board-note]");
  const help = document.querySelector("[data-drag-help]");
  if (help && matchMedia("(hover: hover)").matches) help.hidden = false;
  let held = "";
  let targets = null;
  let over = null;

  const say = (text, bad) => {
    note.textContent = text;
    note.classList.toggle("refused", Boolean(bad));
  };
  const clear = () => {
    for (const place of board.querySelectorAll(".can-take, .cannot-take, .over")) place.classList.remove("can-take", "cannot-take", "over");
    held = "";
    targets = null;
    over = null;
  };
  const mark = () => {
    for (const place of board.querySelectorAll("[data-target]")) {
      const offer = targets[place.dataset.target];
      if (offer) place.classList.add(offer.refusal ? "cannot-take" : "can-take");
    }
  };
  const ask = async (carry) => {
    const address = new URL(location.href);
    address.searchParams.set("carry", carry);
    address.searchParams.set("costs", "1");
    address.hash = "";
    try {
      const response = await fetch(address, { credentials: "same-origin" });
      if (!response.ok || held !== carry) return;
      const answer = await response.json();
      if (held !== carry) return;
      targets = answer.targets;
      mark();
      tell();
    } catch {
      say("The costs did not arrive. Use the menu of the name instead.", true);
    }
  };
  // The innermost place under the pointer that can be spoken about: a name, else its row.
  const placeOf = (element) => {
    let place = element.closest("[data-target]");
    while (place && targets && !targets[place.dataset.target]) place = place.parentElement.closest("[data-target]");
    return place;
  };
  const tell = () => {
    const offer = over && targets && targets[over.dataset.target];
    if (!offer) return;
    if (offer.refusal) say(offer.refusal, true);
    else say(`Total ${offer.cost}. ${offer.notes}`.trim());
  };

  document.addEventListener("dragstart", (event) => {
    const chip = event.target.closest && event.target.closest("[data-carry]");
    if (!chip) return;
    held = chip.dataset.carry;
    targets = null;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", chip.textContent.trim());
    ask(held);
  });
  board.addEventListener("dragover", (event) => {
    if (!held) return;
    const place = placeOf(event.target);
    if (place !== over) {
      if (over) over.classList.remove("over");
      over = place;
      if (over) over.classList.add("over");
      tell();
    }
    if (over && targets && targets[over.dataset.target]) event.preventDefault();
  });
  board.addEventListener("drop", (event) => {
    const offer = over && targets && targets[over.dataset.target];
    if (!held || !offer) return;
    event.preventDefault();
    if (offer.refusal) {
      say(`Not done. ${offer.refusal}`, true);
    } else {
      const act = document.createElement("input");
      act.type = "hidden";
      act.name = "act";
      act.value = offer.act;
      form.append(act);
      form.requestSubmit();
    }
    clear();
  });
  document.addEventListener("dragend", clear);

  // Arrow keys walk through the names; Escape puts back what is held.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("details[data-menu][open]")) {
      const back = document.querySelector("[data-put-back]");
      if (back) back.click();
      return;
    }
    const here = event.target.closest && event.target.closest(".chip summary");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!here || !step) return;
    const names = [...board.querySelectorAll(".chip summary")];
    const next = names[names.indexOf(here) + step];
    if (next) {
      next.focus();
      event.preventDefault();
    }
  });
})();
