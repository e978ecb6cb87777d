import { tellHost } from "./host.js";

/**
 * What a click leads to. Files are saved by the host, with this person's right to read them;
 * only addresses of the web are left to the editor to open, whatever a message holds.
 */
export function guardLinks(): void {
  for (const type of ["click", "auxclick"]) {
    document.addEventListener(type, (event) => onClick(event as MouseEvent), { capture: true });
  }
}

function onClick(event: MouseEvent): void {
  const link = event
    .composedPath()
    .find((each): each is HTMLAnchorElement => each instanceof HTMLAnchorElement);
  const href = link?.getAttribute("href");
  if (!link || !href) return;
  if (/^(\/[\w.~-]+)*\/media\//.test(href)) {
    event.preventDefault();
    event.stopPropagation();
    const name = link.getAttribute("download") || decoded(href.split("/").at(-1) ?? "file");
    return tellHost({ type: "save", path: href, name: name.slice(0, 255) });
  }
  if (!/^https?:\/\//i.test(href)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
