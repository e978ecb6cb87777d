// What unfold's templates leave out: names of the page's parts for screen readers, a direction for
// what people write and have written, and a way to its buttons that are links to nowhere.

const WRITTEN =
  "input:not([type]), input[type=text], input[type=search], textarea, .readonly:not([dir])";

addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  for (const scrolled of document.querySelectorAll(".simplebar-content-wrapper")) {
    scrolled.setAttribute("aria-label", scrolled.closest("nav") ? "Menu" : "Table");
  }
  for (const opener of document.querySelectorAll("a:not([href])[x-on\\:click]")) asButton(opener);
  for (const written of document.querySelectorAll(WRITTEN)) written.setAttribute("dir", "auto");
});

/** @param {Element} link one that is clicked to open something on this page */
function asButton(link) {
  link.setAttribute("role", "button");
  link.setAttribute("tabindex", "0");
  link.addEventListener("keydown", (event) => {
    if (!(event instanceof KeyboardEvent) || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (link instanceof HTMLElement) link.click();
  });
}
