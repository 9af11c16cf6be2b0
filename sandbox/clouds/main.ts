import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { createEdge, type Edge } from "../edge";
import { type ContainerMachinesOptions, containerMachines } from "../machines/containerMachines";
import { plans } from "./cloudflare/model";
import { createCloudflare, emptyCloudflare } from "./cloudflare/server";
import { findDroplet } from "./digitalocean/metadata";
import { createDigitalOcean, emptyDigitalOcean } from "./digitalocean/server";
import { findServer } from "./hetzner/metadata";
import { createHetzner, emptyHetzner } from "./hetzner/server";
import { noMachines } from "./machines";
import { createMetadata } from "./metadata";
import type { RequestEntry } from "./requestLog";
import { openStore } from "./store";

const listener = { host: z.string(), port: z.number().int() };
const hexId = z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits");

/** What the process is told by the file it is given. */
const configuration = z.object({
  /** Folder of the state files and the logs. */
  state: z.string(),
  hetzner: z.object({
    ...listener,
    token: z.string().length(64),
    pool: z.array(z.ipv4()),
    requestsPerHour: z.number().optional(),
  }),
  digitalocean: z.object({ ...listener, token: z.string().min(1), pool: z.array(z.ipv4()) }),
  cloudflare: z.object({
    ...listener,
    token: z.string().regex(/^[0-9A-Za-z_-]{40,80}$/, "must be 40 to 80 characters of 0-9A-Za-z_-"),
    accounts: z.array(z.object({ id: hexId, name: z.string(), team: z.string().optional() })),
    zones: z.array(z.object({ id: hexId, name: z.string(), accountId: hexId, plan: z.enum(plans) })),
  }),
  metadata: z.object(listener).nullable(),
  /** Cloudflare's network; null leaves the API alone. */
  edge: z
    .object({
      host: z.string(),
      https: z.number().int(),
      http: z.number().int(),
      tunnel: z.number().int(),
      /** Folder of the certificate authority. */
      certificates: z.string(),
    })
    .nullable()
    .default(null),
  /** Settings of the machine driver; null keeps books only. */
  machines: z.custom<ContainerMachinesOptions>().nullable(),
});

/** The clouds' APIs, the metadata service and Cloudflare's network of the sandbox, in one process, until SIGTERM. */
async function main(file: string): Promise<void> {
  const config = configuration.parse(JSON.parse(await readFile(file, "utf8")));
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  const log = jsonLines<RequestEntry>(join(config.state, "requests.log"));

  const hetznerStore = await openStore(join(config.state, "hetzner.json"), emptyHetzner());
  const machines = config.machines ? containerMachines(config.machines) : noMachines();
  const hetzner = createHetzner({ store: hetznerStore, machines, log, ...config.hetzner });
  const digitaloceanStore = await openStore(join(config.state, "digitalocean.json"), emptyDigitalOcean());
  const digitalocean = createDigitalOcean({ store: digitaloceanStore, machines, log, ...config.digitalocean });
  const cloudflareStore = await openStore(join(config.state, "cloudflare.json"), emptyCloudflare());
  let edge: Edge | undefined;
  const changed = () => edge?.sync();
  const cloudflare = createCloudflare({ store: cloudflareStore, log, changed, ...config.cloudflare });
  if (config.edge) {
    const { certificates, ...listen } = config.edge;
    const { accounts, zones } = config.cloudflare;
    edge = await createEdge({
      world: { state: cloudflareStore.state, accounts, zones },
      save: cloudflareStore.save,
      log: jsonLines(join(config.state, "edge.log")),
      certificates,
      listen,
    });
    edge.register(cloudflare);
  }
  const metadata = createMetadata({
    findByAddress: (ipv4) => findServer(hetznerStore.state, ipv4) ?? findDroplet(digitaloceanStore.state, ipv4),
  });

  const services: [FastifyInstance, { host: string; port: number } | null][] = [
    [hetzner, config.hetzner],
    [digitalocean, config.digitalocean],
    [cloudflare, config.cloudflare],
    [metadata, config.metadata],
  ];
  const addresses: (string | null)[] = [];
  for (const [service, at] of services) {
    addresses.push(at ? await service.listen({ host: at.host, port: at.port }) : null);
  }
  const stop = async () => {
    await edge?.close();
    await Promise.all(services.map(([service]) => service.close()));
    await Promise.all([hetznerStore, digitaloceanStore, cloudflareStore].map((store) => store.save()));
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const [hetznerAddress, digitaloceanAddress, cloudflareAddress, metadataAddress] = addresses;
  process.stdout.write(
    `${JSON.stringify({
      ready: true,
      pid: process.pid,
      hetzner: `${hetznerAddress}/v1`,
      digitalocean: digitaloceanAddress,
      cloudflare: `${cloudflareAddress}/client/v4`,
      metadata: metadataAddress,
      ...(edge ? { edge: edge.ports } : {}),
    })}\n`,
  );
}

/** Appends JSON lines to a file that only its owner can read. */
function jsonLines<T>(file: string): (entry: T) => void {
  const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
  stream.on("error", (error) => process.stderr.write(`${file}: ${error.message}\n`));
  return (entry) => void stream.write(`${JSON.stringify(entry)}\n`);
}

const [file] = process.argv.slice(2);
if (file) {
  main(file).catch((error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(1);
  });
} else {
  process.stderr.write("usage: main.js CONFIG.json\n");
  process.exit(2);
}
