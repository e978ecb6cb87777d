/**
 * Shows a popover beside what it belongs to: below where there is room, otherwise above. One that
 * is shown already moves there.
 * @param {HTMLElement} popover an element with the `popover` attribute
 * @param {DOMRect} beside
 * @param {{align?: "start" | "end"}} [options] which of their sides stand above each other
 */
export function showBeside(popover, beside, { align = "end" } = {}) {
  if (!popover.matches(":popover-open")) popover.showPopover();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const gap = 4;
  const wanted = align === "start" ? beside.left : beside.right - width;
  const left = Math.min(Math.max(gap, wanted), innerWidth - width - gap);
  const below = beside.bottom + gap;
  const top = below + height < innerHeight ? below : Math.max(gap, beside.top - gap - height);
  popover.style.setProperty("--popover-left", `${Math.max(gap, left)}px`);
  popover.style.setProperty("--popover-top", `${top}px`);
}

/**
 * Closes what is open over the page and would stay so, since no pointer and no key has closed it.
 * @param {Element} page
 */
export function closePopovers(page) {
  for (const open of /** @type {NodeListOf<HTMLElement>} */ (
    page.querySelectorAll(":popover-open")
  ))
    open.hidePopover();
}
