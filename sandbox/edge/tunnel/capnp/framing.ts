import { MalformedMessage } from "./malformed";

/**
 * Cuts a byte stream into Cap'n Proto messages of one segment each (https://capnproto.org/encoding.html, "Serialization
 * over a stream"). cloudflared sends nothing else, so more segments are refused.
 */
export class Framing {
  private chunks: Buffer[] = [];
  private length = 0;

  /** @param largest message accepted, in bytes without its header */
  constructor(private readonly largest: number) {}

  /** Takes what arrived and returns the segments that are whole. @throws MalformedMessage */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.length += chunk.length;
    const segments: Buffer[] = [];
    for (let size = this.nextSize(); size !== undefined && this.length >= size; size = this.nextSize()) {
      segments.push(this.take(size).subarray(8));
    }
    return segments;
  }

  /** Size in bytes of the message that has begun, with its header; undefined until the header is there. */
  private nextSize(): number | undefined {
    if (this.length < 8) return undefined;
    if ((this.chunks[0] as Buffer).length < 8) this.chunks = [Buffer.concat(this.chunks)];
    const header = this.chunks[0] as Buffer;
    if (header.readUInt32LE(0) !== 0) throw new MalformedMessage("a message has more than one segment");
    const bytes = header.readUInt32LE(4) * 8;
    if (bytes > this.largest) throw new MalformedMessage(`a message is larger than ${this.largest} bytes`);
    return 8 + bytes;
  }

  private take(size: number): Buffer {
    const all = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    const rest = all.subarray(size);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.length = rest.length;
    return all.subarray(0, size);
  }
}

/** A segment as it goes over a stream. */
export function framed(segment: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(segment.length / 8, 4);
  return Buffer.concat([header, segment]);
}
