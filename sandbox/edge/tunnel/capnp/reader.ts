import { MalformedMessage } from "./malformed";

/** Element sizes of a list, as its pointer gives them. */
const bytesOfOne = 2;
const pointers = 6;

/**
 * Reads one struct of a Cap'n Proto segment. Every place is checked against the segment before it is read; what a
 * sender left out reads as zero, empty or absent, as the encoding wants it.
 */
export class StructReader {
  private constructor(
    private readonly segment: Buffer,
    private readonly start: number,
    private readonly dataBytes: number,
    private readonly pointerCount: number,
  ) {}

  /** The struct that a whole message is. @throws MalformedMessage */
  static root(segment: Buffer): StructReader {
    return new StructReader(segment, 0, 0, 1).struct(0);
  }

  uint8(offset: number): number {
    return offset + 1 > this.dataBytes ? 0 : this.segment.readUInt8(this.start + offset);
  }

  uint16(offset: number): number {
    return offset + 2 > this.dataBytes ? 0 : this.segment.readUInt16LE(this.start + offset);
  }

  uint32(offset: number): number {
    return offset + 4 > this.dataBytes ? 0 : this.segment.readUInt32LE(this.start + offset);
  }

  uint64(offset: number): bigint {
    return offset + 8 > this.dataBytes ? 0n : this.segment.readBigUInt64LE(this.start + offset);
  }

  /** @param bit counted from the start of the data section */
  bool(bit: number): boolean {
    return ((this.uint8(bit >> 3) >> (bit & 7)) & 1) === 1;
  }

  /** The struct behind a pointer; one that is all zero when the pointer is null. @throws MalformedMessage */
  struct(index: number): StructReader {
    const pointer = this.pointer(index);
    if (!pointer) return new StructReader(this.segment, 0, 0, 0);
    if (pointer.kind !== 0) throw new MalformedMessage("a pointer leads to something else than a struct");
    const dataBytes = (pointer.high & 0xffff) * 8;
    const pointerCount = pointer.high >>> 16;
    this.checkRange(pointer.target, dataBytes + pointerCount * 8);
    return new StructReader(this.segment, pointer.target, dataBytes, pointerCount);
  }

  /** The bytes behind a pointer. @throws MalformedMessage, also for more than `most` bytes */
  data(index: number, most: number): Buffer {
    const list = this.list(index, bytesOfOne, 1, most);
    return this.segment.subarray(list.target, list.target + list.count);
  }

  /** The text behind a pointer, without its closing zero. @throws MalformedMessage */
  text(index: number, most: number): string {
    const bytes = this.data(index, most + 1);
    if (bytes.length === 0) return "";
    if (bytes.at(-1) !== 0) throw new MalformedMessage("a text does not end in a zero byte");
    return bytes.toString("utf8", 0, bytes.length - 1);
  }

  /** The texts behind a pointer. @throws MalformedMessage, also for more than `most` of them */
  texts(index: number, most: number, mostBytes: number): string[] {
    const { target, count } = this.list(index, pointers, 8, most);
    const elements = new StructReader(this.segment, target, 0, count);
    return Array.from({ length: count }, (_, at) => elements.text(at, mostBytes));
  }

  /** Index into the message's table of capabilities, undefined when the pointer is none to a capability. */
  capability(index: number): number | undefined {
    const pointer = this.pointer(index);
    return pointer?.kind === 3 ? pointer.high : undefined;
  }

  private list(index: number, elementSize: number, elementBytes: number, most: number) {
    const pointer = this.pointer(index);
    if (!pointer) return { target: 0, count: 0 };
    if (pointer.kind !== 1 || (pointer.high & 7) !== elementSize) {
      throw new MalformedMessage("a pointer leads to something else than the list that belongs there");
    }
    const count = pointer.high >>> 3;
    if (count > most) throw new MalformedMessage(`a list has ${count} elements, more than ${most}`);
    this.checkRange(pointer.target, count * elementBytes);
    return { target: pointer.target, count };
  }

  private pointer(index: number): { kind: number; target: number; high: number } | undefined {
    if (index >= this.pointerCount) return undefined;
    const at = this.start + this.dataBytes + index * 8;
    this.checkRange(at, 8);
    const low = this.segment.readInt32LE(at);
    const high = this.segment.readUInt32LE(at + 4);
    if (low === 0 && high === 0) return undefined;
    return { kind: low & 3, target: at + 8 + (low >> 2) * 8, high };
  }

  private checkRange(start: number, length: number): void {
    if (start < 0 || start + length > this.segment.length) {
      throw new MalformedMessage("a pointer leads out of the message");
    }
  }
}
