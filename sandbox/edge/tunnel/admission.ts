import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { CloudflareState, Tunnel } from "../../clouds/cloudflare/model";
import type { Registered } from "./connection";
import type { Registration } from "./rpc/registration";

/** Connectors that a tunnel may have at once: https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const mostReplicas = 25;

/** Milliseconds after which a connector that was one too many may ask again. */
const replicaRetry = 30_000;

/** Why a registration is refused, in the words that cloudflared logs. */
export interface AdmissionFault {
  cause: string;
  retryAfter?: number;
}

/**
 * Checks a registration against the state.
 *
 * @param present the tunnel's connections
 * @returns undefined when the connection may be registered
 */
export function admissionFault(
  state: CloudflareState,
  registration: Registration,
  present: Registered[],
): AdmissionFault | undefined {
  const tunnel = liveTunnel(state, registration.tunnelId);
  const known = tunnel !== undefined && tunnel.account_tag === registration.accountTag;
  // Compared in any case, so that the time taken does not tell which tunnels there are.
  const secret = known ? Buffer.from(tunnel.secret, "base64") : randomBytes(32);
  const right = sameBytes(secret, registration.secret);
  if (!known) return { cause: "Unauthorized: Failed to get tunnel" };
  if (!right) return { cause: "Unauthorized: Invalid tunnel secret" };
  // cloudflared takes this very word for a connection that is there already (`connection/errors.go`).
  if (present.some((other) => isTwin(other, registration))) return { cause: "EDUPCONN" };
  const replicas = new Set(present.map(({ connector }) => connector.id)).add(registration.connector.id);
  if (replicas.size > mostReplicas) {
    return { cause: `the tunnel has ${mostReplicas} replicas already`, retryAfter: replicaRetry };
  }
  return undefined;
}

/** Whether a connection has the place that another one registers for. */
export function isTwin(present: Registered, registration: Registration): boolean {
  return present.connector.id === registration.connector.id && present.index === registration.index;
}

/** A tunnel that exists and was not deleted. */
export function liveTunnel(state: CloudflareState, id: string): Tunnel | undefined {
  const tunnel = Object.hasOwn(state.tunnels, id) ? state.tunnels[id] : undefined;
  return tunnel?.deleted_at === null ? tunnel : undefined;
}

function sameBytes(one: Buffer, other: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  return timingSafeEqual(digest(one), digest(other));
}
