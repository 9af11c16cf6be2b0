/**
 * Nominal memory of the server types that can be ordered from Hetzner Cloud, in MiB; its own list is at
 * https://www.hetzner.com/cloud. The types before cx23, cx33 … can no longer be ordered and are left out.
 */
const hetznerMemory: Record<string, number> = {
  ...gibibytes({ cx23: 4, cx33: 8, cx43: 16, cx53: 32 }),
  ...gibibytes({ cpx11: 2, cpx21: 4, cpx31: 8, cpx41: 16, cpx51: 32 }),
  ...gibibytes({ cpx12: 2, cpx22: 4, cpx32: 8, cpx42: 16, cpx52: 24, cpx62: 32 }),
  ...gibibytes({ cax11: 4, cax21: 8, cax31: 16, cax41: 32 }),
  ...gibibytes({ ccx13: 8, ccx23: 16, ccx33: 32, ccx43: 64, ccx53: 128, ccx63: 192 }),
};

/**
 * Memory that agents cannot have, in MiB: what the kernel keeps of the nominal size (about 200 of 4096), Debian with
 * sshd, fail2ban, auditd and journald (about 150), Docker (about 150), and room for an unattended upgrade (about 250).
 * An estimate of ours, on the safe side.
 */
export const reservedMemory = 768;

/** Server types whose memory is known. */
export const serverSizes: string[] = Object.keys(hetznerMemory);

/** Memory of a server type in MiB, or undefined for a type that is not in the table. */
export function serverMemory(size: string): number | undefined {
  return Object.hasOwn(hetznerMemory, size) ? hetznerMemory[size] : undefined;
}

function gibibytes(sizes: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).map(([size, gib]) => [size, gib * 1024]));
}
