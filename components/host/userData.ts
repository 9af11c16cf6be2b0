import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import type { HostProfile } from "../../profiles/host";
import type { Fault } from "../faults";
import type { HostKey } from "./hostKey";
import { sshdSettings, sshdSettingsPath } from "./steps/ssh";
import { fileText, type HostFacts } from "./wantedState";

/** Bytes that Hetzner accepts as user-data: "This field is limited to 32KiB". */
export const userDataLimit = 32 * 1024;

/** Where the converge program lives on the server. */
export const convergePath = "/usr/local/sbin/creel-converge";

export interface UserDataParts {
  profile: HostProfile;
  facts: HostFacts;
  /** The converge program's text. */
  program: string;
  /** The key by which the server proves itself until the first connection has given it another. */
  bootstrapKey: HostKey;
}

/**
 * The cloud-config with which a server starts: the login, sshd's settings before sshd starts, and the converge program.
 *
 * Every process on the server can read it at the metadata address, so it holds no secret but the bootstrap key, which is
 * worthless a minute later.
 */
export function userData({ profile, facts, program, bootstrapKey }: UserDataParts): string {
  const config = {
    users: [
      {
        name: facts.user,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: facts.adminKeys,
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: bootstrapKey.privateKey, ed25519_public: bootstrapKey.publicKey },
    // An image without the default locale fails cloud-init as a whole.
    locale: "C.UTF-8",
    timezone: "Etc/UTC",
    // sshd starts at the same moment at which logins are allowed, and turns early callers away until then.
    bootcmd: [["rm", "-f", "/run/nologin"]],
    write_files: [
      writeFile(sshdSettingsPath, "0644", fileText(sshdSettings(profile, facts))),
      writeFile(convergePath, "0700", program),
    ],
    runcmd: [[convergePath, "--first-boot"]],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

/** The fault of user-data that the provider would refuse. */
export function userDataFaults(text: string): Fault[] {
  const size = Buffer.byteLength(text);
  if (size <= userDataLimit) return [];
  return [
    {
      path: "hostProfile",
      reason: `makes user-data of ${size} bytes, more than the ${userDataLimit} that the provider accepts`,
      remedy: "shorten the profile's lists, or give fewer admin keys",
    },
  ];
}

function writeFile(path: string, permissions: string, text: string) {
  return { path, permissions, encoding: "gz+b64", content: gzipSync(text, { level: 9 }).toString("base64") };
}
