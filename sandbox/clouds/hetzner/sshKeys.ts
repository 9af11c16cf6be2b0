import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { publicKeyFingerprint } from "../sshPublicKey";
import { invalidField, notUnique, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import { add, all, anyName, type Project, refuseTakenName, registerResource } from "./project";

const create = z.object({ name: anyName, public_key: z.string(), labels: labelsSchema.optional() });

export function registerSshKeys(app: FastifyInstance, project: Project): void {
  app.post("/ssh_keys", async (request, reply) => {
    const { name, public_key, labels } = parseBody(create, request.body);
    const fingerprint = publicKeyFingerprint(public_key);
    if (!fingerprint) throw invalidField("public_key", "is not a public key in OpenSSH form");
    if (all(project, "ssh_keys").some((key) => key.fingerprint === fingerprint)) {
      throw notUnique("SSH key with the same fingerprint already exists", "public_key");
    }
    refuseTakenName(project, "ssh_keys", name);
    const ssh_key = add(project, "ssh_keys", { name, public_key: public_key.trim(), fingerprint, labels });
    return reply.status(201).send({ ssh_key });
  });
  registerResource(app, project, { collection: "ssh_keys", view: (key) => key, match: ["fingerprint"] });
}
