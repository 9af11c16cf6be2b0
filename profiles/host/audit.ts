import type { AuditSettings } from "./types";

/** Who changed what decides who may do what: identities, logins, firewall, Docker and its parts, secrets, the record itself; and who read a secret. */
export const watchfulAudit: AuditSettings = {
  watches: {
    identity: ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d"],
    logins: ["/etc/ssh", "/etc/pam.d", "/etc/security"],
    network: ["/etc/ufw", "/etc/creel", "/etc/fail2ban", "/etc/hosts", "/etc/nftables.conf"],
    docker: [
      "/usr/bin/dockerd",
      "/usr/bin/containerd",
      "/usr/bin/containerd-shim",
      "/usr/bin/containerd-shim-runc-v1",
      "/usr/bin/containerd-shim-runc-v2",
      "/usr/bin/runc",
      "/usr/sbin/runc",
      "/etc/docker",
      "/etc/default/docker",
      "/etc/containerd",
      "/lib/systemd/system/docker.service",
      "/lib/systemd/system/docker.socket",
      "/run/containerd",
    ],
    audit: ["/etc/audit", "/etc/apparmor.d"],
  },
  readWatches: { "agent-secrets": ["/etc/agent-secrets", "/run/agent-secrets"] },
  rules: [
    "-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k modules",
    "-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -k time",
    "-a always,exit -F arch=b64 -S sethostname,setdomainname -k hostname",
    "-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000 -F auid!=unset -k mounts",
    "-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0 -k privilege",
  ],
  // Fixed rules would turn every change of the profile into a reboot.
  immutable: false,
};
