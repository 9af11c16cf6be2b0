/** What a pointer of a message leads to. */
export type PointerValue =
  | { struct: StructValue }
  | { text: string }
  | { data: Buffer }
  | { structs: StructValue[] }
  /** Index into the message's table of capabilities. */
  | { capability: number }
  | undefined;

/** A struct to encode: its data section, a multiple of 8 bytes, and its pointers in order. */
export interface StructValue {
  data: Buffer;
  pointers: PointerValue[];
}

/** A struct without content. */
export const emptyStruct: StructValue = { data: Buffer.alloc(0), pointers: [] };

/** Encodes a message of one segment (https://capnproto.org/encoding.html). */
export function encode(root: StructValue): Buffer {
  const segment = new Segment();
  const pointer = segment.allocate(8);
  segment.point(pointer, { struct: root });
  return segment.bytes();
}

class Segment {
  private buffer = Buffer.alloc(0);

  /** Room for a number of bytes, rounded up to words. @returns its place, in bytes */
  allocate(bytes: number): number {
    const place = this.buffer.length;
    this.buffer = Buffer.concat([this.buffer, Buffer.alloc(Math.ceil(bytes / 8) * 8)]);
    return place;
  }

  bytes(): Buffer {
    return this.buffer;
  }

  point(at: number, value: PointerValue): void {
    if (value === undefined) return;
    if ("capability" in value) this.write(at, 3, 0, value.capability);
    else if ("struct" in value) this.pointStruct(at, value.struct);
    else if ("structs" in value) this.pointStructs(at, value.structs);
    else this.pointBytes(at, "data" in value ? value.data : Buffer.from(`${value.text}\0`));
  }

  private pointStruct(at: number, value: StructValue): void {
    const place = this.allocate(value.data.length + value.pointers.length * 8);
    // An offset of −1 tells an empty struct from a null pointer.
    const empty = value.data.length + value.pointers.length === 0;
    this.write(at, 0, empty ? -1 : (place - at - 8) / 8, sizeOf(value));
    this.fill(place, value);
  }

  private pointStructs(at: number, values: StructValue[]): void {
    const [first = emptyStruct] = values;
    const each = first.data.length + first.pointers.length * 8;
    const tag = this.allocate(8 + each * values.length);
    this.write(at, 1, (tag - at - 8) / 8, (((each / 8) * values.length) << 3) | 7);
    this.write(tag, 0, values.length, sizeOf(first));
    for (const [index, value] of values.entries()) this.fill(tag + 8 + index * each, value);
  }

  private pointBytes(at: number, bytes: Buffer): void {
    const place = this.allocate(bytes.length);
    this.write(at, 1, (place - at - 8) / 8, (bytes.length << 3) | 2);
    bytes.copy(this.buffer, place);
  }

  private fill(place: number, value: StructValue): void {
    value.data.copy(this.buffer, place);
    const first = place + value.data.length;
    for (const [index, pointer] of value.pointers.entries()) this.point(first + index * 8, pointer);
  }

  private write(at: number, kind: number, offset: number, high: number): void {
    this.buffer.writeInt32LE((offset << 2) | kind, at);
    this.buffer.writeUInt32LE(high >>> 0, at + 4);
  }
}

function sizeOf(value: StructValue): number {
  return (value.data.length / 8) | (value.pointers.length << 16);
}
