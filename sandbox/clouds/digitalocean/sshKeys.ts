import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { publicKeyFingerprint } from "../sshPublicKey";
import { type Account, nextId } from "./account";
import { invalid, notFound, parseBody } from "./errors";
import { sendList } from "./listing";
import type { SshKey } from "./model";

const name = z.string().min(1, "can't be blank").max(255, "is too long");
const create = z.object({ name, public_key: z.string() });

/** `/account/keys`: one key once in an account, addressed by id or by fingerprint. */
export function registerSshKeys(app: FastifyInstance, account: Account): void {
  const { ssh_keys } = account.state;
  const requested = (request: { params: unknown }): SshKey => {
    const key = keyBy(account, (request.params as { id: string }).id);
    if (!key) throw notFound();
    return key;
  };
  app.get("/account/keys", (request, reply) => sendList(request, reply, "ssh_keys", Object.values(ssh_keys)));
  app.post("/account/keys", async (request, reply) => {
    const wanted = parseBody(create, request.body);
    const fingerprint = publicKeyFingerprint(wanted.public_key);
    if (!fingerprint) throw invalid("Key invalid, key should be of the format `type key [comment]`");
    if (keyBy(account, fingerprint)) throw invalid("SSH Key is already in use on your account");
    const id = nextId(account);
    const ssh_key = { id, name: wanted.name, fingerprint, public_key: wanted.public_key };
    ssh_keys[id] = ssh_key;
    return reply.status(201).send({ ssh_key });
  });
  app.get("/account/keys/:id", async (request) => ({ ssh_key: requested(request) }));
  app.put("/account/keys/:id", async (request) => {
    const ssh_key = requested(request);
    Object.assign(ssh_key, parseBody(z.object({ name }), request.body));
    return { ssh_key };
  });
  app.delete("/account/keys/:id", async (request, reply) => {
    delete ssh_keys[requested(request).id];
    return reply.status(204).send();
  });
}

/** A key by id or fingerprint. */
export function keyBy({ state }: Account, key: string | number): SshKey | undefined {
  return Object.values(state.ssh_keys).find(({ id, fingerprint }) => String(id) === String(key) || fingerprint === key);
}
