/** Types of the rules language that the known fields have. */
export type Type = "string" | "int" | "ip" | "bool" | "string[]" | "map";

const strings = [
  "http.cookie",
  "http.host",
  "http.referer",
  "http.request.full_uri",
  "http.request.method",
  "http.request.uri",
  "http.request.uri.path",
  "http.request.uri.path.extension",
  "http.request.uri.query",
  "http.request.version",
  "http.user_agent",
  "http.x_forwarded_for",
  "http.request.body.raw",
  "http.request.body.mime",
  "raw.http.request.full_uri",
  "raw.http.request.uri",
  "raw.http.request.uri.path",
  "raw.http.request.uri.query",
  "ip.geoip.country",
  "ip.geoip.continent",
  "ip.src.country",
  "ip.src.continent",
  "ip.src.city",
  "ip.src.region",
  "cf.worker.upstream_zone",
  "cf.verified_bot_category",
  "cf.tls_version",
  "cf.tls_cipher",
  "cf.zone.name",
  "cf.zone.plan",
  "cf.metal.id",
  "cf.ray_id",
];
const integers = [
  "cf.bot_management.score",
  "cf.edge.server_port",
  "cf.threat_score",
  "cf.waf.score",
  "http.request.body.size",
  "http.request.timestamp.sec",
  "http.response.code",
  "ip.geoip.asnum",
  "ip.src.asnum",
];
const booleans = [
  "cf.bot_management.corporate_proxy",
  "cf.bot_management.static_resource",
  "cf.bot_management.verified_bot",
  "cf.client.bot",
  "cf.tls_client_auth.cert_verified",
  "http.request.body.truncated",
  "http.request.headers.truncated",
  "ip.src.is_in_european_union",
  "ip.geoip.is_in_european_union",
  "ssl",
];
const lists = ["http.request.headers.names", "http.request.headers.values", "http.request.uri.args.names"];
const maps = ["http.request.headers", "http.request.cookies", "http.request.uri.args", "http.request.body.form"];
const addresses = ["ip.src", "cf.edge.server_ip"];

/** Fields of https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/ that requests have. */
export const fields: ReadonlyMap<string, Type> = new Map(
  (
    [
      [strings, "string"],
      [integers, "int"],
      [booleans, "bool"],
      [lists, "string[]"],
      [maps, "map"],
      [addresses, "ip"],
    ] as [string[], Type][]
  ).flatMap(([names, type]) => names.map((name): [string, Type] => [name, type])),
);

export interface Signature {
  /** Types of the arguments; `condition` is a whole comparison over elements. */
  takes: (Type | "condition")[];
  /** Further arguments of the last type are allowed. */
  more?: boolean;
  /** Trailing arguments that may be left out. */
  optional?: number;
  gives: Type;
}

/** Functions of https://developers.cloudflare.com/ruleset-engine/rules-language/functions/ that filters may call. */
export const functions: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["any", { takes: ["condition"], gives: "bool" }],
  ["all", { takes: ["condition"], gives: "bool" }],
  ["concat", { takes: ["string"], more: true, gives: "string" }],
  ["ends_with", { takes: ["string", "string"], gives: "bool" }],
  ["has_key", { takes: ["map", "string"], gives: "bool" }],
  ["has_value", { takes: ["string[]", "string"], gives: "bool" }],
  ["len", { takes: ["string"], gives: "int" }],
  ["lower", { takes: ["string"], gives: "string" }],
  ["upper", { takes: ["string"], gives: "string" }],
  ["remove_bytes", { takes: ["string", "string"], gives: "string" }],
  ["starts_with", { takes: ["string", "string"], gives: "bool" }],
  ["substring", { takes: ["string", "int", "int"], optional: 1, gives: "string" }],
  ["to_string", { takes: ["int"], gives: "string" }],
  ["url_decode", { takes: ["string", "string"], optional: 1, gives: "string" }],
]);
