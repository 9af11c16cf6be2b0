/** What a server should be, as data: rendered here, made true by the converge program. */
export interface WantedState {
  /** Name of the profile, for the server's status. */
  profile: string;
  /** In the order in which they are made true. */
  steps: WantedStep[];
}

export interface WantedStep {
  /** Named in progress, status and errors. */
  name: string;
  items: WantedItem[];
  /** Programs that must accept what the step has written; when one refuses, the step's files are put back. */
  validate?: string[][];
  /** What brings changes into effect. */
  reload?: Reload[];
  /** What must be true at the end of the step, in every run. */
  probes?: Probe[];
}

/** Left out where the unit has been started in the same run. */
export interface Reload {
  unit: string;
  /** For systemctl; argv takes its place. try-restart passes over a unit that is not there. */
  verb?: string;
  argv?: string[];
}

export interface Probe {
  label: string;
  argv: string[];
  /** Text that the output must hold. Default: exit code 0 is enough. */
  expect?: string;
  /** How long it may take to come true. Default: 30 seconds. */
  seconds?: number;
  needs?: "machine";
}

export type WantedItem = (
  | FileItem
  | { kind: "directory"; path: string; mode: string; owner?: string }
  | { kind: "absent"; path: string }
  | { kind: "block"; path: string; marker: string; lines: string[] }
  | { kind: "filtered"; path: string; field: number; least: number }
  | { kind: "user"; name: string; authorizedKeys: string[] }
  | { kind: "lockedPassword"; name: string }
  | { kind: "member"; user: string; group: string }
  | { kind: "hostKey"; path: string; type: string; bits: number }
  | { kind: "packages"; install: string[]; installOnMachines: string[]; remove: string[] }
  | { kind: "unit"; name: string; enabled?: boolean; active?: boolean }
  | { kind: "sysctl"; path: string; settings: Record<string, string> }
  | { kind: "nftTable"; table: string; path: string; record: string }
  | { kind: "ufw"; rules: UfwRule[]; logging: string }
) & {
  /** "machine": only where the kernel is the server's own, which it is not in a container. */
  needs?: "machine";
  /** Only on this release of Debian. */
  release?: string;
};

export interface FileItem {
  kind: "file";
  path: string;
  lines: string[];
  /** Default: 0644. */
  mode?: string;
  /** Default: root:root. */
  owner?: string;
}

export interface UfwRule {
  port: number;
  proto: string;
  /** Address range, or any. */
  from: string;
  comment: string;
}

/** What a profile does not know about a server. */
export interface HostFacts {
  /** Decides the server's minute in the reboot window. */
  serverName: string;
  /** The login that deployments use. */
  user: string;
  /** Public keys that may log in. */
  adminKeys: string[];
  /** Address ranges from which SSH is open. */
  adminCidrs: string[];
  /** TCP port of sshd. Default: 22. */
  sshPort?: number;
}

/** The admin ranges that say who somebody is; where SSH is open to everybody, strangers are in range too. */
export function trustedRanges({ adminCidrs }: HostFacts): string[] {
  return adminCidrs.filter((cidr) => !cidr.endsWith("/0"));
}

/** A file of settings, headed by who wrote it. */
export function settingsFile(path: string, lines: string[], mark = "#"): FileItem {
  return { kind: "file", path, lines: [`${mark} Written by creel-converge; changes made here are undone.`, ...lines] };
}

/** What will stand in a file. */
export function fileText(file: FileItem): string {
  return `${file.lines.join("\n")}\n`;
}
