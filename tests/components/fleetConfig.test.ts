import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../components/faults";
import { planFleet } from "../../components/fleetPlan";
import {
  type ConfigSource,
  cloudflareSettings,
  fleetDocument,
  fleetSecrets,
  neededTokens,
  tokenFaults,
} from "../../stacks/fleetConfig";
import { resolved } from "./mocks";

/** A stack's configuration as the engine hands it over. */
function source(
  values: Record<string, unknown>,
  secret: string[] = [],
  more: Partial<ConfigSource> = {},
): ConfigSource {
  return {
    get: (key) => {
      const value = values[key];
      return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
    },
    isSecret: (key) => secret.includes(key),
    environment: {},
    ...more,
  };
}

const lines = (faults: Fault[]) => faults.map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`);

describe("creel:fleet", () => {
  it("is read as it is written", () => {
    expect(fleetDocument(source({ "creel:fleet": { servers: {} } }))).toEqual({
      document: { servers: {} },
      faults: [],
    });
  });

  it("has to be there, with a structure", () => {
    expect(lines(fleetDocument(source({})).faults)).toEqual([expect.stringMatching(/^creel:fleet is missing: /)]);
    expect(lines(fleetDocument(source({ "creel:fleet": "reef" })).faults)).toEqual([
      expect.stringMatching(/^creel:fleet is not a structure of settings: /),
    ]);
  });
});

describe("an encrypted value in creel:fleet", () => {
  it("is refused and comes out nowhere", () => {
    const values = { "creel:fleet": { agents: { atlas: { image: "CANARY" } } } };
    const result = fleetDocument(source(values, ["creel:fleet"]));
    expect(lines(result.faults)).toEqual([
      expect.stringMatching(/^creel:fleet holds an encrypted value: put it under creel:secrets/),
    ]);
    expect(JSON.stringify(result)).not.toContain("CANARY");
  });
});

describe("creel:secrets", () => {
  const values = { "creel:secrets": { atlas: { KEY: "CANARY-1", OTHER: "CANARY-2" } } };
  const whole = { stackFile: "config:\n  creel:secrets:\n    secure: AAABAB\n" };

  it("come out wrapped, one by one", async () => {
    const { secrets, faults } = fleetSecrets(source(values, ["creel:secrets"], whole));
    expect(faults).toEqual([]);
    const key = secrets.atlas?.KEY as pulumi.Output<string>;
    expect(await resolved(key)).toBe("CANARY-1");
    expect(await pulumi.isSecret(key)).toBe(true);
  });

  it("may be left out", () => expect(fleetSecrets(source({})).faults).toEqual([]));

  it("are refused in plain text, without being repeated", () => {
    const { faults } = fleetSecrets(source(values));
    expect(lines(faults)).toEqual([
      "creel:secrets.atlas.KEY is in plain text in the stack file: set it with pulumi config set --secret --path creel:secrets.atlas.KEY",
      expect.stringMatching(/^creel:secrets.atlas.OTHER is in plain text/),
    ]);
    expect(JSON.stringify(faults)).not.toContain("CANARY");
  });

  it("are refused where only one of several is encrypted", () => {
    const stackFile =
      "config:\n  creel:secrets:\n    atlas:\n      KEY: CANARY-1\n      OTHER:\n        secure: AAABAB\n";
    const { faults } = fleetSecrets(source(values, ["creel:secrets"], { stackFile }));
    expect(lines(faults)).toEqual([expect.stringMatching(/^creel:secrets.atlas.KEY is in plain text/)]);
  });

  it("may be encrypted as a whole", () => {
    expect(fleetSecrets(source(values, ["creel:secrets"], whole)).faults).toEqual([]);
  });

  it.each([
    ["no stack file", undefined],
    ["a stack file without them", "config:\n  hcloud:token: x\n"],
    ["a stack file that is none", "config: [creel:secrets"],
    ["an empty stack file", ""],
  ])("are refused with %s, because one encrypted value would vouch for all", (_title, stackFile) => {
    const { faults } = fleetSecrets(source(values, ["creel:secrets"], { stackFile }));
    expect(lines(faults)).toEqual([
      "creel:secrets cannot be seen to be encrypted: keep the stack file, Pulumi.STACK.yaml, beside Pulumi.yaml, with creel:secrets in it",
    ]);
  });

  it("are refused where the stack file has something else in their place", () => {
    for (const written of ["x", "[]", "{ atlas: x }", "{ atlas: { OTHER: { secure: A, KEY: B } } }", "null"]) {
      const stackFile = `config:\n  creel:secrets: ${written}\n`;
      expect(fleetSecrets(source(values, ["creel:secrets"], { stackFile })).faults, written).toHaveLength(2);
    }
  });

  it.each(["hunter2", '"hunter2"', "null", "7", '["hunter2"]', "true"])("are not %s", (text) => {
    const { secrets, faults } = fleetSecrets(source({ "creel:secrets": text }, ["creel:secrets"]));
    expect(Object.keys(secrets)).toEqual([]);
    expect(lines(faults)).toEqual([expect.stringMatching(/^creel:secrets is not a group of secrets: /)]);
    expect(JSON.stringify(faults)).not.toContain("hunter2");
  });

  it("never get lost by their names", () => {
    const text = '{"__proto__": {"__proto__": "CANARY-1"}, "constructor": {"constructor": "CANARY-2"}}';
    const { secrets } = fleetSecrets(source({ "creel:secrets": text }, ["creel:secrets"], whole));
    expect(Object.entries(secrets).map(([agent, keys]) => [agent, Object.keys(keys)])).toEqual([
      ["__proto__", ["__proto__"]],
      ["constructor", ["constructor"]],
    ]);
    expect(planFleet({}, secrets).faults.map(({ path }) => path)).toEqual([
      "creel:secrets.__proto__",
      "creel:secrets.constructor",
    ]);
  });

  it("are texts with something in them", () => {
    const odd = { "creel:secrets": { atlas: { EMPTY: "", NUMBER: 7 }, bora: "x" } };
    expect(lines(fleetSecrets(source(odd, ["creel:secrets"], whole)).faults)).toEqual([
      expect.stringMatching(/^creel:secrets.atlas.EMPTY is empty/),
      expect.stringMatching(/^creel:secrets.atlas.NUMBER is not a text/),
      expect.stringMatching(/^creel:secrets.bora is not a group of secrets/),
    ]);
  });
});

describe("tokens", () => {
  const needed = { hcloud: true, cloudflare: true };
  const good = { "hcloud:token": "h".repeat(64), "cloudflare:apiToken": "c".repeat(40) };
  const keys = Object.keys(good);

  it("are right as Hetzner and Cloudflare issue them", () =>
    expect(tokenFaults(source(good, keys), needed)).toEqual([]));

  it("may come from the environment, and need not be there for nothing", () => {
    const environment = { HCLOUD_TOKEN: "h".repeat(64), CLOUDFLARE_API_TOKEN: "c".repeat(40) };
    expect(tokenFaults(source({}, [], { environment }), needed)).toEqual([]);
    expect(tokenFaults(source({}), { hcloud: false, cloudflare: false })).toEqual([]);
    expect(tokenFaults(source({ "cloudflare:apiKey": "k" }), { hcloud: false, cloudflare: true })).toEqual([]);
  });

  it("are missed", () => {
    expect(lines(tokenFaults(source({}), needed))).toEqual([
      "hcloud:token is missing: set it with pulumi config set --secret hcloud:token, or in the environment as HCLOUD_TOKEN",
      expect.stringMatching(/^cloudflare:apiToken is missing/),
    ]);
  });

  it("are refused in plain text or cut short, without being repeated", () => {
    const faults = tokenFaults(
      source({ "hcloud:token": "CANARY", "cloudflare:apiToken": "CANARY" }, ["hcloud:token"]),
      needed,
    );
    expect(lines(faults)).toEqual([
      expect.stringMatching(/^hcloud:token has 6 characters and is no token: /),
      expect.stringMatching(/^cloudflare:apiToken is in plain text/),
      expect.stringMatching(/^cloudflare:apiToken has 6 characters/),
    ]);
    expect(JSON.stringify(faults)).not.toContain("CANARY");
  });

  it("of DigitalOcean have its form, wherever they come from", () => {
    const digitalocean = { digitalocean: true };
    const token = `dop_v1_${"0f".repeat(32)}`;
    expect(tokenFaults(source({ "digitalocean:token": token }, ["digitalocean:token"]), digitalocean)).toEqual([]);
    for (const variable of ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"]) {
      expect(tokenFaults(source({}, [], { environment: { [variable]: token } }), digitalocean)).toEqual([]);
    }
    expect(lines(tokenFaults(source({}), digitalocean))).toEqual([
      "digitalocean:token is missing: set it with pulumi config set --secret digitalocean:token, or in the environment as DIGITALOCEAN_TOKEN",
    ]);
    const environment = { DIGITALOCEAN_TOKEN: "CANARY" };
    expect(lines(tokenFaults(source({}, [], { environment }), digitalocean))).toEqual([
      "digitalocean:token has 6 characters and is no token: set it with pulumi config set --secret digitalocean:token again: it has the form dop_v1_ and 64 hexadecimal digits",
    ]);
  });

  it.each<[string, unknown, object]>([
    ["no fleet", undefined, {}],
    ["no server", { servers: {} }, {}],
    ["a server of nobody in particular", { servers: { reef: {} } }, { hcloud: true }],
    ["a droplet", { servers: { reef: { provider: "digitalocean" } } }, { digitalocean: true }],
    ["both", { servers: { a: { provider: "digitalocean" }, b: { size: 7 } } }, { hcloud: true, digitalocean: true }],
    [
      "another default",
      { defaults: { server: { provider: "digitalocean" } }, servers: { a: {} } },
      { digitalocean: true },
    ],
    ["a network alone", { networks: { inner: { provider: "digitalocean" } } }, { digitalocean: true }],
    ["another cloud", { servers: { a: { provider: "aws" } } }, {}],
    ["nothing that can be read", { servers: ["reef"], networks: 7 }, {}],
  ])("are needed of the clouds in use: %s", (_, document, more) => {
    expect(neededTokens(document)).toEqual({ hcloud: false, digitalocean: false, cloudflare: true, ...more });
  });
});

describe("cloudflare's settings for a second provider", () => {
  it("are the stack's, the token wrapped", async () => {
    const settings = cloudflareSettings(
      source({ "cloudflare:apiToken": "t", "cloudflare:baseUrl": "http://127.0.0.1/" }),
    );
    expect(settings.baseUrl).toBe("http://127.0.0.1/");
    expect(await pulumi.isSecret(settings.apiToken as pulumi.Output<string>)).toBe(true);
    expect(settings.apiKey).toBeUndefined();
  });
});
