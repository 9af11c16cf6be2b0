import { type Control, faultsFinding } from "../control";
import type { CagedContainer } from "./subject";

export const files: Control<CagedContainer> = {
  id: "files",
  title: "it writes to its own state only",
  allowed: "a read-only root; its secrets, read-only; its own directories below /var/lib/agents",
  judge: ({ found }) => {
    const strange = found.mounts.filter(({ type, source, writable }) => {
      if (type === "tmpfs") return false;
      const isSecrets = source === `/run/agent-secrets/${found.name}` && !writable;
      const isState = source.startsWith(`/var/lib/agents/${found.name}/`) && !source.includes("/../");
      return type !== "bind" || !(isSecrets || isState);
    });
    const faults = [
      ...(found.readOnly ? [] : ["its root is writable"]),
      ...strange.map(({ source, target, writable }) => `${source} at ${target}${writable ? ", writable" : ""}`),
    ];
    return faultsFinding(faults, `${found.mounts.length} mounts`);
  },
};
