import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { DockerDaemon, dockerdMissing } from "./dockerDaemon";
import { ProgramStack } from "./stack";

let daemon: DockerDaemon;
let stack: ProgramStack;

const program = (containers: Record<string, string>) => `
  const opts = { provider: new docker.Provider("host", { host: "unix://${daemon.socket}" }) };
  const inner = new docker.Network("inner", { internal: true }, opts);
  const neighbour = new docker.Container("neighbour", { image: "box:1" }, opts);
  ${Object.entries(containers)
    .map(([name, args]) => `new docker.Container("${name}", { image: "box:1", ...${args} }, opts);`)
    .join("\n")}
`;

/** Containers that nobody touches, and what a preview after a refresh wants to do with each. */
const cases: Record<string, [args: string, expected: string]> = {
  bare: ["{}", "same"],
  memoryAlone: ["{ memory: 64 }", "update"],
  memoryAndSwap: ["{ memory: 64, memorySwap: 64 }", "same"],
  capabilities: ['{ capabilities: { adds: ["CAP_CHOWN"], drops: ["ALL"] } }', "same"],
  capabilityWithoutPrefix: ['{ capabilities: { adds: ["CHOWN"] } }', "replace"],
  capabilitiesInLowerCase: ['{ capabilities: { drops: ["all"] } }', "replace"],
  durationAsGoWritesIt: ['{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "1m0s" } }', "same"],
  durationInSeconds: ['{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "60s" } }', "update"],
  cpus: ['{ cpus: "0.25" }', "same"],
  cpusWithOneZeroMore: ['{ cpus: "0.50" }', "replace"],
  portsOnTheBridge: ["{ ports: [{ internal: 8080, external: 38080, ip: '127.0.0.1' }] }", "same"],
  portsOnAnInternalNetwork: [
    "{ ports: [{ internal: 80, external: 38081 }], networksAdvanced: [{ name: inner.name }] }",
    "replace",
  ],
  anotherContainersNetwork: ["{ networkMode: pulumi.interpolate`container:${neighbour.name}` }", "replace"],
  namedVolume: ['{ mounts: [{ type: "volume", source: "data", target: "/data" }] }', "same"],
  logOptions: ['{ logDriver: "json-file", logOpts: { "max-size": "1m" } }', "same"],
};

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

  test("exactly what the real provider lets drift drifts", async () => {
    await stack.up(program(Object.fromEntries(Object.entries(cases).map(([name, [args]]) => [name, args]))));
    await stack.must("refresh", "--yes", "--skip-preview");
    const { steps } = JSON.parse(await stack.must("preview", "--json")) as { steps: { op: string; urn: string }[] };
    const found = Object.fromEntries(Object.keys(cases).map((name) => [name, "same"]));
    for (const { op, urn } of steps) {
      const name = urn.split("::").at(-1)!;
      if (name in found && found[name] !== "replace") found[name] = op.includes("replace") ? "replace" : op;
    }
    expect(found).toEqual(Object.fromEntries(Object.entries(cases).map(([name, [, expected]]) => [name, expected])));
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
      await stack.program(program({ one: args }));
      const run = await stack.run("up", "--yes", "--skip-preview");
      if (ApiVersion < "1.44") expect(run.output).toMatch(message);
      else expect(run.ok).toBe(true);
    }
  });

  test("a container that does not get healthy stays, and is replaced by the next run", async () => {
    const sick =
      '{ healthcheck: { tests: ["CMD", "/bin/box", "exit", "1"], interval: "1s", retries: 1 }, wait: true, waitTimeout: 4 }';
    await stack.program(program({ one: sick }));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    expect(failed.output).toMatch(/container failed to be in healthy state/);
    expect(failed.ok).toBe(false);
    const { id } = await stack.resource("one");
    expect((await daemon.docker.getContainer(String(id)).inspect()).State.Running).toBe(true);

    const well = sick.replace('"exit", "1"', '"ok"');
    expect(await stack.up(program({ one: well }))).toMatch(/1 replaced/);
    await expect(daemon.docker.getContainer(String(id)).inspect()).rejects.toThrow(/no such container/i);
    await stack.expectSettled();
  });

  test("a container that ends at once is said to have exited", async () => {
    const gone =
      '{ command: ["exit", "3"], healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "1s" }, wait: true }';
    await stack.program(program({ one: gone }));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    expect(failed.output).toMatch(/it has exited with code 3/);
    await stack.up(program({}));
  });
});
