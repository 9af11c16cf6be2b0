import { describe, expect, it } from "vitest";
import { adminKeyFaults, cidrFaults, isEverywhere } from "../../components/adminAccess";
import { plainSecretFaults, secretLook } from "../../components/plainText";
import { didYouMean, nearest } from "../../components/suggestions";

describe("address ranges", () => {
  it.each([
    "198.51.100.7/32",
    "198.51.100.0/24",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "2001:db8::/48",
    "2001:db8::1/128",
    "::/0",
    "::ffff:198.51.100.0/120",
  ])("%s is one", (cidr) => expect(cidrFaults("c", cidr)).toEqual([]));

  it.each([
    ["198.51.100.7", "write 198.51.100.7/32"],
    ["2001:db8::1", "write 2001:db8::1/128"],
    ["198.51.100.7/24", "write 198.51.100.7/32"],
    ["2001:db8::1/48", "write 2001:db8::1/128"],
    ["198.51.100/24", "write it as 198.51.100.7/32"],
    ["198.51.100.0/33", "write it as"],
    ["198.51.100.0/", "write it as"],
    ["any", "write it as"],
    ["", "write it as"],
  ])("%s is none: %s", (cidr, remedy) => {
    expect(cidrFaults("c", cidr)).toEqual([expect.objectContaining({ remedy: expect.stringContaining(remedy) })]);
  });

  it("that hold everything are known", () => {
    expect(["0.0.0.0/0", "::/0", "0.0.0.0/1"].map(isEverywhere)).toEqual([true, true, false]);
  });
});

describe("operators' keys", () => {
  const body = (type: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    return Buffer.concat([length, Buffer.from(type), Buffer.alloc(36, 7)]).toString("base64");
  };

  it.each(["ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ssh-rsa"])("%s is one", (type) => {
    expect(adminKeyFaults("k", `${type} ${body(type)} ana@laptop`)).toEqual([]);
    expect(secretLook(`${type} ${body(type)}`)).toBeUndefined();
  });

  it("DSA, a type that does not fit its key, and options before it are none", () => {
    for (const key of [
      `ssh-dss ${body("ssh-dss")}`,
      `ssh-rsa ${body("ssh-ed25519")}`,
      `command="x" ssh-ed25519 ${body("ssh-ed25519")}`,
    ]) {
      expect(adminKeyFaults("k", key)).toHaveLength(1);
    }
  });

  it("two lines are none", () => {
    expect(adminKeyFaults("k", `ssh-ed25519 ${body("ssh-ed25519")}\nssh-ed25519 ${body("ssh-ed25519")}`)).toHaveLength(
      1,
    );
  });

  it("a private key is told without being repeated", () => {
    const [fault] = adminKeyFaults("k", "-----BEGIN OPENSSH PRIVATE KEY-----");
    expect(fault).toEqual({ path: "k", reason: "is a private key", remedy: expect.any(String) });
  });
});

describe("texts that look like a secret", () => {
  it.each([
    "sk-ant-api03-abcdefghijklmnop",
    "xapp-1-A0000000-123456",
    "github_pat_11AAAAAAA0aaaaaaaaaaaaaa",
    "AKIAIOSFODNN7EXAMPLE",
    "123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
    "postgres://ana:hunter2@db.example.com/agents",
    "-----BEGIN RSA PRIVATE KEY-----",
  ])("%s", (text) => expect(secretLook(text)).toBeDefined());

  it.each([
    `ghcr.io/openclaw/openclaw@sha256:${"a".repeat(64)}`,
    "https://example.com/a:b@c",
    "risk-assessment-of-the-whole-fleet",
    "2GiB",
    "0123456789abcdef0123456789abcdef",
  ])("not %s", (text) => expect(secretLook(text)).toBeUndefined());

  it("are found at any depth and not repeated", () => {
    const token = `ghp_${"x".repeat(36)}`;
    const faults = plainSecretFaults({ a: [{ b: token }], c: 1, d: null }, "move it");
    expect(faults).toEqual([
      { path: "a[0].b", reason: "holds what looks like a GitHub token in plain text", remedy: "move it" },
    ]);
  });
});

describe("suggestions", () => {
  it.each([
    ["reff", "reef"],
    ["refe", "reef"],
    ["REEF", "reef"],
    ["reef-1", "reef-1"],
    ["atlol", "atoll"],
  ])("%s means %s", (word, meant) => expect(nearest(word, ["reef", "reef-1", "atoll"])).toBe(meant));

  it("give none where nothing is near", () => {
    expect(nearest("xyz", ["reef"])).toBeUndefined();
    expect(didYouMean("xyz", ["reef"], "servers")).toBe("write one of the servers: reef");
    expect(didYouMean("xyz", [], "servers")).toBe("there are no servers yet");
  });
});
