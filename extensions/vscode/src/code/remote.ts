/**
 * A repository's remote address as something that can be shown and compared: host and path,
 * whichever way it was cloned, and never the name or token that was in the address.
 *
 * @returns "" for what is no address that others could clone from
 */
export function repositoryName(remote: string): string {
  const address = remote.trim();
  // Up to the last "@" before the path: a password may have one, too.
  const url =
    /^(?!file:)[a-z][a-z0-9+.-]*:\/\/(?:[^/\s]*@)?(\[[^\]/]+\]|[^@:/\s]+)(?::\d*)?\/+(.+)$/i.exec(
      address,
    );
  const scp = /:\/\/|::/.test(address)
    ? null
    : /^(?:[^/\s]*@)?(\[[^\]/]+\]|[^@:/\s]+):\/*(.+)$/.exec(address);
  const [, host, path] = url ?? scp ?? [];
  // A path of this machine says nothing to others, and more than it should; it may be on a drive.
  if (!host || !path || /^[a-z]$/i.test(host)) return "";
  const plain = path
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/i, "");
  return plain && `${host.toLowerCase()}/${plain}`;
}

/** The name of a repository among those of its remotes: the one that the fewest people have for themselves. */
export function commonName(remotes: readonly { name: string; address: string }[]): string {
  const named = remotes
    .map(({ name, address }) => ({ name, repository: repositoryName(address) }))
    .filter(({ repository }) => repository);
  const first =
    ["upstream", "origin"]
      .map((wanted) => named.find(({ name }) => name === wanted))
      .find(Boolean) ?? named[0];
  return first?.repository ?? "";
}

export function isSameRepository(one: string, other: string): boolean {
  return one !== "" && canonical(one) === canonical(other);
}

/** Whether one may be a fork or a mirror of the other: nothing but a project's own name tells. */
export function isNamedAlike(one: string, other: string): boolean {
  return one !== "" && lastPart(one) === lastPart(other);
}

/** Hosts that are called otherwise where SSH goes through the port of HTTPS. */
const SSH_HOSTS: Record<string, string> = {
  "ssh.github.com": "github.com",
  "altssh.gitlab.com": "gitlab.com",
  "altssh.bitbucket.org": "bitbucket.org",
};

/** The same for the addresses of one repository by SSH and by HTTPS, where a host has different paths for them. */
function canonical(name: string): string {
  const [host = "", ...path] = name.toLowerCase().split("/");
  const azure = /^(?:ssh\.)?dev\.azure\.com$/.test(host);
  if (azure)
    return [
      "dev.azure.com",
      ...path.filter((part, at) => part !== "_git" && !(at === 0 && part === "v3")),
    ].join("/");
  // Bitbucket Data Center has "scm" before the path by HTTPS, Gerrit has "a".
  const plain = path.length > 1 && (path[0] === "scm" || path[0] === "a") ? path.slice(1) : path;
  return [SSH_HOSTS[host] ?? host, ...plain].join("/");
}

const lastPart = (name: string) => name.toLowerCase().split("/").at(-1);
