// A part of a page that asks for itself until it is done.
"use strict";
const poll = async (part) => {
  try {
    const response = await fetch(part.dataset.poll, { credentials: "same-origin", headers: { "X-Fragment": "1" } });
    // Signed out meanwhile: the page itself knows what to say.
    if (response.redirected) return location.reload();
    if (response.ok) {
      const holder = document.createElement("template");
      holder.innerHTML = (await response.text()).trim();
      const fresh = holder.content.firstElementChild;
      if (fresh) {
        part.replaceWith(fresh);
        part = fresh;
      }
    }
  } catch {
    // The network is away; ask again.
  }
  if (part.dataset && part.dataset.poll) setTimeout(() => poll(part), 2000);
};
for (const part of document.querySelectorAll("[data-poll]")) setTimeout(() => poll(part), 1000);
