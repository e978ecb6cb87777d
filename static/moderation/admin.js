// Names the parts of unfold's pages for screen readers, where its templates do not.

addEventListener("load", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  for (const scrolled of document.querySelectorAll(".simplebar-content-wrapper")) {
    scrolled.setAttribute("aria-label", scrolled.closest("nav") ? "Menu" : "Table");
  }
});
