import sanitize from "sanitize-html";

/**
 * The markup of the server's `/embed/`, as far as an editor takes it: plain elements and the
 * chat's own, without scripts, styles, addresses or anything that could be mistaken for ours.
 * @returns null when it is not a chat page
 */
export function embedded(html: string): string | null {
  const body = /<body[^>]*>([\s\S]*)<\/body\s*>/i.exec(html)?.[1] ?? html;
  const clean = sanitize(body, {
    allowedTags: ["main", "section", "div", "p", "h1", "h2", "mc-app"],
    allowedAttributes: { "*": ["class", "role", "aria-label"] },
    nonTextTags: ["script", "style", "noscript", "template", "title", "head", "textarea", "option"],
    parseStyleAttributes: false,
    disallowedTagsMode: "discard",
  });
  return clean.match(/<mc-app[\s>]/g)?.length === 1 ? clean : null;
}
