import { execa } from "execa";
import { expect, it } from "vitest";
import { findProgram } from "../../sandbox/hostPackages";
import { packetRules } from "../../sandbox/packetRules";
import { describeUnless } from "../requirements";

const missing =
  process.getuid?.() !== 0
    ? "needs root"
    : findProgram("iptables") === undefined || findProgram("ip") === undefined
      ? "iptables or ip is not installed"
      : undefined;

describeUnless(missing, "the way to the edge", () => {
  it("leads from its own address to where it listens, also on this computer, from the gateway's address", async () => {
    const iptables = findProgram("iptables")!;
    const set = packetRules(true).map(({ table, place, chain, match }) =>
      [iptables, "-t", table, place, chain, ...match].join(" "),
    );
    // A listener that says who called, and a call, in a network namespace that is gone with the process.
    const listener = `require("net").createServer((s) => s.end(s.remoteAddress)).listen(17804, "198.51.100.1",
      () => require("net").connect(443, "198.51.100.3").on("data", (d) => { console.log(String(d)); process.exit(); }))`;
    const script = [
      "ip link set lo up && ip link add eth9 type bridge && ip addr add 192.0.2.9/24 dev eth9 && ip link set eth9 up",
      "ip link add creel0 type bridge && ip addr add 198.51.100.1/24 dev creel0",
      "ip link set creel0 up",
      "ip route replace local 198.51.100.3 dev creel0 src 198.51.100.1 table local",
      ...set,
      `node -e '${listener}'`,
    ];
    const { stdout } = await execa("unshare", ["-n", "sh", "-ec", script.join("\n")]);
    expect(stdout).toBe("198.51.100.1");
  });
});
