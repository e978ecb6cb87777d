/**
 * Where a file of the server is found. The page may be shown by an editor, whose own address
 * is not the server's; the editor then names the server in `<meta name="mc-server">`.
 * @param {string} path
 */
export function mediaUrl(path) {
  const server = document.querySelector("meta[name=mc-server]")?.getAttribute("content");
  return new URL(path, server || location.href).href;
}
