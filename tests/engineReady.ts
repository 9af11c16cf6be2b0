import { prepareEngine } from "../engine/engine";

/** Gets the Pulumi engine ready once, before the first test that needs it, so that no test pays for a build. */
export async function setup(): Promise<void> {
  await prepareEngine({ report: (line) => console.log(line) });
}
