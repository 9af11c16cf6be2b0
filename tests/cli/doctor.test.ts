import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { credentialSymptoms, stackSettings } from "../../cli/doctor/credentials";
import { networkSymptoms } from "../../cli/doctor/network";
import { readFleet, readServiceTokens } from "../../cli/fleet";
import { FakeServers } from "./fakeServers";
import { goodFleet } from "./goodSurvey";

const token = "canary-token-value";
const fleet = {
  defaults: { server: { provider: "digitalocean" } },
  servers: { reef: { provider: "hcloud" }, atoll: {} },
};
const config = {
  "hcloud:token": { secret: true },
  "creel:fleet": { value: JSON.stringify(fleet), secret: false },
};

const serviceTokens = {
  ana: { ci: { clientId: "a", clientSecret: token, expiresAt: "2099-01-01T00:00:00Z" } },
  ben: {},
};

/** A `pulumi` that knows the stack production only. */
const pulumi = `#!/bin/sh
case "$*" in
  "config --json --non-interactive --stack production") echo '${JSON.stringify(config)}' ;;
  "stack output --json --non-interactive --stack production") echo '${JSON.stringify({ fleet: goodFleet() })}' ;;
  "stack output --json --non-interactive --show-secrets --stack production") echo '${JSON.stringify({ serviceTokens })}' ;;
  *) echo "error: no stack named 'absent' found" >&2; exit 255 ;;
esac
`;

let programs: FakeServers;
beforeAll(async () => {
  programs = await FakeServers.start();
  const file = path.join(programs.folder, "pulumi");
  await writeFile(file, pulumi);
  await chmod(file, 0o755);
  vi.stubEnv("HCLOUD_TOKEN", "");
  vi.stubEnv("DIGITALOCEAN_TOKEN", "");
  vi.stubEnv("DIGITALOCEAN_ACCESS_TOKEN", "");
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await programs.close();
});

const look = async (stack: string) => {
  const symptoms = credentialSymptoms(await stackSettings(stack));
  return Object.fromEntries(await Promise.all(symptoms.map(async ({ id, look }) => [id, await look()] as const)));
};

describe("creel doctor", () => {
  it("says which credentials there are, and shows none", async () => {
    const found = await look("production");
    expect(found).toMatchObject({
      stack: { ok: true },
      hetzner: { ok: true },
      digitalocean: { ok: false },
      cloudflare: { ok: false },
    });
    expect(found.cloudflare?.remedy).toContain("pulumi config set --secret cloudflare:apiToken");
  });

  it("asks for the clouds of the fleet's servers, and for no other", async () => {
    expect((await stackSettings("production"))?.clouds).toEqual(new Set(["digitalocean", "hcloud"]));
    const ids = (clouds: string[]) => credentialSymptoms({ keys: [], clouds: new Set(clouds) }).map(({ id }) => id);
    expect(ids(["digitalocean"])).toEqual(["stack", "digitalocean", "cloudflare"]);
    expect(networkSymptoms(["hcloud"]).map(({ id }) => id)).toEqual(["api.hetzner.cloud", "api.cloudflare.com"]);
  });

  it("takes a token from the environment, without showing it either", async () => {
    vi.stubEnv("CLOUDFLARE_API_TOKEN", token);
    const { cloudflare } = await look("production");
    expect(cloudflare).toEqual({ ok: true, seen: "CLOUDFLARE_API_TOKEN in the environment" });
    expect(JSON.stringify(await look("production"))).not.toContain(token);
  });

  it("says what to do when the stack cannot be read", async () => {
    expect((await look("absent")).stack).toMatchObject({ ok: false, remedy: expect.stringContaining("pulumi login") });
  });
});

describe("the stack's outputs", () => {
  it("come from the user's own pulumi", async () => {
    expect(await readFleet({ stack: "production" })).toEqual(goodFleet());
  });

  it("have the service tokens in clear only where they are asked for", async () => {
    expect(await readServiceTokens({ stack: "production" })).toEqual(serviceTokens);
    const file = path.join(programs.folder, "outputs.json");
    await writeFile(file, JSON.stringify({ serviceTokens: { ana: { ci: "[secret]" } } }));
    await expect(readServiceTokens({ outputs: file })).rejects.toThrow(
      "print them with pulumi stack output --json --show-secrets",
    );
  });

  it("are asked for in vain with what pulumi says of it", async () => {
    await expect(readFleet({ stack: "absent" })).rejects.toThrow("no stack named 'absent' found");
  });
});
