// What unfold's templates leave out: names of the page's parts for screen readers, and a direction for
// what people write and have written.

const WRITTEN = "input:not([type]), input[type=text], input[type=search], textarea, .readonly:not([dir])";

addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  for (const scrolled of document.querySelectorAll(".simplebar-content-wrapper")) {
    scrolled.setAttribute("aria-label", scrolled.closest("nav") ? "Menu" : "Table");
  }
  for (const written of document.querySelectorAll(WRITTEN)) written.setAttribute("dir", "auto");
});
