import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { stringify } from "yaml";
import type { MachineSpec } from "./machines";

/** What a server may learn about itself. */
export interface MetadataEntry {
  spec: MachineSpec;
  /** Such as `fsn1-dc14`. */
  availabilityZone?: string;
  /** Network zone, such as `eu-central`. */
  region?: string;
  privateNetworks?: PrivateNetwork[];
}

export interface PrivateNetwork {
  ip: string;
  aliasIps: string[];
  interfaceNumber: number;
  macAddress: string;
  networkId: number;
  networkName: string;
  network: string;
  subnet: string;
  gateway: string;
}

export interface MetadataOptions {
  /** The server that has a source address, if any. */
  findByAddress(ipv4: string): MetadataEntry | undefined;
}

/**
 * The metadata service: whoever asks is told about the server whose address the question comes from, with no token, as
 * on the real one.
 *
 * `/hetzner/v1/…` is Hetzner's (https://docs.hetzner.cloud/reference/cloud#description/server-metadata); `/nocloud/…`
 * is the layout that cloud-init's NoCloud source reads from a `seedfrom` address.
 */
export function createMetadata(options: MetadataOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  const serve = (path: string, content: (entry: MetadataEntry) => string | undefined) =>
    app.get(path, (request: FastifyRequest, reply: FastifyReply) => {
      const entry = options.findByAddress(sourceAddress(request));
      const text = entry && content(entry);
      reply.type("text/plain; charset=utf-8");
      return text === undefined ? reply.status(404).send("not found\n") : reply.send(text);
    });

  serve("/hetzner/v1/userdata", ({ spec }) => spec.userData);
  serve("/hetzner/v1/metadata", (entry) => stringify(summary(entry)));
  for (const [name, value] of Object.entries(fields)) {
    serve(`/hetzner/v1/metadata/${name}`, (entry) => String(value(entry)));
  }
  serve("/hetzner/v1/metadata/private-networks", (entry) => stringify(privateNetworks(entry)));

  serve("/nocloud/user-data", ({ spec }) => spec.userData);
  serve("/nocloud/vendor-data", () => "");
  serve("/nocloud/meta-data", ({ spec }) =>
    stringify({ "instance-id": String(spec.id), "local-hostname": spec.name, "public-keys": spec.sshKeys }),
  );
  return app;
}

const fields: Record<string, (entry: MetadataEntry) => string | number> = {
  "availability-zone": (entry) => entry.availabilityZone ?? "",
  hostname: ({ spec }) => spec.name,
  "instance-id": ({ spec }) => spec.id,
  "public-ipv4": ({ spec }) => spec.ipv4,
  region: (entry) => entry.region ?? "",
};

function summary(entry: MetadataEntry) {
  const simple = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value(entry)]));
  return { ...simple, "public-keys": entry.spec.sshKeys };
}

function privateNetworks(entry: MetadataEntry) {
  return (entry.privateNetworks ?? []).map((network) => ({
    ip: network.ip,
    alias_ips: network.aliasIps,
    interface_num: network.interfaceNumber,
    mac_address: network.macAddress,
    network_id: network.networkId,
    network_name: network.networkName,
    network: network.network,
    subnet: network.subnet,
    gateway: network.gateway,
  }));
}

/** IPv4 addresses that arrive on a socket for both families carry a prefix. */
function sourceAddress(request: FastifyRequest): string {
  return request.ip.replace(/^::ffff:/, "");
}
