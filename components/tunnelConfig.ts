import { createHash } from "node:crypto";
import type { types } from "@pulumi/cloudflare";
import type { Input } from "@pulumi/pulumi";

/** The routes of a tunnel, as its configuration takes them. */
export type Ingress = types.input.ZeroTrustTunnelCloudflaredConfigConfig & { ingresses: unknown[] };

/** What a connector does with a request for an operator hostname. */
export interface OperatorRoute {
  /** Name under which people open the agent. */
  hostname: string;
  /** Where the agent answers, as the connector sees it; scheme, name and port, no path. */
  serviceUrl: Input<string>;
  /** Zero Trust team whose signature is asked for. */
  team: string;
  /** Audience of the Access application. */
  audience: Input<string>;
}

/** What is refused when no route fits. */
const notFound = { service: "http_status:404" };

/**
 * Routes of an operator tunnel: the hostname to the agent, everything else to 404.
 *
 * The connector checks the signature of Access on every request, so the agent stays closed even where the application
 * is missing. The check has to stand in the rule itself: at the top of the configuration it is accepted and not done.
 */
export function operatorIngress(route: OperatorRoute): Ingress {
  return {
    ingresses: [
      {
        hostname: route.hostname,
        service: route.serviceUrl,
        originRequest: { access: { required: true, teamName: route.team, audTags: [route.audience] } },
      },
      notFound,
    ],
  };
}

/**
 * Routes of a bot tunnel: each declared path to its port of the agent, everything else to 404.
 *
 * @param agent name by which the connector finds the agent
 */
export function botIngress(hostname: string, agent: string, routes: { path: string; port: number }[]): Ingress {
  return {
    ingresses: [
      ...routes.map(({ path, port }) => ({ hostname, path: pathExpression(path), service: `http://${agent}:${port}` })),
      notFound,
    ],
  };
}

/**
 * The expression that matches one path and nothing else. A connector looks for it anywhere in the decoded path and hands
 * the raw one on, so that a prefix would let `..%2f` through.
 */
function pathExpression(path: string): string {
  return `^${path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
}

/** The secret of a tunnel, 32 bytes in base64, from a long random password. */
export function tunnelSecret(password: string): string {
  return createHash("sha256").update(password).digest("base64");
}

/** What a connector needs to serve a tunnel, in the form in which Cloudflare hands it out. */
export function tunnelToken(accountId: string, tunnelId: string, secret: string): string {
  return Buffer.from(JSON.stringify({ a: accountId, t: tunnelId, s: secret })).toString("base64");
}

/** Where the connector tells about its health: loopback, because the agent shares its networks. */
const metrics = "127.0.0.1:20241";

/** Words of cloudflared's command that serve a tunnel with a token from a file. */
export function connectorCommand(tokenFile: string): string[] {
  return ["tunnel", "--no-autoupdate", "--metrics", metrics, "run", "--token-file", tokenFile];
}

/** Words of the command that succeeds while the connector has at least one connection to Cloudflare. */
export const connectorHealth = ["cloudflared", "tunnel", "--metrics", metrics, "ready"];
