/** Where a Docker daemon listens, taken apart. */
export type DockerAddress =
  | { kind: "unix"; path: string }
  | { kind: "tcp"; host: string; port: number }
  | { kind: "ssh"; user: string; host: string; port: string; socket: string };

/**
 * Takes a docker host apart: `unix:///path`, `tcp://host:port`, or `ssh://user@host:port`, with the path of the remote
 * socket behind it if it is not the usual one.
 *
 * @throws Error if it is none of these, in the words of Docker's own clients.
 */
export function parseDockerHost(text: string): DockerAddress {
  if (text.startsWith("unix://")) return { kind: "unix", path: text.slice("unix://".length) };
  if (text.startsWith("ssh://")) return parseSsh(text);
  if (text.startsWith("tcp://") || text.startsWith("http://")) {
    const url = parseUrl(text);
    if (!url.hostname) throw new Error(`unable to parse docker host \`${text}\``);
    return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || "2375") };
  }
  throw new Error(`unable to parse docker host \`${text}\``);
}

function parseSsh(text: string): DockerAddress {
  const url = parseUrl(text);
  if (url.password) throw new Error("ssh host connection is not valid: plain-text password is not supported");
  if (!url.hostname) throw new Error("ssh host connection is not valid: hostname is empty");
  if (url.search)
    throw new Error(`ssh host connection is not valid: query parameters are not allowed: "${url.search}"`);
  return {
    kind: "ssh",
    user: decodeURIComponent(url.username),
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    socket: url.pathname.replace(/\/+$/, ""),
  };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new Error(`unable to parse docker host \`${text}\``);
  }
}

/**
 * What Docker's connection helper gives the system's `ssh`: its own options, then the user's, then the command that
 * bridges stdin and stdout to the remote daemon.
 *
 * A connection time-out of 30 seconds and no terminal are added unless the user's options already say so.
 */
export function sshArguments(address: Extract<DockerAddress, { kind: "ssh" }>, options: string[]): string[] {
  const flags = [...options];
  if (!flags.join("").includes("ConnectTimeout")) flags.push("-o", "ConnectTimeout=30");
  if (!flags.includes("-T")) flags.push("-T");
  const login = address.user ? ["-l", address.user] : [];
  const port = address.port ? ["-p", address.port] : [];
  const remote = address.socket ? ["docker", `--host=unix://${address.socket}`] : ["docker"];
  return [...login, ...port, ...flags, "--", address.host, ...remote, "system", "dial-stdio"];
}
