import type { KernelSettings } from "./types";

/** Filesystems, protocols and buses that no server here uses. vfat, overlay, br_netfilter, veth and nf_* must stay. */
const blockedModules = [
  "cramfs",
  "freevxfs",
  "hfs",
  "hfsplus",
  "jffs2",
  "udf",
  "squashfs",
  "dccp",
  "sctp",
  "rds",
  "tipc",
  "usb-storage",
  "uas",
  "firewire-core",
  "firewire-ohci",
  "firewire-sbp2",
];

/** The same setting for all present and all future interfaces. */
function everyInterface(family: string, settings: Record<string, string>): Record<string, string> {
  const keys = Object.entries(settings).flatMap(([key, value]) =>
    ["all", "default"].map((scope) => [`net.${family}.conf.${scope}.${key}`, value]),
  );
  return Object.fromEntries(keys);
}

/**
 * Safe beside Docker. Never here: ip_forward=0 (no container network), user.max_user_namespaces=0,
 * kernel.modules_disabled=1, accept_ra=0 (IPv6 addresses may be announced).
 */
export const quietKernel: KernelSettings = {
  sysctl: {
    "dev.tty.ldisc_autoload": "0",
    "fs.protected_fifos": "2",
    "fs.protected_hardlinks": "1",
    "fs.protected_regular": "2",
    "fs.protected_symlinks": "1",
    "fs.suid_dumpable": "0",
    "kernel.core_pattern": "|/bin/false",
    "kernel.core_uses_pid": "1",
    "kernel.ctrl-alt-del": "0",
    "kernel.dmesg_restrict": "1",
    "kernel.kptr_restrict": "2",
    "kernel.perf_event_paranoid": "3",
    "kernel.randomize_va_space": "2",
    "kernel.sysrq": "0",
    "kernel.unprivileged_bpf_disabled": "1",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.yama.ptrace_scope": "1",
    "net.core.bpf_jit_harden": "2",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.tcp_rfc1337": "1",
    "net.ipv4.tcp_syncookies": "1",
    // Container networks are routed.
    "net.ipv4.ip_forward": "1",
    "vm.swappiness": "10",
    "vm.unprivileged_userfaultfd": "0",
    ...everyInterface("ipv4", {
      accept_redirects: "0",
      secure_redirects: "0",
      send_redirects: "0",
      accept_source_route: "0",
      log_martians: "1",
      rp_filter: "1",
    }),
    ...everyInterface("ipv6", { accept_redirects: "0", accept_source_route: "0" }),
  },
  blockedModules,
};

/** Also no tracing between processes, no second kernel, and a restart after a kernel fault. */
export const strictKernel: KernelSettings = {
  sysctl: {
    ...quietKernel.sysctl,
    "kernel.yama.ptrace_scope": "2",
    "kernel.kexec_load_disabled": "1",
    "kernel.panic": "60",
    "kernel.panic_on_oops": "1",
    "vm.mmap_rnd_bits": "32",
    "vm.mmap_rnd_compat_bits": "16",
  },
  blockedModules,
};
