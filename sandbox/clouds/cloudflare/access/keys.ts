import "reflect-metadata";
import { createHash } from "node:crypto";
import { X509CertificateGenerator } from "@peculiar/x509";
import type { FastifyInstance } from "fastify";
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { success } from "../envelope";
import { parseBody } from "../errors";
import type { AccessKey, AccessKeys, CloudflareState } from "../model";
import { accountOf, authDomain, type CloudflareWorld } from "../world";
import { accessRefusal } from "./common";

/** Days between rotations of the keys that sign Access tokens. */
const rotationDays = { least: 21, default: 90, most: 365 };
const day = 86_400_000;
const certificateDays = 3650;

/** Keys that are being made, so that two who ask at once get the same. */
const making = new WeakMap<AccessKeys, Promise<void>>();

/** The account's signing keys under `/access/keys`. */
export function registerKeys(app: FastifyInstance, world: CloudflareWorld): void {
  const base = "/accounts/:account/access/keys";
  const view = (account: string) => {
    const { pairs: _, ...keys } = keysOf(world.state, account, Date.now());
    const passed = Math.floor((Date.now() - Date.parse(keys.last_key_rotation_at)) / day);
    return success({ ...keys, days_until_next_rotation: keys.key_rotation_interval_days - passed });
  };
  app.get(base, async (request) => view(accountOf(world, request).id));
  app.put(base, async (request) => {
    const { id } = accountOf(world, request);
    const days = z.number().int().min(rotationDays.least).max(rotationDays.most);
    const wanted = parseBody(z.object({ key_rotation_interval_days: days }), request.body, accessRefusal);
    keysOf(world.state, id, Date.now()).key_rotation_interval_days = wanted.key_rotation_interval_days;
    return view(id);
  });
  app.post(`${base}/rotate`, async (request) => {
    const { id } = accountOf(world, request);
    await rotate(world, id, Date.now());
    return view(id);
  });
}

/**
 * The key pair that signs an account's tokens and the one before it, in this order. Made when first asked for, and
 * rotated when the interval has passed.
 *
 * @param now in milliseconds
 */
export async function signingKeys(world: CloudflareWorld, account: string, now: number): Promise<AccessKey[]> {
  const keys = keysOf(world.state, account, now);
  const due = now - Date.parse(keys.last_key_rotation_at) >= keys.key_rotation_interval_days * day;
  if (keys.pairs && due) await rotate(world, account, now);
  else await filled(world, account, keys);
  return keys.pairs!;
}

function keysOf(state: CloudflareState, account: string, now: number): AccessKeys {
  state.access_keys[account] ??= {
    last_key_rotation_at: new Date(now).toISOString(),
    key_rotation_interval_days: rotationDays.default,
  };
  return state.access_keys[account];
}

/** Two pairs from the start, as there are later. */
function filled(world: CloudflareWorld, account: string, keys: AccessKeys): Promise<void> {
  return once(keys, async () => {
    keys.pairs ??= [await newKey(world, account), await newKey(world, account)];
  });
}

/** A new pair signs; the one that did stays valid, the one before it goes. */
async function rotate(world: CloudflareWorld, account: string, now: number): Promise<void> {
  const keys = keysOf(world.state, account, now);
  await filled(world, account, keys);
  await once(keys, async () => {
    keys.pairs = [await newKey(world, account), keys.pairs![0]!];
    keys.last_key_rotation_at = new Date(now).toISOString();
  });
}

function once(keys: AccessKeys, make: () => Promise<void>): Promise<void> {
  const running = making.get(keys);
  if (running) return running;
  const started = make().finally(() => making.delete(keys));
  making.set(keys, started);
  return started;
}

async function newKey(world: CloudflareWorld, account: string): Promise<AccessKey> {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(keys.privateKey);
  const issuer = world.accounts.find((candidate) => candidate.id === account)!;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${authDomain(issuer)}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + certificateDays * day),
    signingAlgorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    keys: keys as never,
  });
  const kid = createHash("sha256").update(jwk.n!).digest("hex");
  return { kid, jwk: { ...jwk }, certificate: certificate.toString("pem") };
}
