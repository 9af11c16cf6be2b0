import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { contains, hasHostBits, ipv4Text, overlap, parseRange, type Range } from "../addresses";
import type { Account } from "./account";
import { regions } from "./catalog";
import { DigitalOceanError, found, invalid, parseBody } from "./errors";
import { sendList } from "./listing";
import type { Vpc } from "./model";

const name = z.string().regex(/^[a-zA-Z0-9\-.]+$/, "may only contain alphanumeric characters, dashes, and periods");
const description = z.string().max(255, "is longer than 255 characters");
const create = z.object({
  name,
  description: description.nullish(),
  region: z.string(),
  ip_range: z.string().nullish(),
});
const update = z.object({ name, description, default: z.boolean() }).partial();

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((text) => parseRange(text) as Range);
const largest = 16;
const smallest = 28;

/** Where the ranges that nobody chose begin, and their size. */
const generated = { first: parseRange("10.100.0.0/16") as Range, prefix: 20, size: 4096n };

/** `/vpcs`: the private networks, one of them in each region the default. */
export function registerVpcs(app: FastifyInstance, account: Account): void {
  const { vpcs } = account.state;
  const requested = (request: FastifyRequest) => found(vpcs, (request.params as { id: string }).id);

  app.get("/vpcs", (request, reply) => sendList(request, reply, "vpcs", Object.values(vpcs).map(vpcView)));
  app.get("/vpcs/:id", async (request) => ({ vpc: vpcView(requested(request)) }));
  app.post("/vpcs", async (request, reply) => {
    const wanted = parseBody(create, request.body);
    if (!Object.hasOwn(regions, wanted.region)) throw invalid("region is invalid");
    refuseTakenName(account, wanted.name);
    if (wanted.ip_range) checkRange(account, wanted.ip_range);
    // "If you do not currently have a VPC network in a specific datacenter region, the first one that you create will be
    // set as the default for that region."
    const first = !Object.values(vpcs).some((vpc) => vpc.region === wanted.region);
    return reply.status(201).send({ vpc: vpcView(addVpc(account, { ...wanted, default: first })) });
  });
  for (const method of ["PUT", "PATCH"] as const) {
    app.route({
      method,
      url: "/vpcs/:id",
      handler: async (request) => {
        const vpc = requested(request);
        const wanted = parseBody(method === "PUT" ? update.required({ name: true }) : update, request.body);
        if (wanted.name !== undefined) refuseTakenName(account, wanted.name, vpc.id);
        if (wanted.default === false && vpc.default)
          throw invalid("default can not be unset: make another VPC the default");
        if (wanted.default) {
          for (const other of Object.values(vpcs)) if (other.region === vpc.region) other.default = false;
        }
        Object.assign(vpc, wanted);
        return { vpc: vpcView(vpc) };
      },
    });
  }
  app.delete("/vpcs/:id", async (request, reply) => {
    const vpc = requested(request);
    if (vpc.default) throw new DigitalOceanError("forbidden", "Can not delete default VPCs");
    if (membersOf(account, vpc).length > 0) throw new DigitalOceanError("forbidden", "Can not delete VPC with members");
    delete vpcs[vpc.id];
    return reply.status(204).send();
  });
  app.get("/vpcs/:id/members", (request, reply) => {
    const { resource_type = "droplet" } = request.query as { resource_type?: string };
    const members = resource_type === "droplet" ? membersOf(account, requested(request)) : [];
    const views = members.map(({ id, name, created_at }) => ({ urn: `do:droplet:${id}`, name, created_at }));
    return sendList(request, reply, "members", views);
  });
}

/** The network that droplets of a region come into unless another is named; made with the first of them. */
export function defaultVpc(account: Account, region: string): Vpc {
  const present = Object.values(account.state.vpcs).find((vpc) => vpc.region === region && vpc.default);
  return present ?? addVpc(account, { name: `default-${region}`, region, default: true });
}

/** An address of a VPC that no droplet has; its first is the gateway. @throws DigitalOceanError when there is none */
export function freeAddress(account: Account, vpc: Vpc): string {
  const range = parseRange(vpc.ip_range) as Range;
  const taken = new Set(membersOf(account, vpc).map((droplet) => droplet.private_ipv4));
  for (let value = range.first + 2n; value < range.last; value++) {
    const text = ipv4Text(value);
    if (!taken.has(text)) return text;
  }
  throw invalid("VPC has no free addresses");
}

/** Netmask and gateway of a range. */
export function networkOf(ipRange: string): { netmask: string; gateway: string } {
  const { first, prefix } = parseRange(ipRange) as Range;
  const netmask = ipv4Text((0xffffffffn << BigInt(32 - prefix)) & 0xffffffffn);
  return { netmask, gateway: ipv4Text(first + 1n) };
}

function addVpc(
  account: Account,
  wanted: Pick<Vpc, "name" | "region" | "default"> & { description?: string | null; ip_range?: string | null },
): Vpc {
  const vpc: Vpc = {
    id: randomUUID(),
    name: wanted.name,
    description: wanted.description ?? "",
    region: wanted.region,
    ip_range: wanted.ip_range || freeRange(account),
    default: wanted.default,
    created_at: new Date().toISOString(),
  };
  account.state.vpcs[vpc.id] = vpc;
  return vpc;
}

function checkRange(account: Account, text: string): void {
  const range = parseRange(text);
  if (range?.version !== 4 || hasHostBits(text)) throw invalid("ip_range is not a network in CIDR notation");
  if (range.prefix < largest || range.prefix > smallest) {
    throw invalid(`ip_range must be between a /${largest} and a /${smallest}`);
  }
  if (!privateRanges.some((allowed) => contains(allowed, range))) {
    throw invalid("ip_range must be in range of private addresses as defined in RFC1918");
  }
  if (overlapping(account, range)) throw invalid("This range/size overlaps with another VPC network in your account");
}

function overlapping({ state }: Account, range: Range): boolean {
  return Object.values(state.vpcs).some((vpc) => overlap(parseRange(vpc.ip_range) as Range, range));
}

function freeRange(account: Account): string {
  for (let first = generated.first.first; ; first += generated.size) {
    const text = `${ipv4Text(first)}/${generated.prefix}`;
    const range = parseRange(text) as Range;
    if (!contains(privateRanges[0] as Range, range)) throw invalid("no range is left for another VPC network");
    if (!overlapping(account, range)) return text;
  }
}

function refuseTakenName({ state }: Account, name: string, except?: string): void {
  if (Object.values(state.vpcs).some((vpc) => vpc.name === name && vpc.id !== except)) {
    throw invalid("name is already in use");
  }
}

function membersOf({ state }: Account, vpc: Vpc) {
  return Object.values(state.droplets).filter((droplet) => droplet.vpc_uuid === vpc.id);
}

function vpcView(vpc: Vpc) {
  return { ...vpc, urn: `do:vpc:${vpc.id}` };
}
