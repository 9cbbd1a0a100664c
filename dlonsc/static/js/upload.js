// Uploads with progress; without it the form posts as forms do.
"use strict";
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
      if (request.status < 300 && answer.location) location.assign(answer.location);
      else if (answer.errors) fail(answer.errors);
      else if (request.status === 413) fail({ file: ["The file is larger than this site accepts."] });
      else if (request.status === 403 || request.responseURL.includes("/accounts/login/")) fail({ file: ["You are signed out. Sign in in another tab, load this page again, then choose the file again."] });
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
