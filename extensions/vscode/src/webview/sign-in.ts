/** The form where one signs in, and the notice that offers to try again. */
import { boot, listenToHost, tellHost } from "./host.js";

const { words } = boot();
const form = document.getElementById("sign-in") as HTMLFormElement | null;
const second = document.getElementById("second-factor") as HTMLFormElement | null;

const field = (of: HTMLFormElement, name: string) => of.elements.namedItem(name) as HTMLInputElement;

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(form, true);
  tellHost({
    type: "sign-in",
    server: field(form, "server").value,
    username: field(form, "username").value.trim(),
    password: field(form, "password").value,
  });
});

second?.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(second, true);
  tellHost({ type: "second-factor", code: field(second, "code").value.trim() });
});

document.getElementById("retry")?.addEventListener("click", () => tellHost({ type: "retry" }));

listenToHost((message) => {
  if (!form || !second) return;
  if (message.type === "second-factor-needed") {
    busy(form, false);
    form.hidden = true;
    second.hidden = false;
    field(second, "code").focus();
  } else if (message.type === "sign-in-failed") {
    const shown = second.hidden ? form : second;
    busy(form, false);
    busy(second, false);
    const place = document.getElementById(second.hidden ? "problem" : "code-problem");
    if (place) place.textContent = message.detail;
    const wanted = second.hidden ? (message.code === "wrong_password" ? "password" : "server") : "code";
    field(shown, wanted).select();
  }
});

function busy(which: HTMLFormElement, on: boolean): void {
  const button = which.querySelector("button");
  if (!button) return;
  button.dataset.label ??= button.textContent ?? "";
  button.disabled = on;
  button.textContent = on ? (words.busy ?? "") : button.dataset.label;
}

if (form) field(form, field(form, "server").value ? "username" : "server").focus();
tellHost({ type: "started" });
