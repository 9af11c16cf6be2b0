import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { compareVersions, dockerCandidates, findDocker } from "../../sandbox/docker";
import { type FakeDaemon, fakeDocker } from "./fakeDocker";

describe("where a Docker daemon is looked for", () => {
  it("is DOCKER_HOST alone when it is set", () => {
    expect(dockerCandidates({ DOCKER_HOST: "unix:///x.sock", DOCKER_CONTEXT: "other", HOME: "/nowhere" })).toEqual([
      { source: "DOCKER_HOST", host: "unix:///x.sock", asked: true },
    ]);
  });

  it("is the current context, then the default socket", async () => {
    const config = await mkdtemp(path.join(tmpdir(), "creel-context-"));
    const id = createHash("sha256").update("lab").digest("hex");
    await mkdir(path.join(config, "contexts", "meta", id), { recursive: true });
    await writeFile(path.join(config, "config.json"), JSON.stringify({ currentContext: "lab" }));
    const meta = { Name: "lab", Endpoints: { docker: { Host: "unix:///lab.sock" } } };
    await writeFile(path.join(config, "contexts", "meta", id, "meta.json"), JSON.stringify(meta));
    expect(dockerCandidates({ DOCKER_CONFIG: config })).toEqual([
      { source: 'Docker context "lab"', host: "unix:///lab.sock", asked: false },
      { source: "/var/run/docker.sock", host: "unix:///var/run/docker.sock", asked: false },
    ]);
    expect(dockerCandidates({ DOCKER_CONFIG: config, DOCKER_CONTEXT: "default" })).toHaveLength(1);
  });
});

describe("the daemon that is found", () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const daemon of open.splice(0)) await daemon.close();
  });

  async function asked(daemon: FakeDaemon) {
    const fake = await fakeDocker(daemon);
    open.push(fake);
    const found = await findDocker([{ source: "DOCKER_HOST", host: `unix://${fake.socket}`, asked: true }]);
    return { ...found, socket: fake.socket };
  }

  it("is one that answers and is new enough", async () => {
    const { choice, fault, socket } = await asked({});
    expect(fault).toBeUndefined();
    expect(choice).toEqual({ socket, ownDaemon: false });
  });

  it.each<[string, FakeDaemon, RegExp]>([
    ["too old", { apiVersion: "1.40", version: "19.03.15" }, /Docker 19\.03\.15 \(API 1\.40\)/],
    ["rootless", { info: { SecurityOptions: ["name=rootless"] } }, /rootless/],
    ["in a machine of its own", { info: { OperatingSystem: "Docker Desktop" } }, /Docker Desktop/],
    ["not for Linux containers", { info: { OSType: "windows", OperatingSystem: "Windows" } }, /Windows/],
  ])("is refused when it is %s", async (_, daemon, reason) => {
    const { choice, fault } = await asked(daemon);
    expect(choice).toBeUndefined();
    expect(fault).toMatchObject({ path: "DOCKER_HOST", found: expect.stringMatching(reason) });
  });

  it("is not another one when the one asked for does not answer", async () => {
    const dead = await findDocker([{ source: "DOCKER_HOST", host: "unix:///no/such.sock", asked: true }]);
    expect(dead.fault?.found).toBe("names /no/such.sock, where no Docker daemon answers (no such socket)");
    const remote = await findDocker([{ source: "DOCKER_HOST", host: "ssh://elsewhere", asked: true }]);
    expect(remote.fault?.found).toBe('names "ssh://elsewhere"');
  });

  it("is the next one when a place nobody asked for is silent", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-dead-"));
    const socket = path.join(folder, "docker.sock");
    const silent = createServer((connection) => connection.destroy());
    await new Promise<void>((done) => silent.listen(socket, done));
    const fake = await fakeDocker();
    open.push(fake, { close: async () => void silent.close() });
    const { choice } = await findDocker([
      { source: 'Docker context "a"', host: "tcp://10.0.0.1:2376", asked: false },
      { source: 'Docker context "b"', host: `unix://${socket}`, asked: false },
      { source: "/var/run/docker.sock", host: `unix://${fake.socket}`, asked: false },
    ]);
    expect(choice?.socket).toBe(fake.socket);
  });

  it("may be none", async () => {
    expect(await findDocker([{ source: "x", host: "unix:///no/such.sock", asked: false }])).toEqual({});
  });
});

it("compares versions by number, not by letter", () => {
  expect(compareVersions("1.9", "1.41")).toBeLessThan(0);
  expect(compareVersions("1.41", "1.41")).toBe(0);
  expect(compareVersions("2", "1.99")).toBeGreaterThan(0);
});
