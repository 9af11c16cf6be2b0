import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { DockerDaemon, dockerdMissing } from "./dockerDaemon";
import { ProgramStack } from "./stack";

let daemon: DockerDaemon;
let stack: ProgramStack;

const program = (args: string, name = "one") => `
  const opts = { provider: new docker.Provider("host", { host: "unix://${daemon.socket}" }) };
  const inner = new docker.Network("inner", { internal: true }, opts);
  const first = new docker.Container("first", { image: "box:1" }, opts);
  const container = new docker.Container("${name}", { image: "box:1", ...${args} }, opts);
  exports.id = container.id;
`;

let count = 0;

/** What a refresh makes of a container that nobody touched: nothing, an update, or a replacement. */
async function afterRefresh(args: string): Promise<string> {
  await stack.up(program(args, `container${count++}`));
  await stack.must("refresh", "--yes", "--skip-preview");
  const run = await stack.run("preview", "--json");
  const { changeSummary } = JSON.parse(run.output) as { changeSummary: Record<string, number> };
  return Object.keys(changeSummary)
    .filter((kind) => kind !== "same" && changeSummary[kind])
    .join(" ");
}

describeUnless(dockerdMissing(), "docker stand-in: what drifts", () => {
  beforeAll(async () => {
    daemon = new DockerDaemon();
    await daemon.start();
    daemon.makeImage("box:1");
    stack = await ProgramStack.open({}, ["docker"]);
  });
  afterAll(async () => {
    await stack?.close();
    await daemon?.stop();
  });

  test.each([
    ["a bare container", "{}", ""],
    ["memory without memorySwap", "{ memory: 64 }", "update"],
    ["capabilities as Docker spells them", '{ capabilities: { adds: ["CAP_CHOWN"], drops: ["ALL"] } }', ""],
    ["a capability without CAP_", '{ capabilities: { adds: ["CHOWN"] } }', "replace"],
    ["capabilities in lower case", '{ capabilities: { drops: ["all"] } }', "replace"],
    ["a duration as Go writes it", '{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "1m0s" } }', ""],
    ["a duration in seconds", '{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "60s" } }', "update"],
    ["cpus with a zero too many", '{ cpus: "0.50" }', "replace"],
    ["ports on the bridge", "{ ports: [{ internal: 8080, external: 38080, ip: '127.0.0.1' }] }", ""],
    [
      "ports on an internal network",
      "{ ports: [{ internal: 80, external: 38081 }], networksAdvanced: [{ name: inner.name }] }",
      "replace",
    ],
    ["another container's network", "{ networkMode: pulumi.interpolate`container:${first.name}` }", "replace"],
    ["a named volume without options", '{ mounts: [{ type: "volume", source: "data", target: "/data" }] }', ""],
  ])("%s", async (_title, args, expected) => {
    expect(await afterRefresh(args)).toBe(expected);
  });

  test("settings that the daemon's API does not know are refused", async () => {
    const cases: [string, RegExp][] = [
      ['{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], startInterval: "1s" } }', /API version 1\.44/],
      [
        '{ mounts: [{ type: "volume", source: "d", target: "/d", volumeOptions: { noCopy: true } }] }',
        /1\.45 or higher/,
      ],
    ];
    const { ApiVersion } = await daemon.docker.version();
    for (const [args, message] of cases) {
      await stack.program(program(args));
      const run = await stack.run("up", "--yes", "--skip-preview");
      if (ApiVersion < "1.44") expect(run.output).toMatch(message);
      else expect(run.ok).toBe(true);
    }
  });

  test("a container that does not get healthy stays, and is replaced by the next run", async () => {
    const sick =
      '{ healthcheck: { tests: ["CMD", "/bin/box", "exit", "1"], interval: "1s", retries: 1 }, wait: true, waitTimeout: 4 }';
    await stack.program(program(sick));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    expect(failed.output).toMatch(/container failed to be in healthy state/);
    expect(failed.ok).toBe(false);
    const { id } = await stack.resource("one");
    expect((await daemon.docker.getContainer(String(id)).inspect()).State.Running).toBe(true);

    const well = sick.replace('"exit", "1"', '"ok"');
    expect(await stack.up(program(well))).toMatch(/1 replaced/);
    await expect(daemon.docker.getContainer(String(id)).inspect()).rejects.toThrow(/no such container/i);
    await stack.expectSettled();
  });

  test("a container that ends at once is said to have exited", async () => {
    const gone =
      '{ command: ["exit", "3"], healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "1s" }, wait: true }';
    await stack.program(program(gone));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    expect(failed.output).toMatch(/it has exited with code 3/);
    await stack.up(program("{}"));
  });
});
