import { describe, expect, it } from "vitest";
import { Framing, framed } from "../../../sandbox/edge/tunnel/capnp/framing";
import { MalformedMessage } from "../../../sandbox/edge/tunnel/capnp/malformed";
import { StructReader } from "../../../sandbox/edge/tunnel/capnp/reader";
import { emptyStruct, encode } from "../../../sandbox/edge/tunnel/capnp/writer";
import {
  capabilityAnswer,
  exceptionAnswer,
  readMessage,
  resultsAnswer,
} from "../../../sandbox/edge/tunnel/rpc/messages";
import { readRegistration, registrationResults } from "../../../sandbox/edge/tunnel/rpc/registration";
import { recorded, recordedFrames } from "./recordedFrames";

const segmentOf = (frame: Buffer) => frame.subarray(8);
const register = segmentOf(recordedFrames.register);

describe("the frames of a real session", () => {
  it.each([
    ["bootstrap", { kind: "bootstrap", question: 0 }],
    ["finishBootstrap", { kind: "finish", question: 0 }],
    ["finishRegister", { kind: "finish", question: 1 }],
    ["finishUnregister", { kind: "finish", question: 1 }],
    ["abort", { kind: "abort", reason: "rpc: shutdown" }],
    ["register", { kind: "call", question: 1, method: 0, interfaceId: 0xf71695ec7fe85497n, target: { question: 0 } }],
    ["unregister", { kind: "call", question: 1, method: 1, target: { capability: 0 } }],
  ] as const)("are read: %s", (name, wanted) => {
    expect(readMessage(segmentOf(recordedFrames[name]))).toMatchObject(wanted);
  });

  it("hold a registration", () => {
    const message = readMessage(register);
    if (message.kind !== "call") throw new Error("no call");
    expect(readRegistration(message.params)).toEqual({
      accountTag: recorded.accountTag,
      tunnelId: recorded.tunnelId,
      secret: recorded.secret,
      index: 0,
      replaceExisting: false,
      connector: {
        id: recorded.connector,
        version: "2026.8.2-local",
        arch: "linux_amd64",
        features: [
          "management_logs",
          "allow_remote_config",
          "serialized_headers",
          "support_datagram_v2",
          "support_quic_eof",
        ],
      },
    });
  });

  it("are found in a stream however it is cut", () => {
    const stream = Buffer.concat(Object.values(recordedFrames));
    for (const size of [1, 7, 100, stream.length]) {
      const framing = new Framing(1024);
      const segments: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) segments.push(...framing.push(stream.subarray(at, at + size)));
      expect(segments).toEqual(Object.values(recordedFrames).map(segmentOf));
    }
  });
});

describe("answers of the edge", () => {
  const body = (frame: Buffer) => StructReader.root(segmentOf(frame)).struct(0);

  it("give the capability", () => {
    const payload = body(capabilityAnswer(7, 0)).struct(0);
    expect(payload.capability(0)).toBe(0);
    // The table's one descriptor ends the message: senderHosted, with the id.
    expect(capabilityAnswer(7, 0).subarray(-8).toString("hex")).toBe("0100000000000000");
    expect(capabilityAnswer(7, 5).subarray(-8).toString("hex")).toBe("0100000005000000");
  });

  it("give details of a registration or why it was refused", () => {
    const connection = "00112233-4455-6677-8899-aabbccddeeff";
    const good = body(resultsAnswer(1, registrationResults({ connection, location: "box01", remotelyManaged: true })));
    const details = good.struct(0).struct(0).struct(0);
    expect(details.uint16(0)).toBe(1);
    expect(details.struct(0).data(0, 16).toString("hex")).toBe("00112233445566778899aabbccddeeff");
    expect([details.struct(0).text(1, 64), details.struct(0).bool(0)]).toEqual(["box01", true]);
    const bad = body(resultsAnswer(1, registrationResults({ cause: "EDUPCONN", retryAfter: 5 })));
    const error = bad.struct(0).struct(0).struct(0);
    expect([error.uint16(0), error.struct(0).text(0, 64)]).toEqual([0, "EDUPCONN"]);
    expect([error.struct(0).uint64(0), error.struct(0).bool(64)]).toEqual([5_000_000n, true]);
  });

  it("tell an empty result from none, and an exception from both", () => {
    expect(encode({ data: Buffer.alloc(0), pointers: [{ struct: emptyStruct }] }).toString("hex")).toMatch(
      /fcffffff00000000$/,
    );
    const refused = body(exceptionAnswer(3, "unknown method", "unimplemented"));
    expect([refused.uint32(0), refused.uint16(6), refused.struct(0).uint16(4)]).toEqual([3, 1, 3]);
  });
});

describe("hostile frames", () => {
  const header = (segments: number, words: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(segments - 1, 0);
    bytes.writeUInt32LE(words, 4);
    return bytes;
  };

  it.each([
    ["more than one segment", header(2, 1)],
    ["4 billion segments", Buffer.alloc(8, 0xff)],
    ["32 GiB", header(1, 0xffffffff)],
    ["one word too many", header(1, 129)],
  ])("are refused by their header: %s", (_, bytes) => {
    expect(() => new Framing(1024).push(bytes)).toThrow(MalformedMessage);
  });

  it.each([
    ["nothing at all", Buffer.alloc(0)],
    ["a pointer that leads out", Buffer.from("fcffff7f01000100", "hex")],
    ["a pointer that leads back", Buffer.from("f0ffffff01000100", "hex")],
    ["a list as root", Buffer.from("0100000002000000", "hex")],
    ["a far pointer", Buffer.from("0200000000000000", "hex")],
  ])("are refused: %s", (_, segment) => {
    expect(() => readMessage(segment)).toThrow(MalformedMessage);
  });

  it("of every kind end in a refusal, never in a crash or a flood", () => {
    let random = 42;
    const next = (below: number) => {
      random = (random * 1103515245 + 12345) & 0x7fffffff;
      return random % below;
    };
    const started = Date.now();
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < 20_000; round += 1) {
      const segment = Buffer.from(register);
      for (let change = 0; change <= next(4); change += 1) segment[next(segment.length)] = next(256);
      try {
        const message = readMessage(segment.subarray(0, segment.length - 8 * next(3)));
        if (message.kind === "call") readRegistration(message.params);
        outcomes.read += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage);
        outcomes.refused += 1;
      }
    }
    expect(outcomes.read).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("cannot make one text count thousandfold", () => {
    // A list of 40,000 texts, all of them the same one.
    const count = 40_000;
    const list = Buffer.alloc(8 * count);
    const text = Buffer.from("x".repeat(255).concat("\0"));
    for (let at = 0; at < count; at += 1) {
      list.writeInt32LE(((count - at - 1) << 2) | 1, at * 8);
      list.writeUInt32LE((256 << 3) | 2, at * 8 + 4);
    }
    const root = Buffer.alloc(16);
    root.writeUInt16LE(1, 6);
    root.writeInt32LE(1, 8);
    root.writeUInt32LE(((count << 3) | 6) >>> 0, 12);
    const struct = StructReader.root(Buffer.concat([root, list, text]));
    expect(() => struct.texts(0, 64, 256)).toThrow("a list has 40000 elements");
  });

  it("bring no control characters into logs", () => {
    const frame = Buffer.from(framed(register));
    frame.write("\x1b[31m\n", frame.indexOf("linux_amd64"));
    const message = readMessage(segmentOf(frame));
    if (message.kind !== "call") throw new Error("no call");
    expect(readRegistration(message.params).connector.arch).toBe("?[31m?amd64");
  });
});
