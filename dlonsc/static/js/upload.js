// Uploads with progress; without it the form posts as forms do.
"use strict";
// What was typed into the other forms of the page, which an upload would otherwise take away with the old page.
const BESIDE = "typed-beside-an-upload";
const besides = () => [...document.forms]
  .filter((form) => form.method === "post" && !form.matches("[data-autosave], [data-forget-drafts]"))
  .flatMap((form) => [...form.elements].filter((control) => control.name && control.matches("textarea, input[type=text]"))
    .map((control) => [`${new URL(form.action).pathname} ${control.name}`, control]));
const keepBesides = () => {
  const fields = besides().filter(([, control]) => control.value !== control.defaultValue).map(([key, control]) => [key, control.value]);
  if (fields.length) sessionStorage.setItem(BESIDE, JSON.stringify({ user: document.body.dataset.user, path: location.pathname, at: Date.now(), fields }));
};
try {
  const kept = JSON.parse(sessionStorage.getItem(BESIDE));
  sessionStorage.removeItem(BESIDE);
  if (kept && kept.user === document.body.dataset.user && kept.path === location.pathname && Date.now() - kept.at < 60000) {
    for (const [key, value] of kept.fields) {
      const found = besides().find(([other, control]) => other === key && !control.value);
      if (found) found[1].value = value;
    }
  }
} catch {
  // Nothing readable was kept.
}
for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const bar = document.createElement("progress");
  const words = document.createElement("p");
  let sending = false;
  words.setAttribute("role", "status");
  bar.max = 100;
  bar.hidden = true;
  bar.setAttribute("aria-label", "Upload");
  form.append(bar, words);

  const fail = (errors) => {
    bar.hidden = true;
    sending = false;
    words.className = "error";
    words.textContent = Object.values(errors).flat().join(" ");
    input?.setAttribute("aria-invalid", "true");
    delete form.dataset.sent;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.action || location.href);
    request.setRequestHeader("X-Upload", "1");
    bar.hidden = false;
    bar.value = 0;
    words.className = "muted";
    words.textContent = "Uploading";
    const data = new FormData(form);
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      bar.value = (100 * step.loaded) / step.total;
      words.textContent = step.loaded < step.total ? `Uploading: ${Math.round(bar.value)} %` : "Checking the PDF";
    });
    request.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = {};
      }
      if (request.status < 300 && answer.location) {
        try {
          keepBesides();
        } catch {
          // This browser keeps nothing: the file has arrived all the same.
        }
        location.assign(answer.location);
      }
      else if (answer.errors) fail(answer.errors);
      else if (request.status === 413) fail({ file: ["The file is larger than this site accepts."] });
      else if (request.status === 403 || request.responseURL.includes("/accounts/login/")) fail({ file: ["You are signed out. Sign in in another tab, then press Upload again."] });
      else fail({ file: ["The upload did not arrive. Your file was not stored; please try again."] });
    });
    request.addEventListener("error", () => fail({ file: ["The connection broke. Please try again."] }));
    // First the texts that are still to be saved: the page that comes next shows what the server has.
    const saves = [];
    document.dispatchEvent(new CustomEvent("save-first", { detail: saves }));
    Promise.race([Promise.all(saves), new Promise((go) => setTimeout(go, 4000))]).finally(() => request.send(data));
  });
  if (input && form.dataset.upload === "auto") input.addEventListener("change", () => form.requestSubmit());
}
