/**
 * Shows a popover beside what it belongs to: below where there is room, otherwise above.
 * @param {HTMLElement} popover an element with the `popover` attribute
 * @param {DOMRect} beside
 */
export function showBeside(popover, beside) {
  popover.showPopover();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const gap = 4;
  const left = Math.min(Math.max(gap, beside.right - width), innerWidth - width - gap);
  const below = beside.bottom + gap;
  const top = below + height < innerHeight ? below : Math.max(gap, beside.top - gap - height);
  popover.style.setProperty("--popover-left", `${Math.max(gap, left)}px`);
  popover.style.setProperty("--popover-top", `${top}px`);
}
