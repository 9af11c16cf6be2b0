import type { FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** Time between two looks at a file that is followed, in milliseconds. */
const between = 250;

/**
 * The lines of a file, without their ends.
 *
 * @param options.follow goes on with what is added later, until the signal; a file that shrank is read from its start
 */
export async function* followLines(
  file: FileHandle,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<string> {
  let position = 0;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(64 * 1024);
  while (!signal.aborted) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead > 0) {
      position += bytesRead;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let end = rest.indexOf("\n");
      while (end >= 0 && !signal.aborted) {
        yield rest.toString("utf8", 0, end);
        rest = rest.subarray(end + 1);
        end = rest.indexOf("\n");
      }
      continue;
    }
    if (!follow) return;
    if ((await file.stat()).size < position) {
      position = 0;
      rest = Buffer.alloc(0);
    }
    await pause(between, undefined, { signal }).catch(() => {});
  }
}
