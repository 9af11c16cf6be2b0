import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { hexId, success, timestamp } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import { type ManagedRuleset, managedRuleset, managedRulesets } from "./managedRulesets";
import type { Owner, Plan, Ruleset } from "./model";
import { checkedRules } from "./rulesetRules";
import { type CloudflareWorld, ownerOf } from "./world";

const phases = [
  "http_config_settings",
  "http_custom_errors",
  "http_log_custom_fields",
  "http_ratelimit",
  "http_request_cache_settings",
  "http_request_dynamic_redirect",
  "http_request_firewall_custom",
  "http_request_firewall_managed",
  "http_request_late_transform",
  "http_request_origin",
  "http_request_redirect",
  "http_request_sanitize",
  "http_request_sbfm",
  "http_request_transform",
  "http_response_compression",
  "http_response_firewall_managed",
  "http_response_headers_transform",
] as const;

const create = z.object({
  name: z.string().min(1),
  description: z.string().nullish(),
  kind: z.enum(["zone", "root", "custom"]),
  phase: z.enum(phases),
  rules: z.array(z.unknown()).nullish(),
});
const replace = z.object({
  name: z.string().min(1).optional(),
  description: z.string().nullish(),
  kind: z.string().optional(),
  phase: z.string().optional(),
  rules: z.array(z.unknown()).nullish(),
});
const refusal = { code: 20013 };

/** Name that a ruleset gets when it is made through its phase. */
const defaultName = "default";

export function registerRulesets(app: FastifyInstance, world: CloudflareWorld): void {
  for (const base of ["/zones/:zone/rulesets", "/accounts/:account/rulesets"]) {
    registerUnder(app, world, base);
    registerEntrypoints(app, world, `${base}/phases/:phase/entrypoint`);
  }
}

function registerUnder(app: FastifyInstance, world: CloudflareWorld, base: string): void {
  const { rulesets } = world.state;
  app.post(base, async (request) => {
    const owner = ownerOf(world, request);
    const { name, description, kind, phase, rules } = parseBody(create, request.body, refusal);
    refuseKind(owner, kind);
    if (kind !== "custom" && entrypoint(world, owner, phase)) {
      const message = `'${kind}' is not a valid value for kind because exceeded maximum number of ${kind} rulesets for phase ${phase}`;
      throw new CloudflareError(400, 20217, message, "/kind");
    }
    const fields = { name, description: description ?? "", kind, phase };
    const ruleset = newRuleset(owner, fields, checkedRules(planOf(world, owner), phase, rules, []));
    rulesets[ruleset.id] = ruleset;
    return success(rulesetView(ruleset));
  });
  app.get(base, async (request) => {
    const owner = ownerOf(world, request);
    const found = Object.values(rulesets).filter((ruleset) => ruleset.owner === owner);
    const listed = [...managedRulesets.map(managedView), ...found.map(rulesetView)].map(
      ({ rules: _, ...shown }) => shown,
    );
    return { ...success(listed), result_info: { count: listed.length } };
  });
  app.get(`${base}/:ruleset`, async (request) => {
    const managed = managedRuleset((request.params as { ruleset: string }).ruleset);
    return success(managed ? managedView(managed) : rulesetView(requested(world, request)));
  });
  app.put(`${base}/:ruleset`, async (request) =>
    success(rulesetView(update(world, requested(world, request), request.body))),
  );
  app.delete(`${base}/:ruleset`, async (request, reply) => {
    delete rulesets[requested(world, request).id];
    return reply.status(204).send();
  });
}

/** The one ruleset of a phase, by the phase's name. */
function registerEntrypoints(app: FastifyInstance, world: CloudflareWorld, path: string): void {
  const phaseOf = (request: FastifyRequest) => {
    const { phase } = request.params as { phase: string };
    if (!phases.includes(phase as "http_ratelimit")) {
      throw new CloudflareError(400, 20115, `'${phase}' is not a valid value for phase`);
    }
    return phase;
  };
  app.get(path, async (request) => {
    const phase = phaseOf(request);
    const ruleset = entrypoint(world, ownerOf(world, request), phase);
    if (!ruleset) throw new CloudflareError(404, 10003, `could not find entrypoint ruleset in the ${phase} phase`);
    return success(rulesetView(ruleset));
  });
  app.put(path, async (request) => {
    const [owner, phase] = [ownerOf(world, request), phaseOf(request)];
    const present = entrypoint(world, owner, phase);
    if (present) return success(rulesetView(update(world, present, request.body)));
    const { name, description, rules } = parseBody(replace, request.body, refusal);
    const kind = owner.startsWith("zones/") ? "zone" : "root";
    const fields = { name: name ?? defaultName, description: description ?? "", kind, phase };
    const ruleset = newRuleset(owner, fields, checkedRules(planOf(world, owner), phase, rules, []));
    world.state.rulesets[ruleset.id] = ruleset;
    return success(rulesetView(ruleset));
  });
}

function newRuleset(
  owner: Owner,
  fields: Pick<Ruleset, "name" | "description" | "kind" | "phase">,
  rules: Ruleset["rules"],
): Ruleset {
  return { id: hexId(), owner, ...fields, version: "1", last_updated: timestamp(), rules };
}

/** Replaces all rules; kind and phase are for life. */
function update(world: CloudflareWorld, ruleset: Ruleset, body: unknown): Ruleset {
  const wanted = parseBody(replace, body, refusal);
  for (const field of ["kind", "phase"] as const) {
    if (wanted[field] !== undefined && wanted[field] !== ruleset[field]) {
      throw new CloudflareError(400, 20107, `${field} of a ruleset cannot be changed`, `/${field}`);
    }
  }
  ruleset.rules = checkedRules(planOf(world, ruleset.owner), ruleset.phase, wanted.rules, ruleset.rules);
  ruleset.name = wanted.name ?? ruleset.name;
  ruleset.description = wanted.description ?? "";
  ruleset.version = String(Number(ruleset.version) + 1);
  ruleset.last_updated = timestamp();
  return ruleset;
}

function refuseKind(owner: Owner, kind: string): void {
  const wrong = owner.startsWith("zones/") ? "root" : "zone";
  if (kind === wrong) {
    throw new CloudflareError(400, 20114, `'${kind}' is not a valid value for kind at this level`, "/kind");
  }
}

function entrypoint(world: CloudflareWorld, owner: Owner, phase: string): Ruleset | undefined {
  return Object.values(world.state.rulesets).find(
    (ruleset) => ruleset.owner === owner && ruleset.phase === phase && ruleset.kind !== "custom",
  );
}

function requested(world: CloudflareWorld, request: FastifyRequest): Ruleset {
  const owner = ownerOf(world, request);
  const { ruleset: id } = request.params as { ruleset: string };
  const ruleset = world.state.rulesets[id];
  if (ruleset?.owner !== owner) throw new CloudflareError(404, 10003, `could not find ruleset '${id}'`);
  return ruleset;
}

/** Rulesets of an account need its own Enterprise plan, which there is not here. */
function planOf(world: CloudflareWorld, owner: Owner): Plan {
  const zone = world.zones.find((candidate) => owner === `zones/${candidate.id}`);
  if (zone) return zone.plan;
  throw new CloudflareError(400, 20120, "not entitled: account rulesets require an Enterprise plan", "/kind");
}

/** A managed ruleset as everybody sees it; nobody can change it. */
function managedView({ id, name, rules }: ManagedRuleset) {
  const last_updated = "2026-01-01T00:00:00Z";
  return {
    id,
    name,
    description: "An imitation by the sandbox: a handful of well-known attack shapes",
    source: "firewall_managed",
    kind: "managed",
    phase: "http_request_firewall_managed",
    version: "1",
    last_updated,
    rules: rules.map(({ attack: _, ...rule }) => ({
      ...rule,
      version: "1",
      ref: rule.id,
      enabled: true,
      last_updated,
    })),
  };
}

function rulesetView({ owner: _, ...ruleset }: Ruleset) {
  return ruleset;
}
