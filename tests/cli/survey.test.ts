import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { surveyDeeply } from "../../cli/survey";
import { FakeServers } from "./fakeServers";
import { goodFleet } from "./goodSurvey";

/** As `docker inspect` prints it, as far as it is read; the value of the variable must go nowhere. */
const inspected = [
  {
    Name: "/atlas",
    RestartCount: 2,
    State: { Running: true, StartedAt: "2027-01-15T07:00:00.123456789Z", Health: { Status: "healthy" } },
    Config: { Image: "agent@sha256:aa", User: "21000:21000", Env: ["PATH=/bin", "MODE=canary-value"] },
    HostConfig: {
      Privileged: false,
      ReadonlyRootfs: true,
      CapAdd: null,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Devices: [],
      DeviceRequests: null,
      PidMode: "",
      IpcMode: "private",
      UTSMode: "",
      UsernsMode: "",
      NetworkMode: "atlas-egress",
      CgroupParent: "agents-atlas.slice",
      Memory: 268435456,
      MemorySwap: 268435456,
      PortBindings: { "8080/tcp": [{ HostIp: "", HostPort: "8080" }] },
      PublishAllPorts: false,
    },
    Mounts: [{ Type: "bind", Source: "/run/agent-secrets/atlas", Destination: "/run/secrets", RW: false }],
    NetworkSettings: { Networks: { "atlas-front": {}, "atlas-egress": {} } },
  },
];

/** Programs of the server, each with what it prints. */
const programs: Record<string, string> = {
  docker: `[ "$1" = ps ] && echo 0123 && exit\ncat <<'END'\n${JSON.stringify(inspected)}\nEND`,
  systemctl: "echo 125829120",
  "apt-get":
    "echo 'Inst bash [1] (2 Debian-Security:12/stable-security [amd64])'; echo 'Inst vim [1] (2 Debian:12.9/stable)'",
  "fail2ban-client":
    "[ $# = 1 ] && printf 'Status\\n|- Number of jail:\\t2\\n`- Jail list:\\trecidive, sshd\\n' && exit\n" +
    "printf '`- Actions\\n   `- Banned IP list:\\t198.51.100.7 2001:db8::7\\n'",
  sshd: "printf 'port 22\\nhostkey /a\\nhostkey /b\\n'",
  ufw: "echo 'Status: active'",
  nft: "echo 'nft: no such table' >&2; exit 1",
  // The survey itself runs here, as it would over there.
  ssh: "exec python3 -I - deep",
};

let servers: FakeServers;
beforeAll(async () => {
  servers = await FakeServers.start();
  for (const [name, lines] of Object.entries(programs)) {
    const file = path.join(servers.folder, name);
    await writeFile(file, `#!/bin/sh\n${lines}\n`);
    await chmod(file, 0o755);
  }
});
afterAll(() => servers.close());

it("reads what the server's own programs print, and no value of a variable", async () => {
  const answer = await surveyDeeply(goodFleet().servers.reef!, 20);
  expect(answer).toMatchObject({
    survey: {
      system: { ok: { memoryMiB: expect.any(Number) } },
      updates: { ok: { all: 2, security: 1 } },
      bans: { ok: { recidive: ["198.51.100.7", "2001:db8::7"], sshd: ["198.51.100.7", "2001:db8::7"] } },
      containers: {
        ok: [
          {
            name: "atlas",
            variables: ["PATH", "MODE"],
            memoryMiB: 120,
            restarts: 2,
            ports: ["8080/tcp"],
            networks: ["atlas-egress", "atlas-front"],
            namespaces: { NetworkMode: "atlas-egress", PidMode: "" },
            mounts: [{ source: "/run/agent-secrets/atlas", target: "/run/secrets", writable: false }],
          },
        ],
      },
      sshd: { ok: { port: ["22"], hostkey: ["/a", "/b"] } },
      firewall: { ok: "Status: active\n" },
      guard: { error: "RuntimeError: nft ended with 1: nft: no such table" },
      // There is no hardened server here.
      drift: { error: expect.any(String) },
    },
  });
  expect(JSON.stringify(answer)).not.toContain("canary-value");
});
