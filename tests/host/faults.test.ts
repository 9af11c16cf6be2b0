import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { type Fault, faultsUnder, gated, refuseFaults } from "../../components/faults";

const faults: Fault[] = [
  { path: "image", value: "openclaw:latest", reason: "has no digest", remedy: "write repo@sha256:…" },
  { path: "[0]", reason: "is missing", remedy: "add one" },
];

function thrown(faults: Fault[], subject?: string): pulumi.InputPropertiesError {
  try {
    refuseFaults(faults, subject);
  } catch (error) {
    return error as pulumi.InputPropertiesError;
  }
  throw new Error("nothing was refused");
}

describe("refuseFaults", () => {
  it("accepts input without faults", () => {
    expect(() => refuseFaults([])).not.toThrow();
  });

  it("names every fault in one message", () => {
    expect(thrown(faultsUnder("agents.atlas", faults), "creel:fleet").message).toBe(
      [
        "creel:fleet has 2 faults; nothing was changed",
        '  agents.atlas.image    "openclaw:latest" has no digest: write repo@sha256:…',
        "  agents.atlas[0]       is missing: add one",
      ].join("\n"),
    );
  });

  it("is an InputPropertiesError with one entry per fault", () => {
    const error = thrown(faults);
    expect(pulumi.InputPropertiesError.isInstance(error)).toBe(true);
    expect(error.errors).toEqual([
      { propertyPath: "image", reason: '"openclaw:latest" has no digest: write repo@sha256:…' },
      { propertyPath: "[0]", reason: "is missing: add one" },
    ]);
  });

  it("is printed by the language host without a stack trace", () => {
    expect(pulumi.RunError.isInstance(thrown(faults) as unknown as object)).toBe(true);
  });

  it("cuts long values", () => {
    const error = thrown([{ path: "key", value: "x".repeat(500), reason: "is too long", remedy: "shorten it" }]);
    expect(error.message.length).toBeLessThan(200);
  });

  it.each([
    `ghp_${"x".repeat(36)}`,
    "postgres://ana:hunter2:x@db.example.com/agents",
    "redis://:hunter2@cache",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2\n-----END RSA PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUhunter2",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUhunter2AAAA",
  ])("repeats no secret: %s", (secret) => {
    const told = [
      {
        path: `agents.${secret}.image`,
        value: secret,
        reason: `is ${secret} already`,
        remedy: `write ${secret}@sha256`,
      },
      { path: "a", value: { deep: [`x ${secret} y`] }, reason: "r", remedy: "r" },
    ];
    const { message, errors } = thrown(told);
    const parts = secret.split(/[^A-Za-z0-9]+/).filter((part) => /hunter2|xxxx|eyJ|c2ln|b3Bl/.test(part));
    expect(parts).not.toEqual([]);
    for (const part of parts) expect(message + JSON.stringify(errors)).not.toContain(part);
    expect(message).toContain('"[a');
  });
});

describe("gated", () => {
  const check = (text: string) => (text === "good" ? [] : [{ ...faults[0]!, value: text }]);

  it("lets through what is right, as secret as it was", async () => {
    const output = gated(pulumi.secret("good"), check, "Thing x");
    expect(await new Promise((done) => output.apply(done))).toBe("good");
    expect(await pulumi.isSecret(output)).toBe(true);
  });

  it("throws a RunError that does not repeat the value", () => {
    // An output that is known at once: a real one would throw where no test can catch it.
    const known = { apply: (next: (value: string) => unknown) => next("hunter2") } as never;
    let error: Error | undefined;
    try {
      gated(known, check, "Thing x");
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error?.message).toBe("Thing x cannot be made\n  image has no digest");
  });
});
