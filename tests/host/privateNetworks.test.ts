import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { wantedState } from "../../components/host/render";
import { ufwRules } from "../../components/host/steps/firewall";
import { guardRules } from "../../components/host/steps/guard";
import type { HostFacts } from "../../components/host/wantedState";
import { networkFaults } from "../../components/networkSpec";
import { hostProfiles, production } from "../../profiles/host";
import { ed25519Key } from "./keys";

const facts: HostFacts = {
  serverName: "reef",
  user: "deploy",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32", "10.20.0.0/16"],
};
const profiles = Object.values(hostProfiles);

describe("a second interface", () => {
  it.each(profiles)("opens nothing in $name but SSH, to those who may use it anywhere", (profile) => {
    expect(ufwRules(profile, facts)).toEqual(
      facts.adminCidrs.map((from) => ({ port: 22, proto: "tcp", from, comment: "ssh admin" })),
    );
    const firewall = wantedState(profile, facts).steps.find(({ name }) => name === "firewall");
    expect(JSON.stringify(firewall)).toContain('DEFAULT_INPUT_POLICY=\\"DROP\\"');
  });

  it.each(profiles)("is neither a way to a container nor through the server in $name", (profile) => {
    const rules = guardRules(profile.guard).map((line) => line.trim());
    const bridges = '{ "docker*", "br-*", "ag-*" }';
    expect(rules).toContain(`iifname != ${bridges} counter drop`);
    expect(rules.filter((line) => /accept$/.test(line) && !line.startsWith("type "))).toEqual([
      "ct state established,related accept",
      `iifname ${bridges} ct state established,related accept`,
    ]);
    const firewall = wantedState(profile, facts).steps.find(({ name }) => name === "firewall");
    expect(JSON.stringify(firewall)).toContain('DEFAULT_FORWARD_POLICY=\\"DROP\\"');
  });

  it.each(profiles)("is out of reach of every agent in $name", ({ guard }) => {
    const denied = guard.deniedRanges4.map((range) => ipaddr.IPv4.parseCIDR(range));
    const reached = (address: string) => !denied.some((range) => ipaddr.IPv4.parse(address).match(range));
    // Private networks and their gateways, a droplet's anchor and VPC, both clouds' metadata.
    const inside = ["10.20.0.2", "10.20.0.1", "172.16.0.2", "172.31.1.1", "192.168.255.254", "10.19.0.5", "10.114.0.3"];
    expect([...inside, "169.254.169.254"].filter(reached)).toEqual([]);
    // Names are resolved there at Hetzner and at DigitalOcean.
    expect(["185.12.64.1", "185.12.64.2", "67.207.67.2", "67.207.67.3"].filter((one) => !reached(one))).toEqual([]);
  });

  it.each(profiles)("never has the addresses of containers in $name", ({ docker: { daemon } }) => {
    const pools = (daemon["default-address-pools"] as { base: string }[]).map(({ base }) => base);
    const ranges = [
      ipaddr.IPv4.networkAddressFromCIDR(daemon.bip as string)
        .toString()
        .concat("/24"),
      ...pools,
    ];
    expect(ranges).toHaveLength(2);
    for (const range of ranges) {
      const faults = networkFaults({ inner: { provider: "hcloud", location: "fsn1", range } });
      expect(faults.map(({ reason }) => reason)).toEqual(["meets 10.200.0.0/15, where the containers' networks are"]);
    }
  });
});

describe("production", () => {
  it("has none of the providers' agents", () => {
    expect(production.packages.remove).toEqual(
      expect.arrayContaining(["qemu-guest-agent", "droplet-agent", "do-agent"]),
    );
    expect(production.packages.install.filter((name) => /agent/.test(name))).toEqual([]);
  });
});
