// A part of a page that asks for itself until it is done. It is replaced only when something in it changed, and whoever
// stands on a button in it stays there.
"use strict";
const withoutTokens = (part) => {
  const copy = part.cloneNode(true);
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken], [data-poll-lost]")) token.remove();
  return copy.outerHTML;
};
const stops = (part) => [...part.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
const nameOf = (control) => [control.tagName, control.name, control.value, control.href, control.textContent.trim()].join(" ");
const replace = (part, fresh) => {
  const at = part.contains(document.activeElement) ? stops(part).indexOf(document.activeElement) : -1;
  const name = at < 0 ? "" : nameOf(document.activeElement);
  part.replaceWith(fresh);
  if (at < 0) return;
  const now = stops(fresh);
  (now.find((control) => nameOf(control) === name) || now[at])?.focus({ preventScroll: true });
};
const lost = (part, is) => {
  const said = part.querySelector("[data-poll-lost]");
  if (!is) said?.remove();
  if (!is || said) return;
  const words = document.createElement("p");
  words.dataset.pollLost = "";
  words.className = "alert alert-care";
  words.setAttribute("role", "status");
  words.textContent = "The site does not answer. What stands here may be old; it is asked for again every two seconds.";
  part.prepend(words);
};
const poll = async (part, missed = 0) => {
  let answered = false;
  try {
    const response = await fetch(part.dataset.poll, { credentials: "same-origin", headers: { "X-Fragment": "1" } });
    // Signed out meanwhile: the page itself knows what to say.
    if (response.redirected) return location.reload();
    if (response.ok) {
      answered = true;
      const holder = document.createElement("template");
      holder.innerHTML = (await response.text()).trim();
      const fresh = holder.content.firstElementChild;
      if (fresh && withoutTokens(fresh) !== withoutTokens(part)) {
        replace(part, fresh);
        part = fresh;
      }
    }
  } catch {
    // The network is away; ask again.
  }
  lost(part, !answered && missed >= 2);
  if (part.dataset && part.dataset.poll) setTimeout(() => poll(part, answered ? 0 : missed + 1), 2000);
};
for (const part of document.querySelectorAll("[data-poll]")) setTimeout(() => poll(part), 1000);
