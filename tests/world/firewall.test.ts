import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { findProgram } from "../../sandbox/hostPackages";
import { firewallRules } from "../../sandbox/machines/firewall";
import { describeUnless } from "../requirements";

const address = "198.51.100.10";
const rules = (text: string) => text.split("\n").filter((line) => line.startsWith("add rule") && line.includes("to_"));
const added = (text: string) => rules(text).map((line) => line.replace(/^add rule bridge creel_sandbox \S+ /, ""));

describe("the cloud's firewall", () => {
  it("lets everything in when none is applied", () => {
    expect(added(firewallRules(address, undefined))).toEqual(["accept"]);
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
    const script = [ssh, ssh, firewallRules("198.51.100.11", []), esp].map((text) => `nft -f - <<'E'\n${text}E`);
    // A network namespace of its own, gone with the process.
    const { stdout } = await execa("unshare", ["-n", "sh", "-ec", [...script, "nft list ruleset"].join("\n")]);
    expect(stdout.match(/jump to_198_51_100_1[01]/g)).toHaveLength(2);
    expect(stdout).not.toContain("dport 22");
    expect(stdout).toMatch(/ip protocol esp accept/);
  });
});
