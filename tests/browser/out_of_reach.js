/**
 * What of this part of the page nobody can read or press: it stands out of the window, is cut off, or
 * lies below something else. Tests run it in the page, in a browser's window and in an editor's.
 * @param {Element} root
 * @returns {string[]} what is wrong, one sentence for each element
 */
((root) => {
  const found = [];
  const { innerWidth, innerHeight } = globalThis;
  const name = (each) =>
    `${each.localName}.${each.className} ${each.getAttribute("aria-label") ?? each.textContent.trim().slice(0, 30)}`;
  const scrollers = (each) => {
    const around = [];
    for (let one = each.parentElement; one; one = one.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(one);
      if (/auto|scroll/.test(overflowX + overflowY)) around.push({ box: one.getBoundingClientRect(), overflowX });
    }
    return around;
  };
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
  for (const each of root.querySelectorAll(":is(.dialog-frame, .dialog, .menu, .emoji-picker, .messages)")) {
    if (each.scrollWidth <= each.clientWidth + 1) continue;
    const { right } = each.getBoundingClientRect();
    const wide = [...each.querySelectorAll("*")].find((inner) => inner.getBoundingClientRect().right > right + 1);
    found.push(`scrolls sideways: ${name(each)}, by ${wide && name(wide)}`);
  }
  for (const each of root.querySelectorAll("button, textarea, select, input:not([type=file]), a[href], summary, h2, header")) {
    if (!each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const { left, right, top, bottom, width, height } = each.getBoundingClientRect();
    if (width < 2 || height < 2 || each.closest("pre, table, .visually-hidden")) continue;
    if (left < -1 || right > innerWidth + 1) found.push(`out: ${name(each)}`);
    const isTextLink = each.localName === "a" || each.closest(".message-body");
    if (each.localName === "button" && each.scrollWidth > each.clientWidth + 1) found.push(`too narrow: ${name(each)}`);
    if (isTextLink) continue; // Its lines may leave its middle empty.
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const isScrolledAway = scrollers(each).some(({ box }) => y < box.top || y > box.bottom);
    if (isScrolledAway) continue;
    if (y < 0 || y > innerHeight) {
      found.push(`out: ${name(each)}`);
      continue;
    }
    const at = document.elementFromPoint(x, y);
    // What floats over the messages hides none of them: they can be scrolled from below it.
    if (at?.closest(".jump, .unread-bar, .message-tools") && each.closest(".messages")) continue;
    if (!at || !(each.contains(at) || at.contains(each))) found.push(`covered by ${at && name(at)}: ${name(each)}`);
  }
  return found;
})
