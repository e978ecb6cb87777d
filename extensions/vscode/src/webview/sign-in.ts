/** The form where one signs in, and the notice that offers to try again. */
import "../../../../static/chat/page/lib/composition.js";
import { keepChords } from "./chords.js";
import { boot, listenToHost, tellHost } from "./host.js";

const { words } = boot();
keepChords();
const form = document.getElementById("sign-in") as HTMLFormElement | null;
const second = document.getElementById("second-factor") as HTMLFormElement | null;
const browser = document.getElementById("browser") as HTMLButtonElement | null;
const status = document.getElementById("status");

/** Which field a problem is about; with the others nothing that was entered is wrong. */
const FIELD: Record<string, string> = {
  no_address: "server",
  wrong_address: "server",
  not_media_chat: "server",
  unreachable: "server",
  certificate: "server",
  wrong_password: "password",
  second_factor: "code",
};

const field = (of: HTMLFormElement, name: string) =>
  of.elements.namedItem(name) as HTMLInputElement | null;
const value = (of: HTMLFormElement, name: string) => field(of, name)?.value ?? "";
const shown = () => (second && !second.hidden ? second : form);

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isComplete(form, "server", "username", "password")) return;
  wait(words.busy);
  tellHost({
    type: "sign-in",
    server: value(form, "server"),
    username: value(form, "username").trim(),
    password: value(form, "password"),
  });
});

browser?.addEventListener("click", () => {
  if (browser.dataset.label) return tellHost({ type: "sign-in-cancel" });
  if (!form || !isComplete(form, "server")) return;
  wait(words.inBrowser);
  // It may take minutes, and the person may think better of it.
  browser.disabled = false;
  browser.dataset.label = browser.textContent ?? "";
  browser.textContent = words.cancel ?? "";
  tellHost({ type: "sign-in-browser", server: value(form, "server") });
});

second?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isComplete(second, "code")) return;
  wait(words.busy);
  tellHost({ type: "second-factor", code: value(second, "code").trim() });
});

document
  .getElementById("again")
  ?.addEventListener("click", () => tellHost({ type: "sign-in-cancel" }));
document.getElementById("retry")?.addEventListener("click", () => tellHost({ type: "retry" }));

listenToHost((message) => {
  if (!form || !second) return;
  if (message.type === "second-factor-needed") step(second);
  else if (message.type === "sign-in-again") step(form);
  else if (message.type === "write") toField();
  else if (message.type === "sign-in-failed") {
    // Without the attempt there is nothing left that a code could be for.
    if (message.code === "signed_out" && !second.hidden) step(form);
    wait("");
    complain(message.detail, FIELD[message.code]);
  }
});

/** Shows one of the two forms, empty of what is secret. */
function step(next: HTMLFormElement): void {
  if (!form || !second) return;
  wait("");
  complain("");
  form.hidden = next !== form;
  second.hidden = next !== second;
  const secret = field(next, next === form ? "password" : "code");
  if (secret) secret.value = "";
  secret?.focus();
}

/** Says what is being waited for; nothing can be sent twice meanwhile. */
function wait(why = ""): void {
  for (const each of [form, second]) {
    each?.setAttribute("aria-busy", String(why !== ""));
    for (const button of each?.querySelectorAll("button") ?? []) button.disabled = why !== "";
  }
  if (browser?.dataset.label) {
    browser.textContent = browser.dataset.label;
    delete browser.dataset.label;
  }
  if (status) status.textContent = why;
  if (why) complain("");
}

/** Says what is wrong, in the form that is shown, and leads to the field that it is about. */
function complain(what: string, about = ""): void {
  const place = shown()?.querySelector(".problem");
  if (!place) return;
  place.textContent = what;
  for (const input of shown()?.querySelectorAll("input") ?? []) {
    const isMeant = input.name === about;
    input.toggleAttribute("aria-invalid", false);
    input.removeAttribute("aria-describedby");
    if (!isMeant) continue;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", place.id);
    input.select();
  }
  if (what && !about) shown()?.querySelector<HTMLButtonElement>("button.is-primary")?.focus();
}

function isComplete(which: HTMLFormElement, ...names: string[]): boolean {
  // Spaces are a part of a password.
  const given = (name: string): string =>
    name === "password" ? value(which, name) : value(which, name).trim();
  const missing = names.find((name) => given(name) === "");
  if (missing !== undefined) complain(words.missing ?? "", missing);
  return missing === undefined;
}

/** Leads to what is to be filled in next. */
function toField(): void {
  const fields = [...(shown()?.querySelectorAll("input") ?? [])];
  (fields.find((input) => input.value === "") ?? fields.at(-1))?.focus();
}

toField();
tellHost({ type: "started" });
