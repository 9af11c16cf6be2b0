import { framed } from "../capnp/framing";
import { MalformedMessage } from "../capnp/malformed";
import { StructReader } from "../capnp/reader";
import { emptyStruct, encode, type PointerValue, type StructValue } from "../capnp/writer";

/** Kinds of message that a connector sends or is sent: tags of the union in Cap'n Proto's rpc.capnp. */
const tags = { abort: 1, call: 2, return: 3, finish: 4, release: 6, bootstrap: 8 } as const;

/** Longest reason of an abort that is read, in bytes. */
const longestReason = 4096;

/** A message of a connector. */
export type RpcMessage =
  /** Asks for the interface that the edge serves. */
  | { kind: "bootstrap"; question: number }
  | { kind: "call"; question: number; target: CallTarget; interfaceId: bigint; method: number; params: StructReader }
  | { kind: "finish"; question: number }
  | { kind: "release"; id: number; count: number }
  | { kind: "abort"; reason: string }
  | { kind: "other"; tag: number };

/** What is called: a capability that the caller was given, or the answer to a question of its own that it still awaits. */
export type CallTarget = { capability: number } | { question: number };

/** @throws MalformedMessage */
export function readMessage(segment: Buffer): RpcMessage {
  const message = StructReader.root(segment);
  const tag = message.uint16(0);
  const body = message.struct(0);
  switch (tag) {
    case tags.bootstrap:
      return { kind: "bootstrap", question: body.uint32(0) };
    case tags.call:
      return {
        kind: "call",
        question: body.uint32(0),
        method: body.uint16(4),
        interfaceId: body.uint64(8),
        target: readTarget(body.struct(0)),
        params: body.struct(1).struct(0),
      };
    case tags.finish:
      return { kind: "finish", question: body.uint32(0) };
    case tags.release:
      return { kind: "release", id: body.uint32(0), count: body.uint32(4) };
    case tags.abort:
      return { kind: "abort", reason: body.text(0, longestReason) };
    default:
      return { kind: "other", tag };
  }
}

function readTarget(target: StructReader): CallTarget {
  const tag = target.uint16(4);
  if (tag === 0) return { capability: target.uint32(0) };
  if (tag === 1) return { question: target.struct(0).uint32(0) };
  throw new MalformedMessage(`a call has a target of the unknown kind ${tag}`);
}

/** The answer to a bootstrap: the one capability there is. */
export function capabilityAnswer(question: number, id: number): Buffer {
  const descriptor = words(1);
  descriptor.writeUInt16LE(1, 0); // senderHosted
  descriptor.writeUInt32LE(id, 4);
  return answer(question, 0, {
    struct: {
      data: Buffer.alloc(0),
      pointers: [{ capability: 0 }, { structs: [{ data: descriptor, pointers: [] }] }],
    },
  });
}

/** The answer to a call that gave results. */
export function resultsAnswer(question: number, results: StructValue = emptyStruct): Buffer {
  return answer(question, 0, { struct: { data: Buffer.alloc(0), pointers: [{ struct: results }, undefined] } });
}

/** The answer to a call that cannot be served: a type of rpc.capnp's Exception. */
export function exceptionAnswer(question: number, reason: string, type: "failed" | "unimplemented" = "failed"): Buffer {
  return answer(question, 1, { struct: exception(reason, type) });
}

/** Says why the edge ends the conversation. */
export function abortMessage(reason: string): Buffer {
  return message(tags.abort, { struct: exception(reason, "failed") });
}

function answer(question: number, tag: number, payload: PointerValue): Buffer {
  const data = words(2);
  data.writeUInt32LE(question, 0);
  data.writeUInt16LE(tag, 6);
  return message(tags.return, { struct: { data, pointers: [payload] } });
}

function exception(reason: string, type: "failed" | "unimplemented"): StructValue {
  const data = words(1);
  data.writeUInt16LE(type === "failed" ? 0 : 3, 4);
  return { data, pointers: [{ text: reason }] };
}

function message(tag: number, body: PointerValue): Buffer {
  const data = words(1);
  data.writeUInt16LE(tag, 0);
  return framed(encode({ data, pointers: [body] }));
}

function words(count: number): Buffer {
  return Buffer.alloc(count * 8);
}
