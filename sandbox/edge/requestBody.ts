import { Readable, Transform } from "node:stream";

/** Raised when a body is larger than whoever reads it can take. */
export class BodyTooLarge extends Error {
  constructor(readonly limit: number) {
    super(`the body has more than ${limit} bytes`);
  }
}

/** A request's body, which a layer may read whole before it goes on to the origin. */
export interface RequestBody {
  /** @throws BodyTooLarge beyond so many bytes */
  whole(limit: number): Promise<Buffer>;
  /**
   * For the origin; undefined when the request has none.
   *
   * @param limit in bytes; beyond it the stream ends with {@link BodyTooLarge}
   */
  stream(limit: number): Readable | undefined;
}

/** @param source undefined when the request has no body */
export function requestBody(source: Readable | undefined): RequestBody {
  let read: Promise<Buffer> | undefined;
  let buffered: Buffer | undefined;
  return {
    whole: async (limit) => {
      if (!source) return Buffer.alloc(0);
      read ??= readWhole(source, limit);
      buffered = await read;
      if (buffered.length > limit) throw new BodyTooLarge(limit);
      return buffered;
    },
    stream: (limit) => {
      if (!source) return undefined;
      if (buffered) return Readable.from(buffered.length > 0 ? [buffered] : []);
      let size = 0;
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          size += chunk.length;
          if (size > limit) done(new BodyTooLarge(limit));
          else done(null, chunk);
        },
      });
      source.once("error", (error) => counted.destroy(error));
      source.once("close", () => {
        if (!source.readableEnded) counted.destroy(new Error("the client left"));
      });
      return source.pipe(counted);
    },
  };
}

async function readWhole(source: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Destroying the source would take the connection with it, and the answer.
  for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
