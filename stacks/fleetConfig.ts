import { readFileSync } from "node:fs";
import path from "node:path";
import type { ProviderArgs } from "@pulumi/cloudflare/provider";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { CloudName } from "../components/clouds/catalog";
import type { Fault } from "../components/faults";
import type { FleetSecrets } from "../components/fleetAgents";
import { withDefaults } from "../components/fleetDefaults";

/** Where a stack's configuration comes from. */
export interface ConfigSource {
  /** Value of a key such as `creel:fleet`, decrypted, as the engine hands it over: JSON where it is structured. */
  get(key: string): string | undefined;
  /** Whether any part of the value is encrypted in the stack file. */
  isSecret(key: string): boolean;
  /** Environment of the program. */
  environment: Record<string, string | undefined>;
  /** Text of the stack file, where there is one to read. */
  stackFile?: string;
}

/** The configuration of the stack that is running. */
export function stackConfig(): ConfigSource {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  const file = path.join(pulumi.getRootDirectory(), `Pulumi.${pulumi.getStack()}.yaml`);
  return { get: pulumi.runtime.getConfig, isSecret: isConfigSecret, environment: process.env, stackFile: textOf(file) };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The document under `creel:fleet`; undefined where there is none that can be read, which is a fault. */
export function fleetDocument(source: ConfigSource): { document?: unknown; faults: Fault[] } {
  const text = source.get("creel:fleet");
  const remedy = "write the fleet into the stack file, under config";
  if (text === undefined) return { faults: [{ path: "creel:fleet", reason: "is missing", remedy }] };
  if (source.isSecret("creel:fleet")) {
    // Decrypted it would be repeated in messages, names and the inventory, so it is not looked at any further.
    const elsewhere = "put it under creel:secrets, where it reaches its agent and nobody else";
    return { faults: [{ path: "creel:fleet", reason: "holds an encrypted value", remedy: elsewhere }] };
  }
  try {
    return { document: JSON.parse(text), faults: [] };
  } catch {
    return { faults: [{ path: "creel:fleet", reason: "is not a structure of settings", remedy }] };
  }
}

/** The secrets under `creel:secrets`, each of them wrapped, and what stands there in plain text or is no secret at all. */
export function fleetSecrets(source: ConfigSource): { secrets: FleetSecrets; faults: Fault[] } {
  const text = source.get("creel:secrets");
  // Without prototypes, so that no name means anything but itself.
  const secrets: FleetSecrets = Object.create(null);
  if (text === undefined) return { secrets, faults: [] };
  const document = parsed(text);
  if (!isGroup(document)) {
    const remedy = "write agents' names, and below each the names and values of its secrets";
    return { secrets, faults: [{ path: "creel:secrets", reason: "is not a group of secrets", remedy }] };
  }
  const faults: Fault[] = [];
  for (const [agent, keys] of Object.entries(document)) {
    const own: FleetSecrets[string] = Object.create(null);
    secrets[agent] = own;
    if (!isGroup(keys)) {
      const remedy = "write names and values below the agent's name";
      faults.push({ path: `creel:secrets.${agent}`, reason: "is not a group of secrets", remedy });
      continue;
    }
    for (const [key, value] of Object.entries(keys)) {
      const at = `creel:secrets.${agent}.${key}`;
      if (typeof value !== "string") faults.push({ path: at, reason: "is not a text", remedy: setSecret(at) });
      else if (value === "") faults.push({ path: at, reason: "is empty", remedy: setSecret(at) });
      else own[key] = pulumi.secret(value);
    }
  }
  return { secrets, faults: [...faults, ...plainFaults(source, secrets)] };
}

/** The values under `creel:secrets` that are not encrypted in the stack file, or not known to be. */
function plainFaults(source: ConfigSource, secrets: FleetSecrets): Fault[] {
  const all = Object.entries(secrets).flatMap(([agent, keys]) => Object.keys(keys).map((key) => ({ agent, key })));
  if (all.length === 0) return [];
  const encrypted = encryptedIn(source);
  if (encrypted === undefined) {
    const remedy = "keep the stack file, Pulumi.STACK.yaml, beside Pulumi.yaml, with creel:secrets in it";
    return [{ path: "creel:secrets", reason: "cannot be seen to be encrypted", remedy }];
  }
  return all
    .filter(({ agent, key }) => !encrypted(agent, key))
    .map(({ agent, key }) => {
      const path = `creel:secrets.${agent}.${key}`;
      return { path, reason: "is in plain text in the stack file", remedy: setSecret(path) };
    });
}

/** Tells of each secret whether it is encrypted; undefined where that cannot be told. */
function encryptedIn(source: ConfigSource): ((agent: string, key: string) => boolean) | undefined {
  if (!source.isSecret("creel:secrets")) return () => false;
  // One encrypted value makes the engine call all of them secret; only the file tells them apart.
  const file = source.stackFile === undefined ? undefined : parsed(source.stackFile, parse);
  const config = isGroup(file) ? file.config : undefined;
  const written = isGroup(config) ? config["creel:secrets"] : undefined;
  if (written === undefined) return undefined;
  return (agent, key) => {
    const ofAgent = isGroup(written) ? written[agent] : undefined;
    const value = isGroup(ofAgent) ? ofAgent[key] : undefined;
    return [written, ofAgent, value].some(isEncrypted);
  };
}

/** How the stack file writes an encrypted value. */
function isEncrypted(value: unknown): boolean {
  return isGroup(value) && typeof value.secure === "string" && Object.keys(value).length === 1;
}

function setSecret(at: string): string {
  return `set it with pulumi config set --secret --path ${at}`;
}

/** Clouds whose token is needed. */
export type NeededTokens = Partial<Record<CloudName | "cloudflare", boolean>>;

/** Whose tokens a fleet needs, however wrong it is: those of its servers and networks, and Cloudflare's in any case. */
export function neededTokens(fleet: unknown): NeededTokens {
  const { document } = withDefaults(fleet);
  const { servers, networks } = isGroup(document) ? document : {};
  const used = [servers, networks].flatMap((section) => (isGroup(section) ? Object.values(section) : []));
  const providers = used.map((entry) => (isGroup(entry) && entry.provider !== undefined ? entry.provider : "hcloud"));
  return {
    hcloud: providers.includes("hcloud"),
    digitalocean: providers.includes("digitalocean"),
    cloudflare: true,
  };
}

/** What is wrong with the tokens of the clouds that are needed. No part of a token is ever repeated. */
export function tokenFaults(source: ConfigSource, needed: NeededTokens): Fault[] {
  const check = (key: string, variables: string[], form: RegExp, wanted: string): Fault[] => {
    const configured = source.get(key);
    const token = configured ?? variables.map((name) => source.environment[name]).find(Boolean);
    const remedy = `set it with pulumi config set --secret ${key}`;
    if (!token) {
      return [{ path: key, reason: "is missing", remedy: `${remedy}, or in the environment as ${variables[0]}` }];
    }
    const faults: Fault[] = [];
    if (configured !== undefined && !source.isSecret(key)) {
      faults.push({ path: key, reason: "is in plain text in the stack file", remedy });
    }
    if (!form.test(token)) {
      const reason = `has ${token.length} characters and is no token`;
      faults.push({ path: key, reason, remedy: `${remedy} again: it has ${wanted}` });
    }
    return faults;
  };
  // With another form Hetzner's and Cloudflare's providers refuse to start, and DigitalOcean refuses every call.
  const otherLogin = ["apiKey", "apiUserServiceKey"].some((key) => source.get(`cloudflare:${key}`) !== undefined);
  return [
    ...(needed.hcloud ? check("hcloud:token", ["HCLOUD_TOKEN"], /^.{64}$/, "64 characters") : []),
    ...(needed.digitalocean
      ? check(
          "digitalocean:token",
          ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"],
          /^do[a-z]_v1_[0-9a-f]{64}$/,
          "the form dop_v1_ and 64 hexadecimal digits",
        )
      : []),
    ...(needed.cloudflare && !otherLogin
      ? check(
          "cloudflare:apiToken",
          ["CLOUDFLARE_API_TOKEN"],
          /^[0-9A-Za-z_-]{40,80}$/,
          "40 to 80 letters, digits, underscores and dashes",
        )
      : []),
  ];
}

/** The stack's `cloudflare:*` settings, for a provider beside the default one. */
export function cloudflareSettings(source: ConfigSource): ProviderArgs {
  const secret = (key: string) => {
    const value = source.get(`cloudflare:${key}`);
    return value === undefined ? undefined : pulumi.secret(value);
  };
  return {
    apiToken: secret("apiToken"),
    apiKey: secret("apiKey"),
    apiUserServiceKey: secret("apiUserServiceKey"),
    email: source.get("cloudflare:email"),
    baseUrl: source.get("cloudflare:baseUrl"),
    userAgentOperatorSuffix: source.get("cloudflare:userAgentOperatorSuffix"),
  };
}

function parsed(text: string, read: (text: string) => unknown = JSON.parse): unknown {
  try {
    return read(text);
  } catch {
    return undefined;
  }
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
