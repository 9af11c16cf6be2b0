import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { hostKeyFrom } from "../../components/host/hostKey";
import { convergeProgram } from "../../components/host/program";
import { wantedState } from "../../components/host/render";
import { sshdSettings, sshdSettingsPath } from "../../components/host/steps/ssh";
import { convergePath, userData, userDataFaults, userDataLimit } from "../../components/host/userData";
import { fileText, type HostFacts } from "../../components/host/wantedState";
import { baseline, hostProfiles, production } from "../../profiles/host";
import { ed25519Key, longRsaKey } from "./keys";

const facts: HostFacts = {
  serverName: "reef",
  user: "deploy",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32"],
};
const bootstrapKey = hostKeyFrom("CANARY-SEED");

function rendered(profile = production, some: Partial<HostFacts> = {}): string {
  const all = { ...facts, ...some };
  return userData({ profile, facts: all, program: convergeProgram(wantedState(profile, all)), bootstrapKey });
}

interface CloudConfig {
  users: Record<string, unknown>[];
  write_files: { path: string; permissions: string; encoding: string; content: string }[];
  [key: string]: unknown;
}

/** A file of the user-data, unpacked as cloud-init does it. */
function carried(config: CloudConfig, path: string): string {
  const file = config.write_files.find((entry) => entry.path === path)!;
  expect(file.encoding).toBe("gz+b64");
  return gunzipSync(Buffer.from(file.content, "base64")).toString();
}

describe("userData", () => {
  const text = rendered();
  const config = parse(text) as CloudConfig;

  it("is a cloud-config", () => {
    expect(text.startsWith("#cloud-config\n")).toBe(true);
    const { write_files, ssh_keys, users, ...rest } = config;
    expect(rest).toEqual({
      disable_root: true,
      ssh_pwauth: false,
      ssh_deletekeys: true,
      ssh_genkeytypes: [],
      locale: "C.UTF-8",
      timezone: "Etc/UTC",
      bootcmd: [["rm", "-f", "/run/nologin"]],
      runcmd: [[convergePath, "--first-boot"]],
    });
    expect(ssh_keys).toEqual({ ed25519_private: bootstrapKey.privateKey, ed25519_public: bootstrapKey.publicKey });
    expect(users).toEqual([
      {
        name: "deploy",
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: [ed25519Key],
      },
    ]);
    expect(write_files.map(({ path, permissions }) => `${permissions} ${path}`)).toEqual([
      `0644 ${sshdSettingsPath}`,
      `0700 ${convergePath}`,
    ]);
  });

  it("carries the very program and settings that later runs compare with", () => {
    expect(carried(config, convergePath)).toBe(convergeProgram(wantedState(production, facts)));
    expect(carried(config, sshdSettingsPath)).toBe(fileText(sshdSettings(production, facts)));
  });

  it("is the same for the same input", () => {
    expect(rendered()).toBe(text);
  });

  it("holds no secret but the bootstrap key", () => {
    const everything = config.write_files.map(({ path }) => carried(config, path)).join("\n") + text;
    expect(everything).not.toContain("CANARY");
    expect(everything.match(/PRIVATE KEY/g)).toHaveLength(2);
  });

  it.each(Object.values(hostProfiles))("leaves room for more in $name", (profile) => {
    const tenKeys = Array.from({ length: 10 }, () => ed25519Key);
    expect(Buffer.byteLength(rendered(profile, { adminKeys: tenKeys }))).toBeLessThan(userDataLimit);
  });

  it("is checked against the provider's limit", () => {
    expect(userDataFaults(rendered(baseline))).toEqual([]);
    expect(userDataFaults("x".repeat(userDataLimit))).toEqual([]);
    const keys = Array.from({ length: 40 }, (_, i) => `${longRsaKey}-${i}`);
    const [fault] = userDataFaults(rendered(production, { adminKeys: keys }));
    expect(fault?.reason).toMatch(/^makes user-data of \d+ bytes, more than the 32768 that the provider accepts$/);
  });
});
