import { type Created, PartialFailure, type Props } from "../framework/provider";

/**
 * A thing that was just made, as `looking` finds it. The official provider notes the id before it looks, so a thing that
 * cannot be looked at is not lost in the cloud: it stays in state, to be replaced.
 *
 * @throws PartialFailure
 */
export async function readNew(id: string, inputs: Props, looking: Promise<Props | undefined>): Promise<Created> {
  const outputs = await looking.catch((error: Error) => {
    throw new PartialFailure(id, inputs, [error.message]);
  });
  return { id, outputs: present(id, outputs) };
}

/** What a thing is after a change. @throws when it is gone */
export function present(id: string, outputs: Props | undefined): Props {
  if (!outputs) throw new Error(`not found: ${id}`);
  return outputs;
}
