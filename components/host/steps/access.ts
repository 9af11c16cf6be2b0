import { type HostFacts, settingsFile, type WantedStep } from "../wantedState";

/** Who may log in, and as whom. */
export function accessStep(facts: HostFacts): WantedStep {
  return {
    name: "access",
    items: [
      { kind: "user", name: facts.user, authorizedKeys: facts.adminKeys },
      {
        ...settingsFile("/etc/sudoers.d/creel", [
          // The account has no password to ask for; its key is what counts.
          `${facts.user} ALL=(ALL:ALL) NOPASSWD: ALL`,
          // A program started by sudo cannot keep writing to the caller's terminal after it has ended.
          "Defaults use_pty",
          'Defaults logfile="/var/log/sudo.log"',
          "Defaults timestamp_timeout=5",
        ]),
        mode: "0440",
      },
      { kind: "lockedPassword", name: "root" },
      { kind: "directory", path: "/root", mode: "0700" },
    ],
    validate: [["visudo", "--check", "--quiet"]],
  };
}
