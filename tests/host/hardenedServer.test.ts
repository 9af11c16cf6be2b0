import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sshOptions } from "../../components/connection";
import { HardenedServer, type HardenedServerArgs } from "../../components/hardenedServer";
import { hostKeyFrom } from "../../components/host/hostKey";
import { postureFrom, publicKeyFrom } from "../../components/host/posture";
import { find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "../components/mocks";
import { ed25519Key } from "./keys";

const args: HardenedServerArgs = {
  location: "fsn1",
  size: "cx33",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32", "2001:db8::/48"],
  labels: { team: "blue" },
};
const labels = { "managed-by": "creel", team: "blue" };
const commandType = "command:local:Command";
const serverType = "hcloud:index/server:Server";

describe("HardenedServer", () => {
  let registered: Registered[];
  let names: string[];
  let made: HardenedServer;

  beforeAll(async () => {
    registered = await register(() => {
      made = new HardenedServer("reef", args);
    });
    names = urns();
  });

  const inputs = (type: string, name: string) => find(registered, type, name).inputs;
  const seed = "password-of-reef-host-key-seed".padEnd(64, "x");
  const bootstrap = hostKeyFrom(seed).publicKey;

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      "creel:index:HardenedServer$command:local:Command::reef-converge",
      "creel:index:HardenedServer$command:local:Command::reef-host-key-activate",
      "creel:index:HardenedServer$command:local:Command::reef-host-key-stage",
      "creel:index:HardenedServer$hcloud:index/firewall:Firewall::reef",
      "creel:index:HardenedServer$hcloud:index/server:Server::reef",
      "creel:index:HardenedServer$hcloud:index/sshKey:SshKey::reef",
      "creel:index:HardenedServer$random:index/randomPassword:RandomPassword::reef-host-key-seed",
      "creel:index:HardenedServer::reef",
    ]);
  });

  it("lets SSH in from the admin ranges and nothing else", () => {
    expect(inputs("hcloud:index/firewall:Firewall", "reef")).toEqual({
      rules: [
        {
          direction: "in",
          protocol: "tcp",
          port: "22",
          sourceIps: ["198.51.100.7/32", "2001:db8::/48"],
          description: "SSH for administrators",
        },
      ],
      labels,
    });
  });

  it("orders a server that the provider names, behind the firewall from its first moment", async () => {
    const { userData, firewallIds, ...rest } = inputs(serverType, "reef");
    expect(rest).toEqual({
      location: "fsn1",
      serverType: "cx33",
      image: "debian-12",
      keepDisk: true,
      sshKeys: ["reef-id"],
      labels,
    });
    expect(firewallIds).toHaveLength(1);
    expect(isSecretWrapper(userData)).toBe(true);
    const config = parse(unwrapped(userData) as string);
    expect(config.ssh_keys).toEqual({
      ed25519_private: hostKeyFrom(seed).privateKey,
      ed25519_public: bootstrap,
    });
  });

  it("registers a key at the provider that is no administrator's and no host's", () => {
    const { publicKey, ...rest } = inputs("hcloud:index/sshKey:SshKey", "reef");
    expect(rest).toEqual({ labels });
    expect(publicKey).toMatch(/^ssh-ed25519 /);
    expect([bootstrap, ed25519Key]).not.toContain(publicKey);
  });

  it("starts from a seed that a rebuild renews", () => {
    expect(inputs("random:index/randomPassword:RandomPassword", "reef-host-key-seed")).toEqual({
      length: 64,
      special: false,
      keepers: { location: "fsn1", rebuild: "" },
    });
  });

  it("pins the bootstrap key first, either key while they change places, and the new one alone ever after", async () => {
    const hostKey = await resolved(made.hostKey);
    const pinned = (name: string) => {
      const words = inputs(commandType, name).interpreter as string[];
      return words.slice(words.indexOf("-T") + 1, -5);
    };
    expect(pinned("reef-host-key-stage")).toEqual(sshOptions([bootstrap]));
    expect(pinned("reef-host-key-activate")).toEqual(sshOptions([bootstrap, hostKey]));
    expect(pinned("reef-converge")).toEqual(sshOptions([hostKey]));
    expect(await resolved(made.connection.hostKeys)).toEqual([hostKey]);
  });

  it("keeps what pins public, so that it can be read in a preview", () => {
    for (const name of ["reef-host-key-stage", "reef-host-key-activate", "reef-converge"]) {
      expect(isSecretWrapper(inputs(commandType, name).interpreter)).toBe(false);
      expect(inputs(commandType, name).triggers).toEqual(["reef-id"]);
    }
  });

  it("sends the program that user-data carries", () => {
    const { create, stdin } = inputs(commandType, "reef-converge");
    expect(create).toContain('python3 -I "$f"');
    expect(stdin).toMatch(/^#!\/usr\/bin\/python3 -I\n/);
    expect(stdin).toContain("ssh admin");
    expect(stdin).not.toContain("PRIVATE KEY");
  });

  it("says where it is", async () => {
    expect(await resolved(made.ipv4)).toBe("198.51.100.10");
    expect(await resolved(made.dockerHost)).toBe("ssh://deploy@198.51.100.10:22");
    expect(made.ready).toHaveLength(1);
  });

  it("has no secret in plain text anywhere", () => {
    const secret = hostKeyFrom(seed).privateKey.split("\n")[2]!;
    for (const { name, type, inputs: given } of registered) {
      const plain = JSON.stringify(given, (_, value) => (isSecretWrapper(value) ? "[secret]" : value));
      expect(plain.includes(seed) || plain.includes(secret), `${type} ${name}`).toBe(false);
    }
  });
});

describe("HardenedServer under other circumstances", () => {
  it("registers the same in a preview, where no server is known yet", async () => {
    const registered = await register(() => new HardenedServer("reef", args), true);
    expect(registered.map(({ name }) => name)).toEqual(expect.arrayContaining(["reef", "reef-converge"]));
    expect(registered).toHaveLength(8);
  });

  it("changes the seed, and with it the bootstrap key, with every rebuild", async () => {
    const registered = await register(() => new HardenedServer("reef", { ...args, rebuild: "2026-11" }));
    const { keepers } = find(registered, "random:index/randomPassword:RandomPassword", "reef-host-key-seed").inputs;
    expect(keepers).toEqual({ location: "fsn1", rebuild: "2026-11" });
  });

  it("refuses every fault in one error, before anything is made", async () => {
    const registered: Registered[] = [];
    const bad = { ...args, location: "?", adminCidrs: ["0.0.0.0/0"], image: "windows" };
    await expect(
      register(() => new HardenedServer("reef", bad)).then((all) => registered.push(...all)),
    ).rejects.toThrow(
      [
        "HardenedServer reef has 3 faults; nothing was changed",
        '  location         "?" is not a location: write one such as fsn1, nbg1, hel1, ash or sin',
        '  image            "windows" is not an image that can be hardened: write debian-12',
        '  adminCidrs[0]    "0.0.0.0/0" opens SSH to everybody: write your own address as a.b.c.d/32, or allowOpenSsh: true if everybody really shall reach SSH',
      ].join("\n"),
    );
    expect(registered).toEqual([]);
  });

  it("refuses user-data that the provider would refuse", async () => {
    const adminKeys = Array.from(
      { length: 2000 },
      (_, i) => `${ed25519Key}-${createHash("sha256").update(`${i}`).digest("hex")}`,
    );
    await expect(register(() => new HardenedServer("reef", { ...args, adminKeys }))).rejects.toThrow(
      /makes user-data of \d+ bytes/,
    );
  });
});

describe("what the server prints", () => {
  it("is read as a key and as a posture", () => {
    expect(publicKeyFrom("ssh-ed25519 AAAAC3Nz\n")).toBe("ssh-ed25519 AAAAC3Nz");
    expect(
      postureFrom('{"profile":"p","version":"1","changed":[],"unchanged":3,"notApplicable":[],"took":{}}'),
    ).toEqual({
      profile: "p",
      version: "1",
      changed: [],
      unchanged: 3,
      notApplicable: [],
    });
  });

  it.each(["", "ssh-rsa AAAA", "ssh-ed25519 AAAA\nssh-ed25519 BBBB"])("is refused as a key when it is %j", (text) => {
    expect(() => publicKeyFrom(text)).toThrow(/^the server printed no host key/);
  });
});
