import { type Control, faultsFinding } from "../control";
import type { CagedContainer } from "./subject";

export const privileges: Control<CagedContainer> = {
  id: "privileges",
  title: "it has no privilege, and cannot gain one",
  allowed: "no capability, no device, no-new-privileges; Docker's seccomp and AppArmor profiles",
  judge: ({ found }) => {
    const faults = [
      ...(found.privileged ? ["it is privileged"] : []),
      ...(found.capDrop.some((name) => name.toUpperCase() === "ALL") ? [] : ["capabilities are not dropped"]),
      ...found.capAdd.map((name) => `it has capability ${name}`),
      ...(found.securityOpt.some((word) => /^no-new-privileges(:true)?$/.test(word))
        ? []
        : ["no-new-privileges is off"]),
      ...found.securityOpt.filter((word) => /unconfined|disable/.test(word)).map((word) => `${word}`),
      ...(found.devices > 0 ? [`it has ${found.devices} devices`] : []),
    ];
    return faultsFinding(faults, "none");
  },
};
