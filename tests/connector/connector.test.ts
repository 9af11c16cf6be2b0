import { afterAll, beforeAll, describe, it } from "vitest";
import { describeUnless } from "../requirements";
import { cases } from "./cases";
import { cloudflared, type Program, standIn } from "./programs";
import { type Stage, setStage } from "./stage";

function table(program: Program): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage(program);
  }, 180_000);
  afterAll(() => stage?.stop());
  for (const [subject, entries] of Object.entries(cases)) {
    describe.concurrent(subject, () => {
      for (const { title, milliseconds = 20_000, run } of entries) {
        it(title, { timeout: milliseconds }, () => run(stage));
      }
    });
  }
}

describeUnless(standIn.missing, standIn.title, () => table(standIn));

// Skipped with CI=true as well: a CI machine is not expected to have cloudflared.
if (cloudflared.missing)
  describe.skip(`${cloudflared.title} (skipped: ${cloudflared.missing})`, () => table(cloudflared));
else describe(cloudflared.title, () => table(cloudflared));
