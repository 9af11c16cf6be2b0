/** What "hardened" means for one kind of server. Plain data: extend it with `{ ...production, ssh: { ...production.ssh, … } }`. */
export interface HostProfile {
  /** Shown in the server's status. */
  name: string;
  /** sshd. */
  ssh: SshSettings;
  /** UFW: what may reach the server. */
  firewall: FirewallSettings;
  /** agent-guard: what containers may reach. */
  guard: GuardSettings;
  /** fail2ban. */
  bans: BanSettings;
  /** sysctl and kernel modules. */
  kernel: KernelSettings;
  /** Docker daemon. */
  docker: DockerSettings;
  /** unattended-upgrades and its reboots. */
  updates: UpdateSettings;
  /** journald. */
  journal: JournalSettings;
  /** auditd; not installed when left out. */
  audit?: AuditSettings;
  /** Everything else that one file settles. */
  system: SystemSettings;
  /** Debian packages. */
  packages: PackageSettings;
}

export interface SshSettings {
  /** Key exchanges, best first. */
  kexAlgorithms: string[];
  /** Ciphers, best first. */
  ciphers: string[];
  /** Message authentication codes, best first. */
  macs: string[];
  /** Host key and public key algorithms. */
  hostKeyAlgorithms: string[];
  /** Algorithms with which a certificate authority may sign. */
  caSignatureAlgorithms: string[];
  /** Size of the RSA host key beside the ed25519 one, in bits; 0 for none. */
  rsaHostKeyBits: number;
  /** Any other sshd keyword and its value. */
  options: Record<string, string>;
}

export interface FirewallSettings {
  /** TCP ports open to everyone. SSH is not one of them: it follows the admin CIDRs. */
  openTcpPorts: number[];
  /** UFW's log level: off, low, medium, high or full. */
  logging: string;
}

export interface GuardSettings {
  /** Interface names of container networks; `*` at the end matches the rest of a name. */
  bridges: string[];
  /** IPv4 ranges that no container reaches. */
  deniedRanges4: string[];
  /** IPv6 ranges that no container reaches. */
  deniedRanges6: string[];
  /** TCP ports outside that no container reaches. */
  deniedTcpPorts: number[];
  /** TCP ports outside that containers reach; every other one, and every other protocol but ICMP, is refused. Left out: all but the denied. */
  allowedTcpPorts?: number[];
  /** The same for UDP. Left out: all. */
  allowedUdpPorts?: number[];
}

export interface BanSettings {
  /** Failures before a ban. */
  maxRetry: number;
  /** Time in which failures are counted, as fail2ban writes it ("10m"). */
  findTime: string;
  /** Length of the first ban. */
  banTime: string;
  /** Longest ban when each new one is longer than the last; left out, all bans are equal. */
  maxBanTime?: string;
  /** Ban an address from every port for a week after its third ban in a day. */
  recidive: boolean;
}

export interface KernelSettings {
  /** sysctl keys and values. */
  sysctl: Record<string, string>;
  /** Kernel modules that are never loaded. */
  blockedModules: string[];
}

export interface DockerSettings {
  /** The content of daemon.json. */
  // biome-ignore lint/suspicious/noExplicitAny: any JSON, and schema inference knows no other word for it
  daemon: Record<string, any>;
}

export interface UpdateSettings {
  /** Whether the server restarts by itself when an update asks for it. */
  reboot: boolean;
  /** First hour of the reboot window, UTC, 0 to 23. */
  windowStartHour: number;
  /** Length of the window in minutes; each server has its own minute in it. */
  windowMinutes: number;
}

export interface JournalSettings {
  /** The `[Journal]` section. */
  options: Record<string, string>;
}

export interface AuditSettings {
  /** Files and directories whose changes are recorded, by the key under which they are recorded. */
  watches: Record<string, string[]>;
  /** The same for those of which reads are recorded too. */
  readWatches: Record<string, string[]>;
  /** Rules beyond the watches, in auditctl's own words. */
  rules: string[];
  /** Whether rules stay fixed until the next boot. */
  immutable: boolean;
}

export interface SystemSettings {
  /** Text shown before a login. */
  banner: string;
  /** Permission bits taken away from new files, octal. */
  umask: string;
  /** Seconds after which an idle shell ends; 0 for never. */
  shellTimeout: number;
  /** Directories mounted noexec, nosuid and nodev from the next boot on. */
  noexecMounts: string[];
  /** Whether users see only their own processes, from the next boot on. */
  hideProcesses: boolean;
}

export interface PackageSettings {
  /** Installed on every server, without what they recommend. */
  install: string[];
  /** Installed where the server has a kernel of its own. */
  installOnMachines: string[];
  /** Removed where present. */
  remove: string[];
}
