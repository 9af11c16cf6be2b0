import type { Props } from "../framework/provider";
import type { RestType } from "./restResource";

/**
 * A tunnel. Its secret is sent when it is made and when it changes, and never read back.
 *
 * The real provider has a fault here that this one does not imitate: after the PATCH of a tunnel, the same process
 * leaves fields out of every later PUT. Programs should still give tunnels a provider instance of their own.
 */
export const tunnel: RestType = {
  token: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  collection: (props) => `/accounts/${props.accountId}/cfd_tunnel`,
  item: (props, id) => `/accounts/${props.accountId}/cfd_tunnel/${id}`,
  create: "POST",
  update: "PATCH",
  deletes: true,
  pathInputs: ["accountId"],
  importId: "<account_id>/<tunnel_id>",
  neverRefreshed: ["tunnelSecret"],
  read: (outputs) => ({ ...outputs, configSrc: outputs.configSrc ?? (outputs.remoteConfig ? "cloudflare" : "local") }),
};

const configuration = (props: Props, id: string) => `/accounts/${props.accountId}/cfd_tunnel/${id}/configurations`;

/** Where a remotely managed tunnel sends what comes in. There is one per tunnel, and it stays with the tunnel. */
export const tunnelConfig: RestType = {
  token: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  collection: (props) => configuration(props, String(props.tunnelId)),
  item: configuration,
  create: "PUT",
  update: "PUT",
  deletes: false,
  pathInputs: ["accountId", "tunnelId"],
  id: (_result, props) => String(props.tunnelId),
  importId: "<account_id>/<tunnel_id>",
  spelling: "camel",
};
