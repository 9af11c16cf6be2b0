import { mkdtemp, readdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nameFaults, overlap, portFaults, routeFaults, subnet } from "../../sandbox/checks";
import { privateDaemonFaults } from "../../sandbox/dockerDaemon";
import { SandboxError } from "../../sandbox/faults";
import { preflight } from "../../sandbox/preflight";

const wanted = "198.51.100.0/24";

describe("routes", () => {
  // As /proc/net/route has them: addresses and masks little-endian in hexadecimal.
  const header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT";
  const route = (device: string, destination: string, mask: string) =>
    [device, destination, "00000000", "0001", "0", "0", "0", mask, "0", "0", "0"].join("\t");
  const table = (...routes: string[]) => [header, ...routes, ""].join("\n");

  it("that lead elsewhere or are the sandbox's own are none of its business", () => {
    const others = [
      route("eth0", "00000000", "00000000"), // default
      route("tun0", "00000080", "00000080"), // half of everything, as a VPN sets it
      route("eth0", "000200C0", "00FFFFFF"), // 192.0.2.0/24
      route("creel0", "006433C6", "00FFFFFF"), // 198.51.100.0/24
    ];
    expect(routeFaults(table(...others), wanted, "creel0")).toEqual([]);
  });

  it.each([
    ["the same network", "006433C6", "00FFFFFF", "198.51.100.0/24"],
    ["a part of it", "806433C6", "80FFFFFF", "198.51.100.128/25"],
    ["one that holds it", "000033C6", "0000FFFF", "198.51.0.0/16"],
  ])("through somebody else's device to %s are named", (_, destination, mask, cidr) => {
    expect(routeFaults(table(route("lab0", destination, mask)), wanted, "creel0")).toEqual([
      expect.objectContaining({ path: wanted, found: `is already routed through lab0 (${cidr})` }),
    ]);
  });

  it("overlap when one holds the other", () => {
    expect(overlap(subnet("10.0.0.0/8"), subnet("10.1.2.0/24"))).toBe(true);
    expect(overlap(subnet("10.1.2.0/24"), subnet("10.1.3.0/24"))).toBe(false);
    expect(overlap(subnet("198.51.100.0/24"), subnet("198.51.100.255/32"))).toBe(true);
  });
});

it("names that resolve into the range are a fault, others are not", async () => {
  expect(await nameFaults(["localhost", "no-such-name.invalid"], wanted)).toEqual([]);
  expect(await nameFaults(["localhost"], "127.0.0.0/8")).toEqual([
    expect.objectContaining({ path: "localhost", found: "resolves to 127.0.0.1, within 127.0.0.0/8" }),
  ]);
});

describe("before anything is changed", () => {
  const taken: Server[] = [];
  let folder: string;

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), "creel-preflight-")), "sandbox");
    vi.stubEnv("CREEL_SANDBOX", folder);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    for (const server of taken.splice(0)) await new Promise((done) => server.close(done));
  });

  async function take(port: number): Promise<void> {
    const server = createServer();
    await new Promise<void>((done, fail) => {
      server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? done() : fail(error)));
      server.listen(port, "127.0.0.1", done);
    });
    taken.push(server);
  }

  it("a port that is taken is named, with who took it", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    taken.push(server);
    const { port } = server.address() as { port: number };
    expect(await portFaults("127.0.0.1", [{ port, purpose: "the test" }])).toEqual([
      {
        path: `127.0.0.1:${port}`,
        found: expect.stringContaining(`(pid ${process.pid})`),
        remedy: "free it: the test listens there",
      },
    ]);
  });

  it("all faults come in one error", async () => {
    await take(17801);
    await take(17802);
    vi.stubEnv("DOCKER_HOST", "tcp://10.0.0.1:2376");
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    const error = await preflight().then(
      () => undefined,
      (thrown: SandboxError) => thrown,
    );
    expect(error).toBeInstanceOf(SandboxError);
    const paths = error!.faults.map((fault) => fault.path);
    expect(paths).toEqual(expect.arrayContaining(["user", "DOCKER_HOST", "127.0.0.1:17801", "127.0.0.1:17802"]));
    expect(error!.message.split("\n")[0]).toBe(`The sandbox has ${paths.length} faults; nothing was changed`);
    expect(error!.message).toContain("DOCKER_HOST");
    expect(error!.message).toContain('names "tcp://10.0.0.1:2376"');
    expect(error!.message).toContain("run it as root");
    expect(await readdir(path.dirname(folder))).toEqual([]);
  });

  it("a folder too deep for a socket is refused where the sandbox needs a daemon of its own", async () => {
    vi.stubEnv("CREEL_SANDBOX", path.join(folder, "x".repeat(100)));
    expect((await privateDaemonFaults()).map((fault) => fault.remedy)).toContain(
      "set CREEL_SANDBOX to a folder with a shorter path",
    );
  });
});
