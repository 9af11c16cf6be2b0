import type { FleetSecrets } from "../../components/fleetAgents";

/** An operator's public key. */
export const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9mWyrGZ5ibcRDbDxPxpwrRHxZXJ1vL0Xz9N2Q8Ry0t ana";

/** A fleet in which nothing is wrong, fresh for each caller to spoil. */
export function goodFleet(): Record<string, unknown> {
  return {
    operators: { keys: [key] },
    connector: { image: `registry.creel.test/cloudflared@sha256:${"2".repeat(64)}` },
    zones: {
      "example.com": {
        accountId: "0123456789abcdef0123456789abcdef",
        zoneId: "fedcba9876543210fedcba9876543210",
        plan: "free",
        team: "acme",
      },
    },
    tenants: { ana: { emails: ["ana@example.com"] } },
    servers: { reef: { location: "fsn1", size: "cx23", ssh: { cidrs: ["198.51.100.1/32"] } } },
    agents: {
      atlas: {
        tenant: "ana",
        image: `registry.creel.test/agent@sha256:${"1".repeat(64)}`,
        operator: "atlas-ana.example.com",
        memory: "256MiB",
        health: ["agent", "health"],
      },
    },
  };
}

/** A good fleet with something in every section: defaults, groups, webhooks, programs, rules of its zone. */
export function richFleet(): Record<string, unknown> {
  const { servers, agents, zones, ...rest } = goodFleet() as Record<string, Record<string, Record<string, unknown>>>;
  const { image, health } = agents!.atlas!;
  const route = { path: "/hooks/x", methods: ["POST"], contentTypes: ["application/json"], secret: "MODEL_API_KEY" };
  return {
    ...rest,
    defaults: {
      server: servers!.reef,
      agent: { image, health, memory: "256MiB", runtime: "generic", environment: { TZ: "Etc/UTC" } },
    },
    zones: {
      "example.com": {
        ...zones!["example.com"],
        certificates: "advanced",
        rateLimit: { requests: 100, period: 10, block: 10 },
        managedRules: true,
        tls: { minVersion: "1.3", hsts: { days: 30, includeSubdomains: false } },
        bots: { fightMode: false },
      },
    },
    identityProviders: { work: { id: "11111111-2222-3333-4444-555555555555", type: "okta" } },
    tenants: {
      ana: {
        emails: ["ana@example.com"],
        emailDomains: ["example.org"],
        identityProviders: ["work"],
        require: { mfa: true, countries: ["DE"] },
        session: "4h",
        serviceTokens: { ci: { duration: "24h", rotation: 2, previousUntil: "2099-01-31T12:00:00Z" } },
      },
      bo: { emails: ["bo@example.com"] },
    },
    servers: {
      reef: { count: 2, rebuild: "once" },
      atoll: {
        provider: "digitalocean",
        location: "fra1",
        size: "s-4vcpu-8gb",
        memory: "8GiB",
        network: "inner",
        profile: "production",
      },
    },
    networks: { inner: { provider: "digitalocean", location: "fra1", range: "10.30.0.0/20" } },
    agents: {
      atlas: {
        tenant: "ana",
        server: "reef-1",
        operator: "atlas-ana.example.com",
        bot: { hostname: "atlas-bot.example.com", routes: [route] },
        rotation: "first",
      },
      bora: { tenant: "bo", cpus: 0.5, tasksMax: 64, port: 9000, command: ["serve"], environment: { LANG: "C" } },
    },
  };
}

export function goodSecrets(): FleetSecrets {
  return { atlas: { MODEL_API_KEY: "CANARY" } };
}

/**
 * Sets or, with undefined, removes what stands at a path. Its parts are divided by slashes, or by dots where none is
 * there; a zone's name counts as one part.
 */
export function deepSet(document: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.includes("/") ? path.split("/") : path.replace(/(zones)\.(\w+)\.(\w+)/, "$1/$2%$3").split(/[./]/);
  const names = parts.map((part) => part.replaceAll("%", "."));
  const last = names.pop()!;
  let node = document;
  for (const name of names) {
    node[name] ??= {};
    node = node[name] as Record<string, unknown>;
  }
  if (value === undefined) delete node[last];
  else node[last] = value;
}

/** Its agent, with some settings changed. */
export function agent(changes: object = {}): object {
  return { ...((goodFleet().agents as Record<string, object>).atlas as object), ...changes };
}

/** Its server. */
export function server(): unknown {
  return (goodFleet().servers as Record<string, unknown>).reef;
}

/** Its zone. */
export function zone(): object {
  return (goodFleet().zones as Record<string, object>)["example.com"] as object;
}
