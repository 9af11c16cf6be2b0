import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { HardenedServer, type HardenedServerArgs } from "../../components/hardenedServer";
import { hardenedServerFaults } from "../../components/host/serverFaults";
import { production } from "../../profiles/host";
import { register } from "../components/mocks";
import { ecdsaKey, ed25519Key, longRsaKey, shortRsaKey } from "./keys";

const good: HardenedServerArgs = {
  location: "fsn1",
  size: "cx33",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32"],
};

function faults(change: Partial<HardenedServerArgs>, name = "reef"): string[] {
  return hardenedServerFaults(name, { ...good, ...change }).map(({ path, reason }) => `${path} ${reason}`);
}

describe("hardenedServerFaults", () => {
  it.each<[string, Partial<HardenedServerArgs>]>([
    ["what is needed", {}],
    ["a long RSA key", { adminKeys: [longRsaKey] }],
    ["IPv6", { adminCidrs: ["2001:db8::/48"] }],
    ["a profile of one's own", { hostProfile: { ...production, name: "mine" } }],
    ["everybody, when asked for", { adminCidrs: ["0.0.0.0/0", "::/0"], allowOpenSsh: true }],
    ["labels", { labels: { "team.example": "blue_1", empty: "" } }],
  ])("accepts %s", (_, change) => {
    expect(faults(change)).toEqual([]);
  });

  it.each<[Partial<HardenedServerArgs>, string]>([
    [{ location: "Falkenstein" }, "location is not a location"],
    [{ location: "fsn1-dc14" }, "location is not a location"],
    [{ size: "large server" }, "size is not a server type"],
    [{ image: "ubuntu-24.04" }, "image is not an image that can be hardened"],
    [{ image: "123456" }, "image is a snapshot"],
    [{ profile: "prodction" }, "profile is not a profile"],
    [{ profile: "__proto__" }, "profile is not a profile"],
    [{ profile: "baseline", hostProfile: production }, "profile stands beside hostProfile"],
    [{ adminKeys: [] }, "adminKeys is empty, and nobody could log in"],
    [{ adminKeys: ["ssh-ed25519 AAAA"] }, "adminKeys[0] is not an SSH public key"],
    [{ adminKeys: [ed25519Key.slice(0, 70)] }, "adminKeys[0] is not an SSH public key"],
    [{ adminKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] }, "adminKeys[0] is a private key"],
    [{ adminKeys: [ed25519Key, ecdsaKey] }, "adminKeys[1] is a kind of key that the profile's sshd does not accept"],
    [{ adminKeys: [shortRsaKey] }, "adminKeys[0] has less than the 3072 bits that sshd accepts"],
    [{ adminCidrs: [] }, "adminCidrs is empty, and the server could not be reached"],
    [{ adminCidrs: ["0.0.0.0/0"] }, "adminCidrs[0] opens SSH to everybody"],
    [{ adminCidrs: ["::/0"] }, "adminCidrs[0] opens SSH to everybody"],
    [{ adminCidrs: ["0.0.0.0/00"] }, "adminCidrs[0] is not an address range"],
    [{ adminCidrs: ["0.0.0.0/1"] }, "adminCidrs[0] opens SSH to 1 in 2 of all addresses"],
    [{ adminCidrs: ["198.51.100.7"] }, "adminCidrs[0] is not an address range"],
    [{ adminCidrs: ["198.51.100.7/24"] }, "adminCidrs[0] does not start at the first address of its network"],
    [{ labels: { "a/b": "x" } }, "labels.a/b is not a label"],
    [{ labels: { a: "-" } }, "labels.a is not a value for a label"],
  ])("refuses %j", (change, expected) => {
    expect(faults(change)).toEqual([expected]);
  });

  it.each(["Reef", "1reef", "reef-", "", "a".repeat(56)])("refuses the name %j", (name) => {
    expect(faults({}, name)).toEqual(["name is not a name for a server"]);
  });

  it("finds all faults at once", () => {
    expect(faults({ location: "?", size: "?", image: "?", profile: "?", adminKeys: [], adminCidrs: [] })).toHaveLength(
      6,
    );
  });

  it("says what to do about each", () => {
    const all = hardenedServerFaults("Reef", {
      ...good,
      location: "?",
      adminCidrs: ["0.0.0.0/0"],
      profile: "prodction",
    });
    expect(all.map(({ remedy }) => remedy)).toEqual([
      "use lower-case letters, digits and dashes, a letter first, at most 55 characters",
      "write one such as fsn1, nbg1, hel1, ash or sin",
      "did you mean production? (profiles: baseline, production)",
      "write your own address as a.b.c.d/32, or allowOpenSsh: true if everybody really shall reach SSH",
    ]);
  });
});

describe("HardenedServer", () => {
  const whole = { ...good, adminKeys: [ed25519Key] };

  it.each<[string, object, string[]]>([
    ["no keys", { adminKeys: undefined }, ["adminKeys is missing"]],
    ["a text for keys", { adminKeys: "x" }, ['adminKeys "x" is not a list']],
    ["nothing for ranges", { adminCidrs: null }, ["adminCidrs null is not a list"]],
    ["a number among ranges", { adminCidrs: ["198.51.100.7/32", 7] }, ["adminCidrs[1] 7 is not a text"]],
    ["an output among keys", { adminKeys: [pulumi.output(ed25519Key)] }, ["adminKeys[0] is not a text"]],
    ["neither", { adminKeys: undefined, adminCidrs: {} }, ["adminKeys is missing", "adminCidrs {} is not a list"]],
  ])("refuses %s before anything is made", async (_title, change, expected) => {
    let message = "";
    const registered = await register(() => {
      try {
        new HardenedServer("reef", { ...whole, ...change } as never);
      } catch (error) {
        message = (error as Error).message;
      }
    });
    const lines = message.split("\n").map((line) => line.trim().replace(/ +/g, " "));
    expect(lines[0]).toMatch(/^HardenedServer reef has \d faults?; nothing was changed$/);
    expect(lines.slice(1)).toEqual(
      expected.map((line) => `${line}: write a list of texts that are known before the deployment`),
    );
    expect(registered).toEqual([]);
  });
});
