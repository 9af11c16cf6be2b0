import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { findProgram } from "../../sandbox/hostPackages";
import { firewallRules } from "../../sandbox/machines/firewall";
import { describeUnless } from "../requirements";

const address = "198.51.100.10";
const added = (text: string, direction: "to" | "from" = "to") => {
  const start = `add rule bridge creel_sandbox ${direction}_198_51_100_10 `;
  return text.split("\n").flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []));
};

describe("the cloud's firewall", () => {
  it("lets everything in when none is applied", () => {
    expect(added(firewallRules(address, undefined))).toEqual(["accept"]);
  });

  it("lets everything out that no outbound rules are about", () => {
    expect(added(firewallRules(address, []), "from")).toEqual(["accept"]);
  });

  it("lets out replies, questions for metadata and what its rules say", () => {
    const inbound = [
      { protocol: "tcp" as const, port: "22", sources: ["0.0.0.0/0"] },
      { protocol: "udp" as const, port: "51820", sources: ["198.51.100.7/32"] },
    ];
    const outbound = [
      { protocol: "tcp" as const, port: "443", destinations: ["0.0.0.0/0", "::/0"] },
      { protocol: "udp" as const, destinations: ["198.51.100.2/32"] },
    ];
    expect(added(firewallRules(address, inbound, outbound), "from")).toEqual([
      "ip daddr 169.254.169.254 accept",
      "ip protocol tcp tcp flags & (syn | ack) != syn accept",
      "ip protocol icmp icmp type != echo-request accept",
      "ip daddr 198.51.100.7/32 udp sport 51820 accept",
      "tcp dport 443 accept",
      "ip daddr 198.51.100.2/32 ip protocol udp accept",
      "counter drop",
    ]);
  });

  it("lets nothing in but replies when it has no rules", () => {
    const verdicts = added(firewallRules(address, []));
    expect(verdicts.at(-1)).toBe("counter drop");
    expect(verdicts.join("\n")).not.toContain("dport");
  });

  it("lets in what its rules say, by protocol, port and source", () => {
    const verdicts = added(
      firewallRules(address, [
        { protocol: "tcp", port: "22", sources: ["198.51.100.1/32", "2001:db8::/32"] },
        { protocol: "udp", port: "1024-5000", sources: ["0.0.0.0/0", "::/0"] },
        { protocol: "icmp", sources: ["10.0.0.0/8"] },
        { protocol: "tcp", sources: ["10.0.0.0/8"] },
      ]),
    );
    expect(verdicts.slice(3, -1)).toEqual([
      "ip saddr 198.51.100.1/32 tcp dport 22 accept",
      "udp dport 1024-5000 accept",
      "ip saddr 10.0.0.0/8 ip protocol icmp accept",
      "ip saddr 10.0.0.0/8 ip protocol tcp accept",
    ]);
  });
});

const missing =
  process.getuid?.() !== 0 ? "needs root" : findProgram("nft") === undefined ? "nft is not installed" : undefined;

describeUnless(missing, "nft", () => {
  it("takes the rules, twice, and changes them", async () => {
    const ssh = firewallRules(address, [{ protocol: "tcp", port: "22", sources: ["0.0.0.0/0", "10.0.0.0/8"] }]);
    const esp = firewallRules(address, [{ protocol: "esp", sources: ["0.0.0.0/0"] }]);
    const closed = firewallRules("198.51.100.11", [], [{ protocol: "udp", port: "53", destinations: ["0.0.0.0/0"] }]);
    const script = [ssh, ssh, closed, esp].map((text) => `nft -f - <<'E'\n${text}E`);
    // A network namespace of its own, gone with the process.
    const { stdout } = await execa("unshare", ["-n", "sh", "-ec", [...script, "nft list ruleset"].join("\n")]);
    expect(stdout.match(/jump to_198_51_100_1[01]/g)).toHaveLength(2);
    expect(stdout.match(/jump from_198_51_100_1[01]/g)).toHaveLength(2);
    expect(stdout).toContain("udp dport 53 accept");
    expect(stdout).not.toContain("dport 22");
    expect(stdout).toMatch(/ip protocol esp accept/);
  });
});
