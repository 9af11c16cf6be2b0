import { worldDown } from "../sandbox/world";

/** After the last test that used the sandbox: nothing of it stays running. */
export async function teardown(): Promise<void> {
  await worldDown((line) => console.log(line));
}
