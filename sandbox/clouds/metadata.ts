import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { stringify } from "yaml";
import type { MachineSpec } from "./machines";

/** What a server may learn about itself. */
export interface MetadataEntry {
  spec: MachineSpec;
  /** What its own cloud answers at a path; undefined for what is not there. */
  answer(path: string): string | undefined;
}

export interface MetadataOptions {
  /** The server that has a source address, if any. */
  findByAddress(ipv4: string): MetadataEntry | undefined;
}

/**
 * The metadata service: whoever asks is told about the server whose address the question comes from, with no token and in
 * the layout of the server's own cloud, as on the real ones. `/nocloud/…` is the layout that cloud-init's NoCloud source
 * reads from a `seedfrom` address.
 */
export function createMetadata(options: MetadataOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get("*", (request, reply) => {
    const entry = options.findByAddress(sourceAddress(request));
    const path = request.url.split("?")[0]!;
    const text = entry && (noCloud(entry.spec, path) ?? entry.answer(path));
    reply.type("text/plain; charset=utf-8");
    return text === undefined ? reply.status(404).send("not found\n") : reply.send(text);
  });
  return app;
}

function noCloud({ id, name, sshKeys, userData }: MachineSpec, path: string): string | undefined {
  if (path === "/nocloud/user-data") return userData;
  if (path === "/nocloud/vendor-data") return "";
  if (path !== "/nocloud/meta-data") return undefined;
  return stringify({ "instance-id": String(id), "local-hostname": name, "public-keys": sshKeys });
}

/** IPv4 addresses that arrive on a socket for both families carry a prefix. */
function sourceAddress(request: FastifyRequest): string {
  return request.ip.replace(/^::ffff:/, "");
}
