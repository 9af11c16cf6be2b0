/**
 * What a cloud emulator needs of whatever really runs its servers.
 *
 * The emulator decides *that* a server exists, which address it has and what its user-data is; a driver makes it so.
 */

/** One server to run. */
export interface MachineSpec {
  /** The cloud's own id of the server. */
  id: number;
  /** Host name, an RFC 1123 name. */
  name: string;
  /** Public address from the emulator's pool; empty when the server was ordered without public IPv4. */
  ipv4: string;
  /** Virtual processors. */
  cores: number;
  /** Memory in MiB. */
  memoryMiB: number;
  /** What cloud-init will be given, as the client sent it. */
  userData: string;
  /** Name of the image, such as `debian-12`. */
  image: string;
  /** Name of the location, such as `fsn1`. */
  location: string;
  /** Public keys in OpenSSH form for root, in the order given. */
  sshKeys: string[];
}

/** One inbound permission of the provider's packet filter. */
export interface InboundRule {
  protocol: "tcp" | "udp" | "icmp" | "esp" | "gre";
  /** One port (`22`) or a range (`1024-5000`); absent means every port, and always for protocols without ports. */
  port?: string;
  /** Networks in CIDR form that may send, IPv4 and IPv6 mixed. */
  sources: string[];
}

/** One outbound permission of the provider's packet filter; see {@link InboundRule}. */
export interface OutboundRule {
  protocol: InboundRule["protocol"];
  port?: string;
  /** Networks in CIDR form that may be sent to. */
  destinations: string[];
}

/** Runs servers. Every call is repeatable: creating what runs and removing what is gone both succeed. */
export interface Machines {
  /** Resolves when the machine has been started; booting goes on. */
  create(machine: MachineSpec): Promise<void>;
  remove(id: number): Promise<void>;
  powerOn(id: number): Promise<void>;
  powerOff(id: number): Promise<void>;
  reboot(id: number): Promise<void>;
  status(id: number): Promise<"running" | "off" | "missing">;
  /** Gives a machine that is off another size. Without it a machine keeps the size it was created with. */
  resize?(id: number, size: { cores: number; memoryMiB: number }): Promise<void>;
  /**
   * Puts the provider's packet filter in front of a server. Called before the machine is created, and again whenever
   * rules or what they apply to change.
   *
   * @param inbound What may come in; an empty list lets nothing in, `undefined` means that no firewall is applied and
   *   everything may. Replies to what the server sent always pass.
   * @param outbound What may go out, in the same way. Replies to what was let in always pass, and so does what goes to
   *   the metadata service.
   */
  setFirewall?(
    server: { id: number; ipv4: string },
    inbound: InboundRule[] | undefined,
    outbound?: OutboundRule[],
  ): Promise<void>;
}

/** Bookkeeping only: servers that are said to run and do not exist. */
export function noMachines(): Machines {
  const power = new Map<number, "running" | "off">();
  return {
    create: async (machine) => void power.set(machine.id, "running"),
    remove: async (id) => void power.delete(id),
    powerOn: async (id) => void power.set(id, "running"),
    powerOff: async (id) => void power.set(id, "off"),
    reboot: async (id) => void power.set(id, "running"),
    status: async (id) => power.get(id) ?? "missing",
  };
}
