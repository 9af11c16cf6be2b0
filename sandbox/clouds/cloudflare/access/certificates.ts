import { X509Certificate } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { success, timestamp } from "../envelope";
import { parseBody } from "../errors";
import type { AccessCertificate } from "../model";
import { accountOf, type CloudflareWorld, zoneFor } from "../world";
import { accessRefusal, conflict, invalidRequest, registerAccess } from "./common";

const hostnames = z.array(z.string()).nullish();
const create = z.object({ name: z.string().min(1), certificate: z.string(), associated_hostnames: hostnames });
const change = z.object({ name: z.string().min(1), associated_hostnames: hostnames });

/** Root certificates of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 50;

/** Days between rotations of the keys that sign Access tokens. */
const keyRotation = { least: 21, default: 90, most: 365 };

/** Roots for client certificates, and the account's signing keys. */
export function registerCertificates(app: FastifyInstance, world: CloudflareWorld): void {
  registerAccess(app, world, {
    collection: "access_certificates",
    path: "certificates",
    singular: "certificate",
    inZones: true,
    most,
    view: ({ owner: _, ...certificate }: AccessCertificate) => certificate,
    build: (given, owner, present) => {
      const wanted = parseBody(present ? change : create, given, accessRefusal);
      const associated_hostnames = wanted.associated_hostnames ?? [];
      const [kind, id] = owner.split("/") as [string, string];
      const foreign = associated_hostnames.find((name) => kind === "accounts" && !zoneFor(world, id, name));
      if (foreign) throw invalidRequest(`${foreign} does not belong to a zone of the account`);
      if (present) return { item: { ...present, name: wanted.name, associated_hostnames } };
      const { fingerprint, expires_on } = readRoot((wanted as z.output<typeof create>).certificate);
      return { item: { name: wanted.name, fingerprint, expires_on, associated_hostnames } };
    },
    refuseRemoval: (certificate) => {
      if (certificate.associated_hostnames.length > 0) throw conflict("certificate has active associations");
    },
  });
  registerKeys(app, world);
}

function readRoot(pem: string): { fingerprint: string; expires_on: string } {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw invalidRequest("certificate is not a PEM certificate");
  }
  if (!certificate.ca) throw invalidRequest("certificate is not a certificate authority");
  const fingerprint = certificate.fingerprint256;
  return { fingerprint, expires_on: new Date(certificate.validTo).toISOString() };
}

function registerKeys(app: FastifyInstance, world: CloudflareWorld): void {
  const base = "/accounts/:account/access/keys";
  const keysOf = (account: string) => {
    world.state.access_keys[account] ??= {
      last_key_rotation_at: timestamp(),
      key_rotation_interval_days: keyRotation.default,
    };
    return world.state.access_keys[account];
  };
  const view = (account: string) => {
    const keys = keysOf(account);
    const passed = Math.floor((Date.now() - Date.parse(keys.last_key_rotation_at)) / 86_400_000);
    return success({ ...keys, days_until_next_rotation: keys.key_rotation_interval_days - passed });
  };
  app.get(base, async (request) => view(accountOf(world, request).id));
  app.put(base, async (request) => {
    const { id } = accountOf(world, request);
    const days = z.number().int().min(keyRotation.least).max(keyRotation.most);
    const wanted = parseBody(z.object({ key_rotation_interval_days: days }), request.body, accessRefusal);
    keysOf(id).key_rotation_interval_days = wanted.key_rotation_interval_days;
    return view(id);
  });
  app.post(`${base}/rotate`, async (request) => {
    const { id } = accountOf(world, request);
    keysOf(id).last_key_rotation_at = timestamp();
    return view(id);
  });
}
