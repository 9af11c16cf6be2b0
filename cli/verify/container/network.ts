import { type Control, faultsFinding } from "../control";
import type { CagedContainer } from "./subject";

export const network: Control<CagedContainer> = {
  id: "network",
  title: "it publishes no port, and meets nobody but its agent or connectors",
  allowed: "the agent's own two networks; no published port",
  judge: ({ found, agent }) => {
    const own = [`${agent}-egress`, `${agent}-front`];
    const faults = [
      ...found.ports.map((port) => `${port} is published`),
      ...(found.publishAll ? ["every port is published"] : []),
      ...found.networks.filter((name) => !own.includes(name)).map((name) => `it is in network ${name}`),
    ];
    return faultsFinding(faults, found.networks.join(", ") || "none");
  },
};
