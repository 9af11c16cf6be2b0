import type { Control } from "../control";
import type { CagedContainer } from "./subject";

export const runs: Control<CagedContainer> = {
  id: "runs",
  title: "it runs and is healthy",
  allowed: "running, and healthy by its own check",
  judge: ({ found: { running, health } }) => {
    const seen = running ? health : "stopped";
    return { verdict: seen === "healthy" ? "holds" : "broken", seen };
  },
};
