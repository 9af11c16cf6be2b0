import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { cage } from "./cage";
import { DockerDaemon, dockerdMissing } from "./dockerDaemon";
import { ProgramStack } from "./stack";

let daemon: DockerDaemon;
let stack: ProgramStack;

const inspect = async () => daemon.docker.getContainer(String((await stack.outputs()).id)).inspect();

describeUnless(dockerdMissing(), "docker stand-in", () => {
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

  test("the whole property set is applied and does not drift", async () => {
    await stack.up(cage(daemon));
    expect((await stack.outputs()).name).toMatch(/^cage-[0-9a-f]{7}$/);
    const info = await inspect();
    expect(info.State.Health?.Status).toBe("healthy");
    expect(info.Config.User).toBe("20001:20001");
    expect(info.HostConfig.CapDrop).toEqual(["ALL"]);
    expect(info.HostConfig.ReadonlyRootfs).toBe(true);
    expect(info.HostConfig.Memory).toBe(64 * 1024 * 1024);
    expect(info.HostConfig.NanoCpus).toBe(500_000_000);
    expect(info.Config.Env).toEqual(expect.arrayContaining(["A=canary", "B=2"]));
    expect(Object.keys(info.NetworkSettings.Networks)).toHaveLength(2);
    expect(info.NetworkSettings.Networks).not.toHaveProperty("bridge");
    expect(await stack.stateText()).not.toContain("canary");
    await stack.must("preview", "--expect-no-changes");
    await stack.expectSettled();
    await stack.must("up", "--yes", "--skip-preview", "--expect-no-changes");
  });

  test("limits and restart policy change in place", async () => {
    const { id } = await stack.outputs();
    const news = '{ memory: 96, memorySwap: 96, cpuShares: 256, restart: "on-failure", maxRetryCount: 3 }';
    const output = await stack.up(cage(daemon, news));
    expect(output).toMatch(/~ 1 updated/);
    const info = await inspect();
    expect(info.Id).toBe(id);
    expect(info.HostConfig).toMatchObject({ Memory: 96 * 1024 * 1024, MemorySwap: 96 * 1024 * 1024, CpuShares: 256 });
    expect(info.HostConfig.RestartPolicy).toEqual({ Name: "on-failure", MaximumRetryCount: 3 });
    await stack.expectSettled();
  });

  test("a healthcheck is said to be updated, is not, and shows again after a refresh", async () => {
    const slower =
      '{ healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "2s", timeout: "30s", startPeriod: "1m0s", retries: 2 } }';
    expect(await stack.up(cage(daemon, slower))).toMatch(/~ 1 updated/);
    expect((await inspect()).Config.Healthcheck?.Interval).toBe(1e9);
    await stack.must("preview", "--expect-no-changes");
    await stack.must("refresh", "--yes", "--skip-preview");
    expect((await stack.run("preview", "--expect-no-changes")).ok).toBe(false);

    const { id } = await stack.outputs();
    const replace = '{ replaceOnChanges: ["healthcheck"], deleteBeforeReplace: true }';
    expect(await stack.up(cage(daemon, slower, replace))).toMatch(/1 replaced/);
    const info = await inspect();
    expect(info.Id).not.toBe(id);
    expect(info.Config.Healthcheck?.Interval).toBe(2e9);
    await stack.expectSettled();
  });

  test("labels replace, and a name of the program's own deletes first", async () => {
    // Two containers cannot have one fixed address, not even for the moment of a replacement that creates first.
    const named = '{ name: "atlas", labels: [{ label: "a", value: "3" }], networksAdvanced: [{ name: network.name }] }';
    await stack.up(cage(daemon, named));
    expect((await inspect()).Name).toBe("/atlas");
    const { id } = await stack.outputs();
    expect(await stack.up(cage(daemon, named.replace('"3"', '"4"')))).toMatch(/1 replaced/);
    const info = await inspect();
    expect(info.Id).not.toBe(id);
    expect(info.Config.Labels.a).toBe("4");
    await stack.expectSettled();
  });

  test("a container stopped by hand is seen by refresh and started in place; a removed one is made again", async () => {
    const { id } = await stack.outputs();
    await daemon.docker.getContainer(String(id)).stop({ t: 1 });
    await stack.must("preview", "--expect-no-changes");
    await stack.must("refresh", "--yes", "--skip-preview");
    expect(await stack.up()).toMatch(/~ 1 updated/);
    const info = await inspect();
    expect([info.Id, info.State.Running]).toEqual([id, true]);
    await stack.expectSettled();

    await daemon.docker.getContainer(String(id)).remove({ force: true });
    expect(await stack.must("refresh", "--yes", "--skip-preview")).toMatch(/1 deleted/);
    expect(await stack.up()).toMatch(/\+ 1 created/);
    expect((await inspect()).Name).toBe("/atlas");
  });

  test("a fault shows in the preview", async () => {
    await stack.program(cage(daemon, '{ uploads: [{ file: "/a", content: "b" }] }'));
    const run = await stack.run("preview");
    expect(run.output).toMatch(/copying files into a container is not supported/);
    expect(run.ok).toBe(false);
  });

  test("a preview of something new dials nobody", async () => {
    const other = await ProgramStack.open({}, ["docker"]);
    await other.program(cage(daemon, "{}", "{}", 'host: "ssh://deploy@host.invalid:22"'));
    await other.must("preview");
    await other.close();
  });
});
