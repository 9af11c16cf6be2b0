import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sandboxTokens } from "../../sandbox/tokens";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "creel-tokens-"));
  vi.stubEnv("CREEL_SANDBOX", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it("are made once, in the form that each cloud's have", async () => {
  const tokens = await sandboxTokens();
  expect(tokens.hetzner).toMatch(/^[0-9a-f]{64}$/);
  expect(tokens.digitalocean).toMatch(/^dop_v1_[0-9a-f]{64}$/);
  expect(tokens.cloudflare).toMatch(/^[0-9a-f]{40}$/);
  expect(await sandboxTokens()).toEqual(tokens);
});

it("of a sandbox that knew fewer clouds stay, and the missing one is made and kept", async () => {
  const old = { hetzner: "h".repeat(64), cloudflare: "c".repeat(40) };
  await writeFile(path.join(folder, "tokens.json"), JSON.stringify(old));
  const tokens = await sandboxTokens();
  expect(tokens).toMatchObject({ ...old, digitalocean: expect.stringMatching(/^dop_v1_/) });
  expect(JSON.parse(await readFile(path.join(folder, "tokens.json"), "utf8"))).toEqual(tokens);
  expect(await sandboxTokens()).toEqual(tokens);
});
