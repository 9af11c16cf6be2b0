import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "./account";
import { DigitalOceanError, found, invalid, notFound, parseBody } from "./errors";
import { dropletsOf } from "./firewallEffect";
import { checkRules, firewallLimits, rulesFields, sameRule } from "./firewallRules";
import { sendList } from "./listing";
import type { Firewall } from "./model";

const dropletIds = z.array(z.number().int());
const tagNames = z.array(z.string());
const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*$/, "must be letters, digits, periods and dashes");
const whole = z
  .object({ name, ...rulesFields, droplet_ids: dropletIds.nullish(), tags: tagNames.nullish() })
  .transform(({ inbound_rules, outbound_rules, droplet_ids, tags, ...rest }) => ({
    ...rest,
    // What is left out is emptied, also by an update.
    inbound_rules: inbound_rules ?? [],
    outbound_rules: outbound_rules ?? [],
    droplet_ids: [...new Set(droplet_ids ?? [])],
    tags: [...new Set(tags ?? [])],
  }));

/** `/firewalls` with the routes for their parts. */
export function registerFirewalls(app: FastifyInstance, account: Account): void {
  const { firewalls } = account.state;
  const requested = (request: FastifyRequest) => found(firewalls, (request.params as { id: string }).id);

  app.get("/firewalls", (request, reply) => {
    return sendList(
      request,
      reply,
      "firewalls",
      Object.values(firewalls).map((entry) => firewallView(account, entry)),
    );
  });
  app.get("/firewalls/:id", async (request) => ({ firewall: firewallView(account, requested(request)) }));
  app.post("/firewalls", async (request, reply) => {
    const wanted = parseBody(whole, request.body);
    checkFirewall(account, wanted);
    const firewall: Firewall = { id: randomUUID(), created_at: now(), ...wanted };
    firewalls[firewall.id] = firewall;
    account.filters.refresh();
    return reply.status(202).send({ firewall: firewallView(account, firewall) });
  });
  app.put("/firewalls/:id", async (request) => {
    const firewall = requested(request);
    const wanted = parseBody(whole, request.body);
    checkFirewall(account, wanted, firewall.id);
    Object.assign(firewall, wanted);
    account.filters.refresh();
    return { firewall: firewallView(account, firewall) };
  });
  app.delete("/firewalls/:id", async (request, reply) => {
    delete firewalls[requested(request).id];
    account.filters.refresh();
    return reply.status(204).send();
  });

  /** Adding and removing of one kind of part. */
  const part = <T extends z.ZodType>(
    path: string,
    schema: T,
    add: (firewall: Firewall, given: z.output<T>) => Partial<Firewall>,
    remove: (firewall: Firewall, given: z.output<T>) => Partial<Firewall>,
  ) => {
    const route = (method: "POST" | "DELETE", change: typeof add) =>
      app.route({
        method,
        url: `/firewalls/:id/${path}`,
        handler: async (request, reply) => {
          const firewall = requested(request);
          const changed = { ...firewall, ...change(firewall, parseBody(schema, request.body)) };
          if (method === "POST") checkFirewall(account, changed, firewall.id);
          Object.assign(firewall, changed);
          account.filters.refresh();
          return reply.status(204).send();
        },
      });
    route("POST", add);
    route("DELETE", remove);
  };

  part(
    "droplets",
    z.object({ droplet_ids: dropletIds }),
    (firewall, { droplet_ids }) => ({ droplet_ids: [...new Set([...firewall.droplet_ids, ...droplet_ids])] }),
    (firewall, { droplet_ids }) => ({ droplet_ids: firewall.droplet_ids.filter((id) => !droplet_ids.includes(id)) }),
  );
  part(
    "tags",
    z.object({ tags: tagNames }),
    (firewall, { tags }) => ({ tags: [...new Set([...firewall.tags, ...tags])] }),
    (firewall, { tags }) => ({ tags: firewall.tags.filter((tag) => !tags.includes(tag)) }),
  );
  part(
    "rules",
    z.object(rulesFields),
    (firewall, { inbound_rules, outbound_rules }) => ({
      inbound_rules: joined(firewall.inbound_rules, inbound_rules ?? []),
      outbound_rules: joined(firewall.outbound_rules, outbound_rules ?? []),
    }),
    (firewall, { inbound_rules, outbound_rules }) => ({
      inbound_rules: without(firewall.inbound_rules, inbound_rules ?? []),
      outbound_rules: without(firewall.outbound_rules, outbound_rules ?? []),
    }),
  );
}

/** A firewall in the form that the API shows. */
export function firewallView(account: Account, firewall: Firewall) {
  const pending_changes = account.filters.pending(dropletsOf(account, firewall));
  const status = pending_changes.some((change) => change.status === "failed") ? "failed" : "waiting";
  return { ...firewall, status: pending_changes.length === 0 ? "succeeded" : status, pending_changes };
}

/** Takes a droplet that is gone out of every firewall and rule. */
export function forgetDroplet({ state }: Account, id: number): void {
  forget(state.firewalls, "droplet_ids", id);
}

/** Takes a tag that is gone out of every firewall and rule. */
export function forgetTag({ state }: Account, tag: string): void {
  forget(state.firewalls, "tags", tag);
}

function forget(firewalls: Record<string, Firewall>, kind: "droplet_ids" | "tags", gone: number | string): void {
  for (const firewall of Object.values(firewalls)) {
    const peers = [
      ...firewall.inbound_rules.map((rule) => rule.sources),
      ...firewall.outbound_rules.map((rule) => rule.destinations),
    ];
    for (const holder of [firewall, ...peers]) {
      const items: unknown[] | undefined = holder[kind];
      if (items) Object.assign(holder, { [kind]: items.filter((item) => item !== gone) });
    }
  }
}

function checkFirewall(account: Account, wanted: z.output<typeof whole>, id?: string): void {
  const { state } = account;
  checkRules(account, wanted);
  const { droplets, tags } = firewallLimits;
  if (wanted.droplet_ids.length > droplets) throw invalid(`firewall can have at most ${droplets} droplets`);
  if (wanted.tags.length > tags) throw invalid(`firewall can have at most ${tags} tags`);
  for (const droplet of wanted.droplet_ids) if (!state.droplets[droplet]) throw invalid(`droplet ${droplet} not found`);
  for (const tag of wanted.tags) if (!state.tags.includes(tag)) throw invalid(`tag ${tag} not found`);
  if (Object.values(state.firewalls).some((other) => other.name === wanted.name && other.id !== id)) {
    throw new DigitalOceanError("conflict", "duplicate name");
  }
}

function joined<T extends object>(present: T[], added: T[]): T[] {
  return [...present, ...added.filter((rule) => !present.some((other) => sameRule(rule, other)))];
}

function without<T extends object>(present: T[], removed: T[]): T[] {
  if (!removed.every((rule) => present.some((other) => sameRule(rule, other)))) throw notFound();
  return present.filter((rule) => !removed.some((other) => sameRule(rule, other)));
}

function now(): string {
  return new Date().toISOString();
}
