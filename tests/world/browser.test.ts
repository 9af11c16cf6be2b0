import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { curlLine, openInBrowser } from "../../cli/browser";
import { certificateAuthority } from "../../sandbox/certificates";
import type { World } from "../../sandbox/world";
import { eventually } from "./machine";

let folder: string;
let world: World;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "creel-browse-"));
  const { certificate } = await certificateAuthority(folder);
  world = {
    cloudflare: { zone: "example.com", team: "acme" },
    edge: { address: "198.51.100.3" },
    ca: certificate,
  } as World;
  // A browser that only notes what it is told.
  const browser = path.join(folder, "chromium");
  await writeFile(
    browser,
    `#!/bin/sh\nprintf '%s\\n' "$@" > "${folder}/half" && mv "${folder}/half" "${folder}/told"\n`,
  );
  await chmod(browser, 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  vi.stubEnv("CREEL_SANDBOX", folder);
  vi.stubEnv("WAYLAND_DISPLAY", "");
});
afterEach(() => vi.unstubAllEnvs());

it("gives a browser a profile of its own, the sandbox's names and nothing else, and its authority by key", async () => {
  vi.stubEnv("DISPLAY", ":9");
  expect(await openInBrowser(world, ["https://atlas.example.com/"])).toBe(true);
  const told = await eventually(10, () => readFile(path.join(folder, "told"), "utf8"));
  const words = told.trim().split("\n");
  expect(words).toContain(
    "--host-resolver-rules=MAP example.com 198.51.100.3, MAP *.example.com 198.51.100.3, " +
      "MAP acme.cloudflareaccess.com 198.51.100.3, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND",
  );
  expect(words).toContain(`--user-data-dir=${path.join(folder, "browser")}`);
  expect(words.join("\n")).toMatch(/^--ignore-certificate-errors-spki-list=[A-Za-z0-9+/]{43}=$/m);
  expect(words.at(-1)).toBe("https://atlas.example.com/");
});

it("opens nothing where there is no screen, and has a line for curl instead", async () => {
  vi.stubEnv("DISPLAY", "");
  expect(await openInBrowser(world, ["https://atlas.example.com/"])).toBe(false);
  expect(curlLine({ ...world, ca: "/ca.crt" }, "https://atlas.example.com/", "-H 'a: b'")).toBe(
    "curl -i --connect-to ::198.51.100.3 --cacert /ca.crt -H 'a: b' https://atlas.example.com/",
  );
});
