import type { SshSettings } from "./types";

/** Host key types first with certificates, as ssh-audit's policy lists them. */
const hostKeyAlgorithms = [
  "sk-ssh-ed25519-cert-v01@openssh.com",
  "ssh-ed25519-cert-v01@openssh.com",
  "rsa-sha2-512-cert-v01@openssh.com",
  "rsa-sha2-256-cert-v01@openssh.com",
  "sk-ssh-ed25519@openssh.com",
  "ssh-ed25519",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * Keys only, one user, no forwarding; algorithms and their order from ssh-audit's policy "Hardened Debian 12 (version 3)",
 * which wants an RSA key of 4096 bits beside ed25519.
 */
export const hardenedSsh: SshSettings = {
  kexAlgorithms: [
    // Debian 12 has sntrup761 under its final name too; the policy names both.
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    // Pulumi's own SSH client, in Go, knows no sntrup761.
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
  ],
  ciphers: [
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-gcm@openssh.com",
    "aes128-ctr",
  ],
  macs: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "umac-128-etm@openssh.com"],
  hostKeyAlgorithms,
  caSignatureAlgorithms: ["sk-ssh-ed25519@openssh.com", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"],
  rsaHostKeyBits: 4096,
  options: {
    RequiredRSASize: "3072",
    PermitRootLogin: "no",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    AuthenticationMethods: "publickey",
    PermitEmptyPasswords: "no",
    // The stock value names a second file, which nobody looks after.
    AuthorizedKeysFile: ".ssh/authorized_keys",
    HostbasedAuthentication: "no",
    IgnoreRhosts: "yes",
    GSSAPIAuthentication: "no",
    KerberosAuthentication: "no",
    PermitUserEnvironment: "no",
    LoginGraceTime: "30",
    // An ssh-agent offers its keys one by one, and each counts.
    MaxAuthTries: "6",
    // A deployment opens one connection per command and per Docker call: with the stock 10:30:100 and 10 sessions,
    // 16 of 31 resources failed at once.
    MaxStartups: "100:30:200",
    MaxSessions: "100",
    ClientAliveInterval: "300",
    ClientAliveCountMax: "2",
    TCPKeepAlive: "no",
    // Docker over SSH and remote commands run as plain sessions and need no forwarding.
    AllowTcpForwarding: "no",
    AllowStreamLocalForwarding: "no",
    AllowAgentForwarding: "no",
    GatewayPorts: "no",
    PermitTunnel: "no",
    X11Forwarding: "no",
    Compression: "no",
    UseDNS: "no",
    DebianBanner: "no",
    Banner: "/etc/issue.net",
  },
};
