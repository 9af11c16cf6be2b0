/** A host and a path that an application stands before, as in its destinations: `*.example.com/admin/*`. */
interface Place {
  host: string;
  /** With a leading slash; undefined for the whole host. */
  path: string | undefined;
}

function place(uri: string): Place {
  const slash = uri.indexOf("/");
  const host = (slash < 0 ? uri : uri.slice(0, slash)).toLowerCase();
  const path = slash < 0 ? "" : uri.slice(slash).replace(/\/+$/, "");
  return { host, path: path === "" ? undefined : path };
}

/** Whether a destination stands before a hostname, whatever the path. One `*` covers one label or part of one. */
export function coversHost(uri: string, host: string): boolean {
  const wanted = place(uri).host.split(".");
  const labels = host.split(".");
  return wanted.length === labels.length && wanted.every((pattern, index) => glob(pattern, labels[index]!));
}

/**
 * Whether a destination stands before a host and a path.
 *
 * A path covers what lies below it; a `*` in it covers any number of segments and does not cover the parent:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/.
 *
 * @param path as {@link normalPath} gives it
 */
export function covers(uri: string, host: string, path: string): boolean {
  if (!coversHost(uri, host)) return false;
  const wanted = place(uri).path;
  return wanted === undefined || glob(wanted, path) || glob(`${wanted}/*`, path);
}

/**
 * How two destinations that cover the same request compare: negative when the first is more specific. A host without
 * wildcard goes before one with, whatever their paths; then the longer path.
 */
export function bySpecificity(a: string, b: string): number {
  const weight = (text = "") => [text.includes("*") ? 0 : 1, text.replaceAll("*", "").length] as const;
  const [one, other] = [place(a), place(b)];
  const hosts = weight(one.host).map((value, index) => weight(other.host)[index]! - value);
  const paths = weight(other.path)[1] - weight(one.path)[1] || weight(other.path)[0] - weight(one.path)[0];
  return hosts[0] || hosts[1] || paths;
}

/**
 * A request's path as applications are matched against it: without query, unreserved characters decoded, backslashes and
 * doubled slashes made one slash, dot segments resolved. So Cloudflare normalises by default:
 * https://developers.cloudflare.com/rules/normalization/how-it-works/.
 */
export function normalPath(target: string): string {
  const sent = target.split(/[?#]/, 1)[0]!;
  const decoded = sent.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : code.toUpperCase();
  });
  const segments: string[] = [];
  const given = decoded
    .replace(/[\\/]+/g, "/")
    .split("/")
    .slice(1);
  for (const segment of given) {
    if (segment === "..") segments.pop();
    else if (segment !== ".") segments.push(segment);
  }
  if (["..", "."].includes(given.at(-1) ?? "")) segments.push("");
  return `/${segments.join("/")}`;
}

/** Matches the whole text; `*` stands for any characters, or none. Takes time in proportion to both lengths at most. */
export function glob(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
