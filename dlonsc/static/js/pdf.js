// Chromium's PDF viewer takes the focus when it cannot draw a file, from whoever types meanwhile, and the next letters
// with it. The first time it is given back, unless the reader went into the viewer herself, by pointer or by the Tab key.
"use strict";
for (const frame of document.querySelectorAll("iframe.pdf")) {
  let last = document.activeElement;
  let pointed = false;
  let tabbed = -Infinity;
  document.addEventListener("focusin", (event) => {
    if (event.target === frame) return;
    last = event.target;
    pointed = false;
  });
  frame.addEventListener("pointerenter", () => { pointed = true; });
  frame.addEventListener("pointerleave", () => { pointed = false; });
  document.addEventListener("keydown", (event) => { if (event.key === "Tab") tabbed = event.timeStamp; });
  const giveBack = (event) => {
    if (document.activeElement !== frame) return;
    window.removeEventListener("blur", giveBack);
    if (pointed || event.timeStamp - tabbed < 300) return;
    // A moment later: until then the browser is still about to give the keyboard to the viewer.
    setTimeout(() => {
      frame.blur();
      window.focus();
      if (last && last.isConnected) last.focus({ preventScroll: true });
    });
  };
  window.addEventListener("blur", giveBack);
}
