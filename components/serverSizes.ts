import { CloudName, catalog } from "./clouds/catalog";

/**
 * Memory that agents cannot have, in MiB: what the kernel keeps of the nominal size (about 200 of 4096), Debian with
 * sshd, fail2ban, auditd and journald (about 150), Docker (about 150), and room for an unattended upgrade (about 250).
 * An estimate of ours, on the safe side.
 */
export const reservedMemory = 768;

/** The cloud that has a size of this name, or undefined for a size that is in no table. */
export function cloudOfSize(size: string): CloudName | undefined {
  return Object.values(CloudName).find((cloud) => Object.hasOwn(catalog[cloud].sizes, size));
}

/** Nominal memory of a size in MiB, or undefined for a size that is in no table. */
export function serverMemory(size: string): number | undefined {
  const cloud = cloudOfSize(size);
  return cloud && catalog[cloud].sizes[size];
}

/** The smallest size of the same kind that has at least so much memory in MiB; undefined where none has. */
export function largerSize(size: string, memory: number): string | undefined {
  const cloud = cloudOfSize(size);
  if (cloud === undefined) return undefined;
  const kind = (name: string) => name.replace(/\d+/g, "");
  return Object.entries(catalog[cloud].sizes)
    .filter(([other, has]) => kind(other) === kind(size) && has >= memory)
    .sort(([, a], [, b]) => a - b)[0]?.[0];
}
