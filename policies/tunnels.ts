import { type Found, items, later, mayBe, resourcePolicy, text } from "./policy";

/** One route of a tunnel. */
export interface Route {
  hostname?: Found<string>;
  path?: Found<string>;
  service?: Found<string>;
  originRequest?: Found<{ access?: Found<{ required?: Found<boolean>; audTags?: Found<string[]> }> }>;
}

/** What the policies read of a tunnel's configuration. */
export interface TunnelConfigProps {
  config?: Found<{ ingresses?: Found<Route[]> }>;
}

export const tunnelConfigTypes = [
  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  "cloudflare:index/tunnelConfig:TunnelConfig",
];
export const tunnelTypes = [
  "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  "cloudflare:index/tunnel:Tunnel",
];

export const tunnelPolicies = [
  resourcePolicy<{ configSrc?: Found<string> }>({
    name: "tunnel-configured-here",
    description: "A tunnel's routes come from Cloudflare, not from a file beside the connector.",
    types: tunnelTypes,
    faults: ({ configSrc }) => (mayBe(configSrc, "cloudflare") ? [] : ["configSrc is not cloudflare"]),
  }),
  resourcePolicy<TunnelConfigProps>({
    name: "tunnel-access-checked",
    description: "A route checks the signature of Access, with its audience, unless it is for one exact path.",
    types: tunnelConfigTypes,
    faults: (props) =>
      routesOf(props)
        .filter((route) => !isRefusal(route) && !isExact(route.path) && !checksAccess(route))
        .map(
          ({ hostname }) => `the route of ${text(hostname) ?? "any hostname"} lacks originRequest.access with audTags`,
        ),
  }),
  resourcePolicy<TunnelConfigProps>({
    name: "tunnel-catch-all",
    description: "A tunnel's last route, and no other, is for every hostname, and refuses.",
    types: tunnelConfigTypes,
    faults: (props) => {
      const routes = routesOf(props);
      if (props.config === later || (props.config?.ingresses as unknown) === later) return [];
      const last = routes.at(-1);
      const open = routes.slice(0, -1).filter((route) => route.hostname === undefined || route.hostname === "*");
      return [
        ...(last !== undefined && isCatchAll(last) && (last.service === later || isRefusal(last))
          ? []
          : ["the last route is no http_status:404"]),
        ...open.map(() => "a route that is not the last has no hostname"),
      ];
    },
  }),
];

/** Routes in their order. */
export function routesOf({ config }: TunnelConfigProps): Route[] {
  return typeof config === "object" ? items(config.ingresses).filter((route) => typeof route === "object") : [];
}

/** Whether a route has the connector check the signature of Access. At the top of a configuration the check is not done. */
export function checksAccess({ originRequest }: Route): boolean {
  if (originRequest === later) return true;
  const access = originRequest?.access;
  if (access === later) return true;
  return mayBe(access?.required, true) && (access?.audTags === later || items(access?.audTags).length > 0);
}

function isCatchAll({ hostname, path }: Route): boolean {
  return (hostname === undefined || hostname === "" || hostname === "*") && (path === undefined || path === "");
}

function isRefusal({ service }: Route): boolean {
  return /^http_status:[45]\d\d$/.test(text(service) ?? "");
}

/** Whether a path expression fits one path only: closed at both ends, and nothing in between that is not plain. */
function isExact(path: Found<string>): boolean {
  return path === later || /^\^\/([\w/~%@:,;=!'&-]|\\[.*+?^${}()|[\]\\])*\$$/.test(path ?? "");
}
