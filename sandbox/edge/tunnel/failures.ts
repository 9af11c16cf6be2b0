/** A request that was lost on its way through a tunnel, or got no usable answer from the connector. */
export class TunnelFailure extends Error {
  override readonly name: string = "TunnelFailure";
}

/** The tunnel has no connection that could take a request: Cloudflare answers 530 with error 1033. */
export class TunnelUnavailable extends TunnelFailure {
  override readonly name = "TunnelUnavailable";
}

/** The connector did not answer in time: Cloudflare answers 524. */
export class TunnelTimeout extends TunnelFailure {
  override readonly name = "TunnelTimeout";
}
