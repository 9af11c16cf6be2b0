import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type * as Sources from "../../engine/plugins/sources";
import { script, temporaryFolder } from "./folders";

let root: string;
let sources: typeof Sources.pluginSources;
let lines: string[];
const report = (line: string) => lines.push(line);

beforeEach(async () => {
  root = temporaryFolder();
  lines = [];
  vi.stubEnv("CREEL_CACHE", path.join(root, "cache"));
  vi.stubEnv("HOME", path.join(root, "home"));
  vi.stubEnv("PULUMI_HOME", undefined);
  vi.stubEnv("PATH", "/usr/bin:/bin");
  vi.stubEnv("CREEL_OFFLINE", undefined);
  vi.resetModules(); // the modules remember whether the site was reached
  sources = (await vi.importActual<typeof Sources>("../../engine/plugins/sources")).pluginSources;
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** A CLI that can install the plugins it knows into its PULUMI_HOME, and notes each call. */
function pretendCli(...known: string[]): string {
  return script(
    path.join(root, "pulumi"),
    `echo "$4" >> ${root}/calls`,
    `case " ${known.join(" ")} " in`,
    '  *" $4 "*) folder="$PULUMI_HOME/plugins/resource-$4-v$5"; mkdir -p "$folder"',
    '     printf "#!/bin/sh\\n" > "$folder/pulumi-resource-$4"; chmod +x "$folder/pulumi-resource-$4";;',
    '  *) echo "error: 404 HTTP error fetching plugin" >&2; exit 1;;',
    "esac",
  );
}

it("downloads what is missing once, then finds it in the cache", async () => {
  vi.stubGlobal("fetch", async () => new Response(""));
  const cli = pretendCli("random", "command");
  const found = await sources(["random", "command"], cli, "when-missing", report);
  expect(found.map(({ origin }) => origin)).toEqual(["downloaded", "downloaded"]);
  expect(found[0]!.path.startsWith(path.join(root, "cache"))).toBe(true);
  const again = await sources(["random", "command"], "/no/such/pulumi", "when-missing", report);
  expect(again).toEqual(found);
});

it("falls back to stand-ins where the site is out of reach", async () => {
  let asked = 0;
  vi.stubGlobal("fetch", async () => {
    asked++;
    throw new TypeError("fetch failed");
  });
  const found = await sources(["random", "command", "docker"], "/no/such/pulumi", "when-missing", report);
  expect(found.map(({ origin }) => origin)).toEqual(["stand-in", "stand-in", "stand-in"]);
  expect(asked).toBe(1);
  delete process.env.CREEL_OFFLINE;
});

it("falls back to stand-ins after the first plugin that the site does not give", async () => {
  vi.stubGlobal("fetch", async () => new Response(""));
  const cli = pretendCli("random", "docker");
  const found = await sources(["random", "command", "docker"], cli, "when-missing", report);
  expect(found.map(({ origin }) => origin)).toEqual(["downloaded", "stand-in", "stand-in"]);
  expect(lines.at(-1)).toMatch(/^the command plugin \S+ cannot be downloaded: error: 404/);
  delete process.env.CREEL_OFFLINE;
});

it("leaves real plugins aside when asked for stand-ins", async () => {
  const real = script(path.join(root, "bin", "pulumi-resource-random"), "true");
  vi.stubEnv("PATH", `${path.dirname(real)}:/usr/bin:/bin`);
  vi.stubGlobal("fetch", () => expect.unreachable());
  const standIn = (await sources(["random"], "/no/such/pulumi", "always", report))[0]!;
  expect(standIn).toMatchObject({
    origin: "stand-in",
    path: expect.stringMatching(/dist\/sandbox\/plugins\/main\.js$/),
  });
  const found = (await sources(["random"], "/no/such/pulumi", "when-missing", report))[0]!;
  expect(found).toMatchObject({ origin: "PATH", path: real });
});
