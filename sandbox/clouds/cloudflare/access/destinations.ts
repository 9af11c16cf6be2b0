import { type CloudflareWorld, zoneFor } from "../world";
import { invalidRequest } from "./common";

export interface Destination {
  type: string;
  uri: string;
}

/** Domains of an application, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const domainsPerApplication = 5;

interface Given {
  domain?: string | null;
  self_hosted_domains?: string[] | null;
  destinations?: { type?: string | null; uri?: string | null }[] | null;
}

/**
 * The places an application guards, from whichever of the three views of them was given.
 *
 * @throws CloudflareError 400 / 12130
 */
export function checkedDestinations(world: CloudflareWorld, accountId: string, given: Given): Destination[] {
  const other = given.destinations?.find((entry) => (entry.type ?? "public") !== "public");
  if (other) throw invalidRequest(`destinations of type ${other.type} are not available in this sandbox`);
  const listed = given.destinations?.map((entry) => entry.uri ?? "") ?? given.self_hosted_domains ?? [];
  const uris = [...new Set([...(given.domain ? [given.domain] : []), ...listed])];
  if (uris.length === 0) throw invalidRequest("domain or destinations is required");
  if (uris.length > domainsPerApplication) {
    throw invalidRequest(`maximum number of domains has been reached (${domainsPerApplication})`);
  }
  for (const uri of uris) {
    const fault = uriFault(uri);
    if (fault) throw invalidRequest(`${uri}: ${fault}`);
    if (!zoneFor(world, accountId, hostOf(uri).replace(/^\*\.?/, ""))) {
      throw invalidRequest(`${uri}: domain does not belong to zone`);
    }
  }
  return uris.map((uri) => ({ type: "public", uri }));
}

function hostOf(uri: string): string {
  return (uri.split("/")[0] as string).toLowerCase();
}

/** `host/path`, with one `*` at most in a label and in a segment (docs `access-controls/policies/app-paths`). */
function uriFault(uri: string): string | undefined {
  if (uri.includes("://")) return "must not have a scheme";
  if (/[?#]/.test(uri)) return "must not have a query string or an anchor";
  const [host = "", ...segments] = uri.split("/");
  if (host.includes(":")) return "must not have a port";
  const labels = host.split(".");
  const label = /^(?=.{1,63}$)[a-z0-9_*]([a-z0-9_*-]*[a-z0-9_*])?$/i;
  if (labels.length < 2 || host.length > 253 || !labels.every((part) => label.test(part))) return "is not a hostname";
  const crowded = [...labels, ...segments].some((part) => part.split("*").length > 2);
  return crowded ? "may have one wildcard per label and per path segment" : undefined;
}
