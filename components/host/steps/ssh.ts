import type { HostProfile } from "../../../profiles/host";
import {
  type FileItem,
  type HostFacts,
  settingsFile,
  trustedRanges,
  type WantedItem,
  type WantedStep,
} from "../wantedState";

/** sshd takes the first value it meets, and cloud-init writes 50-cloud-init.conf into the same directory. */
export const sshdSettingsPath = "/etc/ssh/sshd_config.d/00-creel.conf";

export function sshStep(profile: HostProfile, facts: HostFacts): WantedStep {
  const trusted = trustedRanges(facts);
  return {
    name: "ssh",
    items: [
      ...rsaHostKey(profile),
      sshdSettings(profile, facts),
      {
        // OpenSSH 9.8 and newer locks out whoever fails a few times; a deployment that waits for a server looks like that.
        ...settingsFile(
          "/etc/ssh/sshd_config.d/01-creel-penalties.conf",
          trusted.length > 0 ? [`PerSourcePenaltyExemptList ${trusted.join(",")}`] : [],
        ),
        release: "13",
      },
      // Groups below 3072 bits are within reach of those who record traffic.
      { kind: "filtered", path: "/etc/ssh/moduli", field: 4, least: 3071 },
      ...["ecdsa", "dsa"].map((type): WantedItem => ({ kind: "absent", path: `/etc/ssh/ssh_host_${type}_key` })),
      { kind: "unit", name: "ssh.service", enabled: true, active: true },
    ],
    validate: [["sshd", "-t"]],
    reload: [{ unit: "ssh.service", verb: "reload" }],
  };
}

/** The drop-in that hardens sshd; user-data carries it too, so that sshd never runs without it. */
export function sshdSettings(profile: HostProfile, facts: HostFacts): FileItem {
  const { ssh } = profile;
  const publicKeys = ssh.hostKeyAlgorithms.join(",");
  return settingsFile(sshdSettingsPath, [
    "HostKey /etc/ssh/ssh_host_ed25519_key",
    ...(ssh.rsaHostKeyBits > 0 ? ["HostKey /etc/ssh/ssh_host_rsa_key"] : []),
    `KexAlgorithms ${ssh.kexAlgorithms.join(",")}`,
    `Ciphers ${ssh.ciphers.join(",")}`,
    `MACs ${ssh.macs.join(",")}`,
    `HostKeyAlgorithms ${publicKeys}`,
    `PubkeyAcceptedAlgorithms ${publicKeys}`,
    `CASignatureAlgorithms ${ssh.caSignatureAlgorithms.join(",")}`,
    `AllowUsers ${facts.user}`,
    ...Object.entries(ssh.options).map(([key, value]) => `${key} ${value}`),
  ]);
}

function rsaHostKey(profile: HostProfile): WantedItem[] {
  const path = "/etc/ssh/ssh_host_rsa_key";
  const bits = profile.ssh.rsaHostKeyBits;
  return bits > 0 ? [{ kind: "hostKey", path, type: "rsa", bits }] : [{ kind: "absent", path }];
}
