import type { Control } from "../control";
import type { CagedContainer } from "./subject";

export const image: Control<CagedContainer> = {
  id: "image",
  title: "it runs the image that was deployed",
  allowed: "by digest, and an agent by the digest in the stack",
  judge: ({ found, image: wanted }) => {
    if (!/@sha256:[0-9a-f]{64}$/.test(found.image)) return { verdict: "broken", seen: `${found.image} has no digest` };
    if (wanted !== undefined && found.image !== wanted)
      return { verdict: "broken", seen: `${found.image} instead of ${wanted}` };
    return { verdict: "holds", seen: found.image };
  },
};
