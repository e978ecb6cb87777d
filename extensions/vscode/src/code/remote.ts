/**
 * A repository's remote address as something that can be shown and compared: host and path,
 * whichever way it was cloned, and never the name or token that was in the address.
 */
export function repositoryName(remote: string): string {
  const address = remote.trim();
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/)(.+)$/.exec(address);
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/\s]*@)?([^/:\s]+)(?::\d+)?\/(.+)$/i.exec(address);
  const [, host, path] = url ?? scp ?? [];
  // A path of this machine says nothing to others, and more than it should.
  if (!host || !path || /^[a-z]$/i.test(host) || /^file:/i.test(address)) return "";
  const plain = path.replace(/[?#].*$/, "").replace(/\/+$/, "").replace(/\.git$/i, "");
  return `${host.toLowerCase()}/${plain}`;
}

export function isSameRepository(one: string, other: string): boolean {
  return one !== "" && one.toLowerCase() === other.toLowerCase();
}
