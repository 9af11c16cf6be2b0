import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { checkContent, fullName, isProxiable, recordTypes } from "./dnsContent";
import { hexId, sendPage, success, timestamp, withoutNull } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import type { DnsRecord, Plan, Zone } from "./model";
import { type CloudflareWorld, zoneOf } from "./world";

/** Records of a zone, https://developers.cloudflare.com/dns/manage-dns-records/. */
const recordsPerZone: Record<Plan, number> = { free: 200, pro: 3500, business: 3500, enterprise: 3500 };
/** Characters of a comment and tags of a record by plan, https://developers.cloudflare.com/dns/manage-dns-records/reference/record-attributes/. */
const commentLength: Record<Plan, number> = { free: 100, pro: 500, business: 500, enterprise: 500 };
const tagsPerRecord: Record<Plan, number> = { free: 0, pro: 20, business: 20, enterprise: 20 };

/** "Automatic", the only TTL of proxied records. */
const automaticTtl = 1;
const shortestTtl = 60;
const longestTtl = 86_400;

const body = z.object({
  name: z.string().min(1, "DNS name is invalid."),
  type: z.enum(recordTypes),
  content: z.string().nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  ttl: z.number().int().nullish(),
  proxied: z.boolean().nullish(),
  priority: z.number().int().min(0).max(65535).nullish(),
  comment: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  settings: z.record(z.string(), z.unknown()).nullish(),
  private_routing: z.boolean().nullish(),
});
type Wanted = z.output<typeof body>;
const refusal = { code: 9207, prefix: "Request body is invalid: " };

export function registerDnsRecords(app: FastifyInstance, world: CloudflareWorld): void {
  const base = "/zones/:zone/dns_records";
  const { state } = world;

  app.post(base, async (request) => {
    const zone = zoneOf(world, request);
    const record = checkedRecord(world, zone, parseBody(body, request.body, refusal));
    if (recordsOf(world, zone).length >= recordsPerZone[zone.plan]) {
      throw new CloudflareError(400, 81045, "The record quota has been exceeded.");
    }
    const now = timestamp();
    const created: DnsRecord = { id: hexId(), zone_id: zone.id, ...record, created_on: now, modified_on: now };
    state.dns_records[created.id] = created;
    return success(recordView(created));
  });

  app.get(base, (request, reply) => {
    const zone = zoneOf(world, request);
    const found = filtered(recordsOf(world, zone), request.query as Record<string, string>);
    return sendPage(request, reply, found.map(recordView), { default: 100, most: 5_000_000 });
  });
  app.get(`${base}/:record`, async (request) => success(recordView(recordOf(world, request))));

  const change = (request: FastifyRequest, wanted: unknown) => {
    const zone = zoneOf(world, request);
    const present = recordOf(world, request);
    const record = checkedRecord(world, zone, parseBody(body, wanted, refusal), present.id);
    const { id, zone_id, created_on } = present;
    const updated: DnsRecord = { id, zone_id, ...record, created_on, modified_on: timestamp() };
    state.dns_records[id] = updated;
    return success(recordView(updated));
  };
  app.put(`${base}/:record`, async (request) => change(request, request.body));
  app.patch(`${base}/:record`, async (request) => {
    const present = recordOf(world, request);
    return change(request, { ...present, ...(request.body as object) });
  });

  app.delete(`${base}/:record`, async (request) => {
    const { id } = recordOf(world, request);
    delete state.dns_records[id];
    return success({ id });
  });
}

function recordView(record: DnsRecord) {
  const { zone_id: _, ...shown } = record;
  return { ...shown, proxiable: isProxiable(record.type), meta: {} };
}

function recordsOf(world: CloudflareWorld, zone: Zone): DnsRecord[] {
  return Object.values(world.state.dns_records).filter((record) => record.zone_id === zone.id);
}

function recordOf(world: CloudflareWorld, request: FastifyRequest): DnsRecord {
  const zone = zoneOf(world, request);
  const record = world.state.dns_records[(request.params as { record: string }).record];
  if (record?.zone_id !== zone.id) throw new CloudflareError(404, 81044, "Record does not exist.");
  return record;
}

/** A record in its stored form, when the zone can have it. */
function checkedRecord(
  world: CloudflareWorld,
  zone: Zone,
  wanted: Wanted,
  except?: string,
): Omit<DnsRecord, "id" | "zone_id" | "created_on" | "modified_on"> {
  const { content, data, priority, private_routing, ...given } = withoutNull(wanted);
  const name = fullName(given.name, zone.name);
  checkContent(given.type, content, data, name);
  const proxied = given.proxied ?? false;
  if (proxied && !isProxiable(given.type)) {
    throw new CloudflareError(400, 9004, "This record type cannot be proxied.");
  }
  const record = {
    name,
    type: given.type,
    content: content ?? Object.values(data ?? {}).join(" "),
    proxied,
    ttl: checkedTtl(given.ttl ?? automaticTtl, proxied),
    ...(priority === undefined ? {} : { priority }),
    ...(data === undefined ? {} : { data }),
    ...(private_routing === undefined ? {} : { private_routing }),
    settings: given.settings ?? {},
    comment: given.comment ?? null,
    tags: given.tags ?? [],
  };
  refuseOverPlan(zone.plan, record);
  refuseClash(recordsOf(world, zone), record, except);
  return record;
}

function checkedTtl(ttl: number, proxied: boolean): number {
  if (proxied && ttl !== automaticTtl) {
    throw new CloudflareError(400, 9021, "Invalid TTL. Must be 1 (Automatic) for proxied records.");
  }
  if (ttl !== automaticTtl && (ttl < shortestTtl || ttl > longestTtl)) {
    throw new CloudflareError(400, 9021, "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.");
  }
  return ttl;
}

function refuseOverPlan(plan: Plan, record: { comment: string | null; tags: string[] }): void {
  if ((record.comment?.length ?? 0) > commentLength[plan]) {
    throw new CloudflareError(400, 9301, `DNS record comment exceeds ${commentLength[plan]} characters.`);
  }
  if (record.tags.length > tagsPerRecord[plan]) {
    const message = `DNS record has ${record.tags.length} tags, exceeding the quota of ${tagsPerRecord[plan]}.`;
    throw new CloudflareError(400, 9300, message);
  }
}

/** An alias stands alone on its name, and no record exists twice. */
function refuseClash(
  present: DnsRecord[],
  record: Pick<DnsRecord, "name" | "type" | "content">,
  except?: string,
): void {
  const others = present.filter((other) => other.id !== except && other.name === record.name);
  if (others.some((other) => other.type === record.type && other.content === record.content)) {
    throw new CloudflareError(400, 81058, "An identical record already exists.");
  }
  const hosts = others.filter((other) => isProxiable(other.type));
  const clashes = record.type === "CNAME" ? hosts.length > 0 : hosts.some((other) => other.type === "CNAME");
  if (isProxiable(record.type) && clashes) {
    throw new CloudflareError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.");
  }
}

const textFilters = new Map<string, (value: string, wanted: string) => boolean>(
  Object.entries({
    exact: (value, wanted) => value === wanted,
    contains: (value, wanted) => value.includes(wanted),
    startswith: (value, wanted) => value.startsWith(wanted),
    endswith: (value, wanted) => value.endsWith(wanted),
  }),
);

/** Filters by `name`, `content` and `comment` with their variants, `type`, `proxied` and `search`; sorts by `order`. */
function filtered(records: DnsRecord[], query: Record<string, string>): DnsRecord[] {
  const tests: ((record: DnsRecord) => boolean)[] = [];
  for (const [parameter, wanted] of Object.entries(query)) {
    const [, field, variant] = /^(name|content|comment)(?:[.[](\w+)\]?)?$/.exec(parameter) ?? [];
    const compare = textFilters.get(variant ?? "exact");
    if (field && compare) {
      tests.push((record) => compare(String(record[field as "name"] ?? "").toLowerCase(), wanted.toLowerCase()));
    }
  }
  if (query.type !== undefined) tests.push((record) => record.type === query.type);
  if (query.proxied !== undefined) tests.push((record) => String(record.proxied) === query.proxied);
  const { search } = query;
  if (search !== undefined) tests.push((record) => record.name.includes(search) || record.content.includes(search));
  const joined =
    query.match === "any" && tests.length > 0
      ? (record: DnsRecord) => tests.some((test) => test(record))
      : (record: DnsRecord) => tests.every((test) => test(record));
  const order = (query.order ?? "name") as "name";
  const sign = query.direction === "desc" ? -1 : 1;
  return records.filter(joined).sort((a, b) => sign * String(a[order]).localeCompare(String(b[order])));
}
