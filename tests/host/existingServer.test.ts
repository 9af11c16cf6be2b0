import { beforeAll, describe, expect, it } from "vitest";
import { sshOptions } from "../../components/connection";
import { ExistingServer, type ExistingServerArgs, existingServerFaults } from "../../components/existingServer";
import { find, type Registered, register, resolved, urns } from "../components/mocks";
import { ecdsaKey, ed25519Key } from "./keys";

const hostKey = ed25519Key.split(" ").slice(0, 2).join(" ");
const args: ExistingServerArgs = {
  host: "reef.example.com",
  hostKey: `${hostKey} root@reef`,
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32"],
};

describe("ExistingServer", () => {
  let registered: Registered[];
  let names: string[];
  let made: ExistingServer;

  beforeAll(async () => {
    registered = await register(() => {
      made = new ExistingServer("reef", { ...args, user: "debian", port: 2222 });
    });
    names = urns();
  });

  const inputs = (step: string) => find(registered, "command:local:Command", `reef-${step}`).inputs;

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      "creel:index:ExistingServer$command:local:Command::reef-converge",
      "creel:index:ExistingServer$command:local:Command::reef-keep",
      "creel:index:ExistingServer$command:local:Command::reef-take-over",
      "creel:index:ExistingServer::reef",
    ]);
  });

  it("comes in by the login that it is given once, and then by its own, at the one host key", async () => {
    const login = (step: string) => (inputs(step).interpreter as string[]).slice(-3);
    expect(login("take-over")).toEqual(["-p", "2222", "debian@reef.example.com"]);
    expect(login("keep")).toEqual(["-p", "2222", "deploy@reef.example.com"]);
    expect(login("converge")).toEqual(["-p", "2222", "deploy@reef.example.com"]);
    for (const step of ["take-over", "keep", "converge"]) {
      expect(inputs(step).interpreter).toEqual(expect.arrayContaining(sshOptions([hostKey])));
    }
    expect(await resolved(made.hostKey)).toBe(hostKey);
    expect(await resolved(made.dockerHost)).toBe("ssh://deploy@reef.example.com:2222");
  });

  it("keeps its own port open, and watches it", () => {
    const program = inputs("converge").stdin as string;
    expect(program).toContain('"port": 2222');
    expect(program).toContain('"port = 2222"');
  });

  it("clears up at its end only", () => {
    expect(inputs("keep").create).toBe("sudo python3 -I - check");
    expect(inputs("keep").delete).toMatch(/^sudo python3 -I - release #/);
    expect([inputs("take-over").delete, inputs("converge").delete]).toEqual([undefined, undefined]);
  });
});

describe("existingServerFaults", () => {
  it.each<[Partial<ExistingServerArgs>, string]>([
    [{ host: "198.51.100.7:22" }, "host is not an IPv4 address or name"],
    [{ host: "-oProxyCommand=x" }, "host is not an IPv4 address or name"],
    [{ hostKey: ecdsaKey }, "hostKey is not an ed25519 public key"],
    [{ hostKey: "-----BEGIN OPENSSH PRIVATE KEY-----" }, "hostKey is not an ed25519 public key"],
    [{ user: "root@reef" }, "user is not a login"],
    [{ port: 70000 }, "port is not a TCP port"],
    [{ profile: "prodction" }, "profile is not a profile"],
    [{ adminKeys: [] }, "adminKeys is empty, and nobody could log in"],
    [{ adminCidrs: ["0.0.0.0/0"] }, "adminCidrs[0] opens SSH to everybody"],
  ])("refuses %j", (change, fault) => {
    const found = existingServerFaults("reef", { ...args, ...change });
    expect(found.map(({ path, reason }) => `${path} ${reason}`)).toEqual([fault]);
  });

  it("has nothing against what is needed", () => {
    expect(existingServerFaults("reef", args)).toEqual([]);
    expect(existingServerFaults("Reef", args).map(({ path }) => path)).toEqual(["name"]);
  });
});
