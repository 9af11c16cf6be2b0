import { describe, expect, it } from "vitest";
import { adminKeyFaults, cidrFaults, openRangeFaults } from "../../components/adminAccess";
import { plainSecretFaults, redacted, secretLook } from "../../components/plainText";
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
    ["0.0.0.0/00", "write it as"],
    ["0.0.0.0/000", "write it as"],
    ["10.0.0.0/08", "write it as"],
    ["0.0.0.0/0/", "write it as"],
    ["1.2.3.4/32/x", "write it as"],
    ["fe80::1%eth0/128", "write it as"],
    ["fe80::1%eth0", "write it as"],
    ["any", "write it as"],
    ["", "write it as"],
  ])("%s is none: %s", (cidr, remedy) => {
    expect(cidrFaults("c", cidr)).toEqual([expect.objectContaining({ remedy: expect.stringContaining(remedy) })]);
  });

  it.each([
    ["0.0.0.0/0", "opens SSH to everybody"],
    ["::/0", "opens SSH to everybody"],
    ["0.0.0.0/1", "opens SSH to 1 in 2 of all addresses"],
    ["128.0.0.0/1", "opens SSH to 1 in 2 of all addresses"],
    ["10.0.0.0/7", "opens SSH to 1 in 128 of all addresses"],
    ["2000::/3", "opens SSH to 1 in 8 of all addresses"],
    ["2001::/15", "opens SSH to 1 in 32768 of all addresses"],
  ])("%s is no limit: %s", (cidr, reason) => {
    const remedy = "write your own address as a.b.c.d/32, or allow: true if everybody really shall reach SSH";
    expect(openRangeFaults("c", cidr, "allow: true")).toEqual([{ path: "c", value: cidr, reason, remedy }]);
  });

  it.each(["10.0.0.0/8", "2001::/16", "198.51.100.7/32", "any"])("%s is a limit, or no range", (cidr) => {
    expect(openRangeFaults("c", cidr, "")).toEqual([]);
  });
});

describe("operators' keys", () => {
  const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]);
  const kinds: [string, Buffer[]][] = [
    ["ssh-ed25519", [Buffer.alloc(32, 7)]],
    ["sk-ssh-ed25519@openssh.com", [Buffer.alloc(32, 7), Buffer.from("ssh:")]],
    ["ecdsa-sha2-nistp256", [Buffer.from("nistp256"), point]],
    ["sk-ecdsa-sha2-nistp256@openssh.com", [Buffer.from("nistp256"), point, Buffer.from("ssh:")]],
    ["ssh-rsa", [Buffer.from([1, 0, 1]), Buffer.concat([Buffer.from([0]), Buffer.alloc(384, 200)])]],
  ];
  const wire = (fields: (string | Buffer)[]) =>
    Buffer.concat(
      fields.flatMap((field) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(field.length);
        return [length, Buffer.from(field as string)];
      }),
    );

  it.each(kinds)("%s is one", (type, fields) => {
    const key = `${type} ${wire([type, ...fields]).toString("base64")} ana@laptop`;
    expect(adminKeyFaults("k", key)).toEqual([]);
    expect(secretLook(key)).toBeUndefined();
  });

  it.each(kinds)("%s is none when anything is missing, added or of another length", (type, fields) => {
    const whole = wire([type, ...fields]);
    for (let length = 0; length < whole.length; length++) {
      expect(adminKeyFaults("k", `${type} ${whole.subarray(0, length).toString("base64")}`)).toHaveLength(1);
    }
    const text = whole.toString("base64");
    for (const body of [
      Buffer.concat([whole, Buffer.alloc(1)]).toString("base64"),
      wire([type, ...fields, ""]).toString("base64"),
      wire([type, ...fields.slice(0, -1), ""]).toString("base64"),
      `${text.slice(0, 20)}!${text.slice(20)}`,
      `${text}=`,
      text.slice(0, -1),
    ]) {
      expect(adminKeyFaults("k", `${type} ${body}`), body).toHaveLength(1);
    }
  });

  it("a number that is negative or nothing is none of RSA's", () => {
    for (const number of [Buffer.alloc(0), Buffer.from([0]), Buffer.alloc(384, 200)]) {
      const body = wire(["ssh-rsa", Buffer.from([1, 0, 1]), number]).toString("base64");
      expect(adminKeyFaults("k", `ssh-rsa ${body}`)).toHaveLength(1);
    }
  });

  it("DSA, a type that does not fit its key, options before it, a second line and control characters are none", () => {
    const [type, fields] = kinds[0]!;
    const body = wire([type, ...fields]).toString("base64");
    for (const key of [
      `ssh-dss ${wire(["ssh-dss", ...fields]).toString("base64")}`,
      `ssh-rsa ${body}`,
      `__proto__ ${body}`,
      `command="x" ${type} ${body}`,
      `${type} ${body}\n${type} ${body}`,
      `${type} ${body} ana\u0000`,
    ]) {
      expect(adminKeyFaults("k", key), key).toHaveLength(1);
    }
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
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
    "--database=redis://:hunter2@cache",
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

describe("what looks like a secret", () => {
  it("is taken out of a text, and nothing else is", () => {
    expect(redacted(`write ghp_${"x".repeat(36)}@sha256:… or b3BlbnNzaC1rZXk= now`)).toBe(
      "write [a GitHub token]@sha256:… or [a private key] now",
    );
    expect(redacted("write repo@sha256:…")).toBe("write repo@sha256:…");
  });

  it("is found in names too", () => {
    expect(plainSecretFaults({ a: { [`ghp_${"x".repeat(36)}`]: 1 } }, "move it")).toHaveLength(1);
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
