import type { Arena } from "./arena";
import { hosts } from "./cases/attackCase";

/** Names of the four layers in front of an agent. */
export const layerNames = ["Access application", "connector's check", "rule of the zone", "path list"] as const;
export type LayerName = (typeof layerNames)[number];

interface Application {
  id: string;
  name: string;
  destinations: { uri: string }[];
}

interface TunnelConfig {
  ingress: { hostname?: string; path?: string; service: string; originRequest?: { access?: unknown } }[];
}

/**
 * Takes layers away behind Pulumi's back, as a slip of the hand in the dashboard would, and gives back what undoes it.
 */
export async function withoutLayers<T>(arena: Arena, layers: LayerName[], work: () => Promise<T>): Promise<T> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const layer of layers) undo.push(await removals[layer](arena));
    return await work();
  } finally {
    for (const restore of undo.reverse()) await restore();
  }
}

const account = (arena: Arena) => `/accounts/${arena.world.cloudflare.accountId}`;
const zone = (arena: Arena) => `/zones/${arena.world.cloudflare.zoneId}`;

const removals: Record<LayerName, (arena: Arena) => Promise<() => Promise<void>>> = {
  /** It is pointed at another name: an application that is deleted could not be put back as it was. */
  "Access application": async (arena) => {
    const base = `${account(arena)}/access/apps`;
    const apps = await arena.cloudflare<Application[]>("GET", base);
    const app = apps.find(({ destinations }) => destinations.some(({ uri }) => uri === hosts.operator))!;
    const away = { ...app, domain: "elsewhere.example.com", self_hosted_domains: undefined, destinations: undefined };
    const back = { ...app, self_hosted_domains: undefined, destinations: undefined };
    await arena.cloudflare("PUT", `${base}/${app.id}`, away);
    return async () => void (await arena.cloudflare("PUT", `${base}/${app.id}`, back));
  },
  "connector's check": (arena) =>
    changeConfig(arena, hosts.operator, (config) => {
      for (const rule of config.ingress) delete rule.originRequest;
    }),
  "rule of the zone": async (arena) => {
    const rulesets = await arena.cloudflare<{ id: string; phase: string }[]>("GET", `${zone(arena)}/rulesets`);
    const { id } = rulesets.find(({ phase }) => phase === "http_request_firewall_custom")!;
    const route = `${zone(arena)}/rulesets/${id}`;
    const ruleset = await arena.cloudflare<{ rules: unknown[] }>("GET", route);
    await arena.cloudflare("PUT", route, { ...ruleset, rules: [] });
    return async () => void (await arena.cloudflare("PUT", route, ruleset));
  },
  "path list": (arena) =>
    changeConfig(arena, hosts.bot, (config) => {
      for (const rule of config.ingress) delete rule.path;
      // Of several rules for one hostname the first is enough once it takes every path.
      config.ingress = [config.ingress[0]!, config.ingress.at(-1)!];
    }),
};

/** Changes the configuration of the tunnel that a hostname leads to; the connector has it when this returns. */
async function changeConfig(
  arena: Arena,
  hostname: string,
  change: (config: TunnelConfig) => void,
): Promise<() => Promise<void>> {
  const records = await arena.cloudflare<{ content: string }[]>("GET", `${zone(arena)}/dns_records?name=${hostname}`);
  const tunnel = records[0]!.content.split(".")[0]!;
  const route = `${account(arena)}/cfd_tunnel/${tunnel}/configurations`;
  const { config } = await arena.cloudflare<{ config: TunnelConfig }>("GET", route);
  const changed = structuredClone(config);
  change(changed);
  const put = async (wanted: TunnelConfig) => {
    const since = new Date().toISOString();
    await arena.cloudflare("PUT", route, { config: wanted });
    await arena.configured(tunnel, since);
  };
  await put(changed);
  return () => put(config);
}
