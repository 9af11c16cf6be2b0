import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { contains, hasHostBits, ipv4Text, overlap, parseRange, type Range } from "../addresses";
import { locations } from "./catalog";
import { HetznerError, invalidField, notFound, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import type { Network, Subnet } from "./model";
import { addressesIn, detachAll } from "./networkAttachments";
import {
  add,
  anyName,
  type Project,
  refuseTakenName,
  registerProtection,
  registerResource,
  requested,
} from "./project";

const subnetSchema = z.object({
  type: z.enum(["cloud", "server", "vswitch"]),
  ip_range: z.string().optional(),
  network_zone: z.enum([...new Set(locations.map((location) => location.network_zone))]),
});
const routeSchema = z.object({ destination: z.string(), gateway: z.string() });
const create = z.object({
  name: anyName,
  ip_range: z.string(),
  subnets: z.array(subnetSchema).max(50, "has too many entries").optional(),
  routes: z.array(routeSchema).max(100, "has too many entries").optional(),
  expose_routes_to_vswitch: z.boolean().optional(),
  labels: labelsSchema.optional(),
});

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((text) => parseRange(text) as Range);
const smallestNetwork = 24;
const smallestSubnet = 30;

export function registerNetworks(app: FastifyInstance, project: Project): void {
  app.post("/networks", async (request, reply) => {
    const { name, labels, ip_range, expose_routes_to_vswitch, subnets, routes } = parseBody(create, request.body);
    refuseTakenName(project, "networks", name);
    checkNetworkRange(ip_range);
    const draft = { subnets: [] as Subnet[], routes: [] as Network["routes"], ip_range };
    for (const subnet of subnets ?? []) draft.subnets.push(newSubnet(draft, subnet));
    for (const route of routes ?? []) draft.routes.push(newRoute(draft, route));
    const network = add(project, "networks", {
      name,
      labels,
      ...draft,
      protection: { delete: false },
      expose_routes_to_vswitch: expose_routes_to_vswitch ?? false,
    });
    return reply.status(201).send({ network: networkView(project, network) });
  });

  const action = <T extends z.ZodType>(
    command: string,
    schema: T,
    change: (network: Network, body: z.output<T>) => void,
  ) =>
    app.post(`/networks/:id/actions/${command}`, async (request, reply) => {
      const network = requested(project, "networks", request);
      change(network, parseBody(schema, request.body));
      return reply.status(201).send({ action: project.actions.begin(command, [{ id: network.id, type: "network" }]) });
    });

  action("add_subnet", subnetSchema, (network, body) => {
    network.subnets.push(newSubnet(network, body));
  });
  action("delete_subnet", z.object({ ip_range: z.string() }), (network, { ip_range }) => {
    const subnet = network.subnets.find((candidate) => candidate.ip_range === ip_range);
    if (!subnet) throw notFound("subnet", ip_range);
    if (addressesIn(project, network.id, parseRange(ip_range) as Range).length > 0) {
      throw new HetznerError("service_error", "cannot remove subnet because servers are attached to it");
    }
    network.subnets = network.subnets.filter((candidate) => candidate !== subnet);
  });
  action("add_route", routeSchema, (network, body) => {
    network.routes.push(newRoute(network, body));
  });
  action("delete_route", routeSchema, (network, { destination, gateway }) => {
    const kept = network.routes.filter((route) => route.destination !== destination || route.gateway !== gateway);
    if (kept.length === network.routes.length) throw notFound("route", destination);
    network.routes = kept;
  });
  action("change_ip_range", z.object({ ip_range: z.string() }), (network, { ip_range }) => {
    const [old, wanted] = [parseRange(network.ip_range) as Range, checkNetworkRange(ip_range)];
    if (wanted.first !== old.first || !contains(wanted, old)) {
      throw invalidField("ip_range", "can only be extended at its end");
    }
    network.ip_range = ip_range;
  });

  registerProtection(app, project, "networks");
  registerResource(app, project, {
    collection: "networks",
    view: (network) => networkView(project, network),
    changeable: { expose_routes_to_vswitch: z.boolean() },
    leave: (network) => {
      detachAll(project, network.id);
      return undefined;
    },
  });
}

type Plan = Pick<Network, "ip_range" | "subnets" | "routes">;

function checkNetworkRange(text: string): Range {
  const range = parseRange(text);
  if (!range || hasHostBits(text)) throw invalidField("ip_range", "is not a network in CIDR notation");
  if (range.prefix > smallestNetwork) throw invalidField("ip_range", `must be a /${smallestNetwork} or larger`);
  if (!privateRanges.some((allowed) => contains(allowed, range))) {
    throw invalidField("ip_range", "must be within the private ranges of RFC 1918");
  }
  return range;
}

function newSubnet(plan: Plan, wanted: z.output<typeof subnetSchema>): Subnet {
  const text = wanted.ip_range ?? firstFree(plan);
  const range = parseRange(text);
  if (!range || hasHostBits(text)) throw invalidField("ip_range", "is not a network in CIDR notation");
  if (range.prefix > smallestSubnet) throw invalidField("ip_range", `must be a /${smallestSubnet} or larger`);
  if (!contains(parseRange(plan.ip_range) as Range, range)) {
    throw invalidField("ip_range", "must be within the ip_range of the network");
  }
  const taken = [...plan.subnets.map((subnet) => subnet.ip_range), ...plan.routes.map((route) => route.destination)];
  if (taken.some((other) => other !== "0.0.0.0/0" && overlap(parseRange(other) as Range, range))) {
    throw invalidField("ip_range", "overlaps with another subnet or route");
  }
  // The first address of the whole network is its gateway, whichever subnet asks.
  const gateway = ipv4Text((parseRange(plan.ip_range) as Range).first + 1n);
  return { type: wanted.type, ip_range: text, network_zone: wanted.network_zone, gateway };
}

/** The first /24 of the network that no subnet uses. */
function firstFree(plan: Plan): string {
  const whole = parseRange(plan.ip_range) as Range;
  const taken = plan.subnets.map((subnet) => parseRange(subnet.ip_range) as Range);
  for (let first = whole.first; first <= whole.last; first += 256n) {
    const text = `${ipv4Text(first)}/24`;
    if (!taken.some((range) => overlap(range, parseRange(text) as Range))) return text;
  }
  throw new HetznerError("no_subnet_available", "no subnet is available within the network");
}

function newRoute(plan: Plan, route: { destination: string; gateway: string }) {
  const range = parseRange(route.destination);
  const everything = route.destination === "0.0.0.0/0";
  if (!range || hasHostBits(route.destination)) throw invalidField("destination", "is not in CIDR notation");
  if (!everything && !privateRanges.some((allowed) => contains(allowed, range))) {
    throw invalidField("destination", "must be within the private ranges of RFC 1918 or 0.0.0.0/0");
  }
  const taken = [
    ...plan.routes.map((other) => other.destination),
    ...(everything ? [] : plan.subnets.map((subnet) => subnet.ip_range)),
  ];
  if (
    taken.some((other) => other === route.destination || (!everything && overlap(parseRange(other) as Range, range)))
  ) {
    throw invalidField("destination", "overlaps with a subnet or another route");
  }
  const gateway = parseRange(`${route.gateway}/32`);
  const whole = parseRange(plan.ip_range) as Range;
  if (!gateway || !contains(whole, gateway) || gateway.first === whole.first + 1n) {
    throw invalidField("gateway", "must be an address of the network other than its first");
  }
  return route;
}

function networkView(project: Project, network: Network) {
  const whole = parseRange(network.ip_range) as Range;
  const servers = addressesIn(project, network.id, whole).map((attachment) => attachment.server);
  return { ...network, servers: [...new Set(servers)], load_balancers: [] };
}
