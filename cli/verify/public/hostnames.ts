import { randomBytes } from "node:crypto";
import type { FleetAgent, FleetOutput, ServiceTokens } from "../../fleet";
import type { Outside } from "../outside";
import type { Arrival, Looked, OperatorHostname, PublicHostname } from "./subject";

/** How somebody comes who has found out what the edge tells an agent, and makes it up. */
export function forgedHeaders(): Record<string, string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { email: "admin@example.com", iss: "https://example.cloudflareaccess.com", exp: 4_102_444_800 };
  return {
    "cf-access-jwt-assertion": `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`,
    "cf-access-authenticated-user-email": claims.email,
    "cf-access-client-id": `${randomBytes(16).toString("hex")}.access`,
    "cf-access-client-secret": randomBytes(32).toString("hex"),
  };
}

/** Looks at the hostname under which an agent's people log in. */
export async function lookAtOperator(
  agent: FleetAgent,
  { servers }: FleetOutput,
  outside: Outside,
  tokens: ServiceTokens | undefined,
): Promise<OperatorHostname> {
  const url = new URL(agent.url);
  const [seen, forged, arrivals] = await Promise.all([
    lookAt(url, servers, outside),
    looked(outside.visit(url, forgedHeaders())),
    // Whose an agent is, stacks of older releases do not say.
    tokens && agent.tenant !== undefined
      ? Promise.all(Object.keys(tokens).map((tenant) => arrive(tenant, url, agent, tokens, outside)))
      : undefined,
  ]);
  return { ...seen, forged, arrivals };
}

/** Looks at the hostname under which services call an agent, on a path that nobody has declared. */
export function lookAtBot(botUrl: string, { servers }: FleetOutput, outside: Outside): Promise<PublicHostname> {
  return lookAt(new URL(`/creel-verify-${randomBytes(6).toString("hex")}`, botUrl), servers, outside);
}

async function lookAt(url: URL, servers: FleetOutput["servers"], outside: Outside): Promise<PublicHostname> {
  const [addresses, visit] = await Promise.all([looked(outside.addresses(url.hostname)), looked(outside.visit(url))]);
  const own = Object.values(servers).flatMap(({ ipv4, ipv6 }) => [ipv4, ...(ipv6 === undefined ? [] : [ipv6])]);
  return { hostname: url.hostname, addresses, visit, servers: own };
}

/** A tenant's program at the door, with the token that lasts longest. */
async function arrive(
  tenant: string,
  url: URL,
  agent: FleetAgent,
  tokens: ServiceTokens,
  outside: Outside,
): Promise<Arrival> {
  const own = agent.tenant === tenant;
  const ends = ({ expiresAt }: { expiresAt: string }) => Date.parse(expiresAt);
  const [token] = Object.values(tokens[tenant]!).sort((a, b) => ends(b) - ends(a));
  if (token === undefined || ends(token) < Date.now()) return { tenant, own };
  const headers = { "cf-access-client-id": token.clientId, "cf-access-client-secret": token.clientSecret };
  return { tenant, own, visit: await looked(outside.visit(url, headers)) };
}

async function looked<T>(looking: Promise<T>): Promise<Looked<T>> {
  try {
    return { found: await looking };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { failure: message, code };
  }
}
