/** What a converge run found and did. */
export interface HostPosture {
  /** Name of the profile. */
  profile: string;
  /** First twelve digits of the SHA-256 of the program that ran. */
  version: string;
  /** What had to be changed; empty in every run but the first after a change. */
  changed: string[];
  /** How many things were as they should be. */
  unchanged: number;
  /** What this server cannot have, by the reason why. */
  notApplicable: PostureGap[];
}

export interface PostureGap {
  reason: string;
  items: string[];
}

/** Reads a converge run's standard output. Throws when it is something else. */
export function postureFrom(stdout: string): HostPosture {
  const { profile, version, changed, unchanged, notApplicable } = JSON.parse(stdout) as HostPosture;
  return { profile, version, changed, unchanged, notApplicable };
}

/** Reads the host key that the server printed. Throws when it is none. */
export function publicKeyFrom(stdout: string): string {
  const key = stdout.trim();
  if (!/^ssh-ed25519 [A-Za-z0-9+/]+=*$/.test(key))
    throw new Error(`the server printed no host key but: ${key.slice(0, 80)}`);
  return key;
}
