/**
 * What cloudflared 2026.8.2 sent on its control stream in one session, frame by frame, and a maker of registrations that
 * differ from the recorded one only where they must.
 */
const hex = {
  bootstrap: "000000000500000000000000010001000800000000000000000000000100010000000000000000000000000000000000",
  register: [
    "000000004400000000000000010001000200000000000000000000000300030001000000000000009754e87fec9516f700000000",
    "00000000080000000100010018000000000002000000000000000000000000000100000000000000010001000000000000000000",
    "010000000700000000000000010000000400000001000300cd000000070000000000000000000000080000000000020031000000",
    "820000003400000001000200050000000a0100001500000002010000653031613138303630663365353730336139616165353233",
    "366138343639616400000000000000003dc2f7e920994ae007f905b3e23a946ee3a5036bf1fd4dea3459fceb681fb5fcac620607",
    "0fb3440088e7363b71bf51b20000000000000000040000000000040075000000820000000d00000082000000110000002e000000",
    "590000007a0000005d000000620000003e76523f49f342dfb125fbe2290a108c110000008200000015000000a20000001d000000",
    "9a00000025000000a20000002d0000008a0000006d616e6167656d656e745f6c6f677300616c6c6f775f72656d6f74655f636f6e",
    "666967000000000073657269616c697a65645f68656164657273000000000000737570706f72745f646174616772616d5f763200",
    "00000000737570706f72745f717569635f656f660000000000000000323032362e382e322d6c6f63616c00006c696e75785f616d",
    "643634000000000000000000000000000000ffff7f0000010000000001000100",
  ].join(""),
  finishBootstrap: "00000000040000000000000001000100040000000000000000000000010000000000000001000000",
  finishRegister: "00000000040000000000000001000100040000000000000000000000010000000100000001000000",
  unregister: [
    "000000000e00000000000000010001000200000000000000000000000300030001000000010000009754e87fec9516f700000000",
    "0000000008000000010001000c00000000000200000000000000000000000000000000000000000000000000fcffffff00000000",
    "01000000070000000000000001000100",
  ].join(""),
  finishUnregister: "00000000040000000000000001000100040000000000000000000000010000000100000001000000",
  abort: [
    "0000000007000000000000000100010001000000000000000000000001000100000000000000000001000000720000007270633a",
    "2073687574646f776e000000",
  ].join(""),
};

export const recordedFrames = Object.fromEntries(
  Object.entries(hex).map(([name, text]) => [name, Buffer.from(text, "hex")]),
) as Record<keyof typeof hex, Buffer>;

/** What the recorded registration says. */
export const recorded = {
  accountTag: "e01a18060f3e5703a9aae5236a8469ad",
  tunnelId: "ac620607-0fb3-4400-88e7-363b71bf51b2",
  secret: Buffer.from("3dc2f7e920994ae007f905b3e23a946ee3a5036bf1fd4dea3459fceb681fb5fc", "hex"),
  connector: "3e76523f-49f3-42df-b125-fbe2290a108c",
};

/** Places in a frame, in bytes from its start. */
const at = { question: 32, targetTag: 84, index: 136, options: 272 };

export interface FrameFields {
  accountTag: string;
  tunnelId: string;
  /** 32 bytes, as the recorded one has. */
  secret: Buffer;
  connector: string;
  index: number;
  replaceExisting: boolean;
  /** Call the capability, as after the bootstrap's answer, instead of the answer that is still to come. */
  afterBootstrap: boolean;
}

export function registerFrame(fields: FrameFields): Buffer {
  const frame = Buffer.from(recordedFrames.register);
  put(frame, Buffer.from(recorded.accountTag), Buffer.from(fields.accountTag));
  put(frame, uuidBytes(recorded.tunnelId), uuidBytes(fields.tunnelId));
  put(frame, recorded.secret, fields.secret);
  put(frame, uuidBytes(recorded.connector), uuidBytes(fields.connector));
  frame.writeUInt8(fields.index, at.index);
  frame.writeUInt8(fields.replaceExisting ? 1 : 0, at.options);
  // cloudflared uses the bootstrap's question id again when it has finished that.
  if (fields.afterBootstrap) frame.writeUInt16LE(0, at.targetTag);
  return fields.afterBootstrap ? withQuestion(frame, 0) : frame;
}

/** The same call or finish for another question. */
export function withQuestion(frame: Buffer, question: number): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt32LE(question, at.question);
  return copy;
}

export function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll("-", ""), "hex");
}

function put(frame: Buffer, recordedValue: Buffer, value: Buffer): void {
  if (value.length !== recordedValue.length) throw new Error("the recorded frame has room for as many bytes only");
  value.copy(frame, recordedFrames.register.indexOf(recordedValue));
}
