import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { hostKeyFrom } from "../../components/host/hostKey";
import { describeUnless } from "../requirements";
import { programMissing } from "./programs";

/** What ssh-keygen says of a private key. */
function keygen(privateKey: string, ...options: string[]): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "creel-key-"));
  const file = path.join(folder, "key");
  writeFileSync(file, privateKey, { mode: 0o600 });
  try {
    return execFileSync("ssh-keygen", [...options, "-f", file], { encoding: "utf8" }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeUnless(programMissing("ssh-keygen", "-?"), "hostKeyFrom", () => {
  it.each(["", "a", "x".repeat(64), "ü🔑"])("gives a pair that OpenSSH reads as one, from %j", (secret) => {
    const { privateKey, publicKey } = hostKeyFrom(secret);
    expect(keygen(privateKey, "-y").split(" ").slice(0, 2).join(" ")).toBe(publicKey);
    expect(keygen(privateKey, "-l")).toMatch(/^256 SHA256:\S+ .*\(ED25519\)$/);
  });

  it("gives the same pair for the same secret, and another for another", () => {
    expect(hostKeyFrom("one")).toEqual(hostKeyFrom("one"));
    expect(hostKeyFrom("one").publicKey).not.toBe(hostKeyFrom("two").publicKey);
  });

  it("does not hold the secret itself", () => {
    const { privateKey } = hostKeyFrom("CANARY".repeat(10));
    expect(Buffer.from(privateKey.replace(/-----.*-----/g, ""), "base64").includes("CANARY")).toBe(false);
  });
});
