// A slider tells its value.
"use strict";
for (const slider of document.querySelectorAll("input[type=range]")) {
  const words = document.createElement("output");
  const tell = () => { words.textContent = `${slider.value} %`; };
  words.htmlFor = slider.id;
  slider.after(words);
  slider.addEventListener("input", tell);
  tell();
}
