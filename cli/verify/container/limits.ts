import { type Control, faultsFinding } from "../control";
import type { CagedContainer } from "./subject";

export const limits: Control<CagedContainer> = {
  id: "limits",
  title: "its memory and number of processes are limited",
  allowed: "a memory limit without swap on top, in a slice of its own",
  judge: ({ found }) => {
    const slice = `agents-${found.name.replaceAll("-", "_")}.slice`;
    const faults = [
      ...(found.memoryLimit > 0 ? [] : ["memory has no limit"]),
      ...(found.memorySwap === found.memoryLimit ? [] : ["it may swap"]),
      ...(found.cgroupParent === slice ? [] : [`it is in ${found.cgroupParent || "no slice"} instead of ${slice}`]),
    ];
    return faultsFinding(faults, `${Math.round(found.memoryLimit / 1024 / 1024)} MiB`);
  },
};
