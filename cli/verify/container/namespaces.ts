import { type Control, faultsFinding } from "../control";
import type { CagedContainer } from "./subject";

export const namespaces: Control<CagedContainer> = {
  id: "namespaces",
  title: "it shares no namespace with the server or another container",
  allowed: "its own process, IPC, host name, user and network namespaces",
  judge: ({ found }) => {
    const shared = Object.entries(found.namespaces).filter(([, mode]) => /^(host$|container:|shareable$)/.test(mode));
    return faultsFinding(
      shared.map(([key, mode]) => `${key} is ${mode}`),
      "its own",
    );
  },
};
