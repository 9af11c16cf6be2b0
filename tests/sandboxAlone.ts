import { demoExists, forgetDemo } from "../cli/demo";
import { readWorld, worldDown } from "../sandbox/world";
import { sandboxMissing } from "./requirements";

/** There is one sandbox on a computer, and the tests need it to themselves: what is in it goes before the first of them. */
export async function setup(): Promise<void> {
  if (sandboxMissing() !== undefined || (!demoExists() && (await readWorld()) === undefined)) return;
  console.log("taking the sandbox and what is deployed in it down: the tests need it to themselves");
  await worldDown((line) => console.log(line));
  await forgetDemo();
}

/** After the last test that used the sandbox nothing of it stays running. */
export async function teardown(): Promise<void> {
  if (sandboxMissing() === undefined) await worldDown(() => undefined);
}
