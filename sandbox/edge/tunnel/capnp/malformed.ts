/** Bytes that are no message of the protocol. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}
