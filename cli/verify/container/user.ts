import type { Control } from "../control";
import type { CagedContainer } from "./subject";

export const user: Control<CagedContainer> = {
  id: "user",
  title: "its processes have a user of their own",
  allowed: "the user and group id that belong to its name",
  judge: ({ found, uid }) => {
    if (found.user === `${uid}:${uid}`) return { verdict: "holds", seen: found.user };
    return { verdict: "broken", seen: `${found.user || "root"} instead of ${uid}:${uid}` };
  },
};
