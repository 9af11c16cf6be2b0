import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { configKeys, credentialSymptoms } from "../../cli/doctor/credentials";
import { readFleet } from "../../cli/fleet";
import { FakeServers } from "./fakeServers";
import { goodFleet } from "./goodSurvey";

const token = "canary-token-value";
const config = { "hcloud:token": { value: token, secret: true }, "creel:fleet": { value: "{}", secret: false } };

/** A `pulumi` that knows the stack production only. */
const pulumi = `#!/bin/sh
case "$*" in
  "config --json --non-interactive --stack production") echo '${JSON.stringify(config)}' ;;
  "stack output --json --non-interactive --stack production") echo '${JSON.stringify({ fleet: goodFleet() })}' ;;
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
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await programs.close();
});

const look = async (stack: string) => {
  const symptoms = credentialSymptoms(await configKeys(stack));
  return Object.fromEntries(await Promise.all(symptoms.map(async ({ id, look }) => [id, await look()] as const)));
};

describe("creel doctor", () => {
  it("says which credentials there are, and shows none", async () => {
    const found = await look("production");
    expect(found).toMatchObject({ stack: { ok: true }, hetzner: { ok: true }, cloudflare: { ok: false } });
    expect(found.cloudflare?.remedy).toContain("pulumi config set --secret cloudflare:apiToken");
    expect(JSON.stringify(found)).not.toContain(token);
  });

  it("takes a token from the environment, without showing it either", async () => {
    vi.stubEnv("CLOUDFLARE_API_TOKEN", token);
    const { cloudflare } = await look("production");
    expect(cloudflare).toEqual({ ok: true, seen: "CLOUDFLARE_API_TOKEN in the environment" });
  });

  it("says what to do when the stack cannot be read", async () => {
    expect((await look("absent")).stack).toMatchObject({ ok: false, remedy: expect.stringContaining("pulumi login") });
  });
});

describe("the stack's outputs", () => {
  it("come from the user's own pulumi", async () => {
    expect(await readFleet({ stack: "production" })).toEqual(goodFleet());
  });

  it("are asked for in vain with what pulumi says of it", async () => {
    await expect(readFleet({ stack: "absent" })).rejects.toThrow("no stack named 'absent' found");
  });
});
