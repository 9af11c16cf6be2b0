import { existsSync } from "node:fs";
import { appendFile, mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import pc from "picocolors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followLines } from "../../../cli/followLines";
import { isWanted, readable } from "../../../cli/sandboxLog";
import { compiledFile } from "../../../engine/paths";
import { type Decision, decisionRing, type LogLine, loggedPath } from "../../../sandbox/edge/decisions";
import { describeUnless } from "../../requirements";

const refused: Decision = {
  kind: "request",
  time: "2026-11-25T03:01:42.123Z",
  ray: "0123456789abcdef",
  client: "203.0.113.9",
  country: "US",
  method: "POST",
  host: "bot.agents.test",
  path: "/x",
  status: 403,
  by: "waf",
  reason: "block by bots",
  steps: [
    { by: "waf", verdict: "log", reason: "a rule" },
    { by: "waf", verdict: "block", reason: "block by bots" },
  ],
  milliseconds: 2,
};
const served: Decision = {
  ...refused,
  ray: "f".repeat(16),
  status: 200,
  by: "origin",
  steps: [{ by: "origin", verdict: "answer", reason: "answered 200" }],
};
const gone: LogLine = {
  kind: "connector",
  time: refused.time,
  tunnel: "t-1",
  verdict: "gone",
  reason: "lost",
  replica: 0,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "creel-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("lines for people say who decided what, of whom, and why", () => {
  const plain = (line: LogLine) => readable(line).replaceAll(pc.red("").slice(0, 5), "");
  expect(plain(refused)).toContain("403 waf");
  expect(plain(refused)).toContain(
    "POST bot.agents.test/x  block by bots  (203.0.113.9 US, 2 ms, ray 0123456789abcdef)",
  );
  expect(plain(gone)).toContain("tunnel t-1 connection 0: lost");
  expect(readable({ ...refused, status: 0 })).toContain("--- waf");
});

test("nothing in a request steers the terminal", () => {
  const text = readable({ ...refused, path: "/\x1b[2J\n\x9b1m", host: "a\rb" });
  expect(text).toContain("a?b/?[2J??1m");
});

test.each<[options: Parameters<typeof isWanted>[1], wanted: LogLine[]]>([
  [{}, [refused, served, gone]],
  [{ host: "BOT.agents.test" }, [refused, served]],
  [{ host: "other.agents.test" }, []],
  [{ verdict: "block" }, [refused]],
  [{ verdict: "answer" }, [served]],
  [{ verdict: "gone" }, [gone]],
  [{ verdict: "gone", host: "bot.agents.test" }, []],
])("with %j the lines wanted are picked", (options, wanted) => {
  expect([refused, served, gone].filter((line) => isWanted(line, options))).toEqual(wanted);
});

test("paths are logged without the query and only so long", () => {
  expect(loggedPath("/a?token=1")).toBe("/a");
  expect(loggedPath("/a#token=1")).toBe("/a");
  expect(loggedPath(`/${"a".repeat(1000)}`)).toHaveLength(512);
});

test("the latest lines are kept, and found by ray and time", () => {
  const ring = decisionRing();
  for (let i = 0; i < 5000; i++) ring.add({ ...served, ray: `${i}` });
  ring.add(refused);
  expect(ring.find({})).toHaveLength(4000);
  expect(ring.find({ ray: "0123456789abcdef-BOX" })).toEqual([refused]);
  expect(ring.find({ ray: "1" })).toEqual([]);
  expect(ring.find({ since: "2026-11-25T03:01:42.123Z" })).toHaveLength(4000);
  expect(ring.find({ since: "2026-11-25T03:01:43Z" })).toEqual([]);
});

async function take(lines: AsyncGenerator<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await lines.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

test("a file is read to its end, whole lines only, characters intact", async () => {
  const name = path.join(folder, "log");
  await writeFile(name, `ä${"x".repeat(70_000)}\n\nb\nhalf`);
  const file = await open(name);
  const lines = await take(followLines(file, { follow: false, signal: new AbortController().signal }), 10);
  await file.close();
  expect(lines).toEqual([`ä${"x".repeat(70_000)}`, "", "b"]);
});

test("a followed file goes on, from its start when it was emptied, until it is enough", async () => {
  const name = path.join(folder, "log");
  await writeFile(name, "1\n2");
  const file = await open(name);
  const stop = new AbortController();
  const lines = followLines(file, { follow: true, signal: stop.signal });
  expect(await take(lines, 1)).toEqual(["1"]);
  await appendFile(name, "2\n3\n");
  expect(await take(lines, 2)).toEqual(["22", "3"]);
  await truncate(name);
  const next = take(lines, 1);
  await new Promise((done) => setTimeout(done, 400));
  await appendFile(name, "4\n");
  expect(await next).toEqual(["4"]);
  setTimeout(() => stop.abort(), 10);
  expect(await lines.next()).toMatchObject({ done: true });
  await file.close();
});

const program = compiledFile("cli", "main.js");
const missing = existsSync(program) ? undefined : "the package is not compiled: npm run build";

describeUnless(missing, "creel sandbox log", () => {
  const creel = (...args: string[]) =>
    execa(process.execPath, [program, "sandbox", "log", ...args], { env: { CREEL_SANDBOX: folder }, reject: false });

  test("prints what the running sandbox's edge wrote, raw or for people, and says when there is none", async () => {
    expect((await creel()).stderr).toContain("The sandbox is not up");
    const log = path.join(folder, "edge.log");
    await writeFile(path.join(folder, "world.json"), JSON.stringify({ edge: { address: "198.51.100.3", log } }));
    expect((await creel()).stderr).toContain("the edge has not run yet");
    const texts = [refused, served, gone].map((line) => JSON.stringify(line));
    await writeFile(log, `${texts.join("\n")}\n{"kind":"requ`);
    expect((await creel("--json")).stdout.split("\n")).toEqual(texts);
    expect((await creel("--json", "--host", "bot.agents.test", "--verdict", "block")).stdout).toBe(texts[0]);
    expect((await creel()).stdout.split("\n")).toHaveLength(3);
    expect((await creel("--verdict", "pass")).exitCode).not.toBe(0);
  });
});
