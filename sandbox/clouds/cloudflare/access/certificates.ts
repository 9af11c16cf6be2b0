import { X509Certificate } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseBody } from "../errors";
import type { AccessCertificate } from "../model";
import { type CloudflareWorld, zoneFor } from "../world";
import { accessRefusal, conflict, invalidRequest, registerAccess } from "./common";

const hostnames = z.array(z.string()).nullish();
const create = z.object({ name: z.string().min(1), certificate: z.string(), associated_hostnames: hostnames });
const change = z.object({ name: z.string().min(1), associated_hostnames: hostnames });

/** Root certificates of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 50;

/** Roots for client certificates. */
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
