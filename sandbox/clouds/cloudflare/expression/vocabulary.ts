import type { Plan } from "../model";

/** Types of the rules language, by the names that its parser uses. */
export type Type =
  | "Bytes"
  | "Int"
  | "Ip"
  | "Bool"
  | "Array<Bytes>"
  | "Array<Int>"
  | "Array<Bool>"
  | "Map<Array<Bytes>>";

export interface Field {
  type: Type;
  /** Lowest plan that has it. */
  plan: Plan;
  /** Whether the edge of the sandbox knows its value; rules that use another are refused. */
  emulated: boolean;
}

type Names = { [T in Type]?: string[] };

const everywhere: Names = {
  Bytes: [
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
    "raw.http.request.full_uri",
    "raw.http.request.uri",
    "raw.http.request.uri.path",
    "raw.http.request.uri.path.extension",
    "raw.http.request.uri.query",
    "ip.geoip.country",
    "ip.src.country",
    "cf.ray_id",
    "cf.tls_version",
    "cf.verified_bot_category",
    "cf.worker.upstream_zone",
    "cf.zone.name",
  ],
  Int: ["cf.edge.server_port", "cf.threat_score", "http.request.timestamp.msec", "http.request.timestamp.sec"],
  Ip: ["ip.src"],
  Bool: [
    "cf.client.bot",
    "cf.tls_client_auth.cert_presented",
    "cf.tls_client_auth.cert_revoked",
    "cf.tls_client_auth.cert_verified",
    "http.request.headers.truncated",
    "ssl",
  ],
  "Array<Bytes>": [
    "http.request.headers.names",
    "http.request.headers.values",
    "http.request.uri.args.names",
    "http.request.uri.args.values",
    "raw.http.request.uri.args.names",
    "raw.http.request.uri.args.values",
  ],
  "Map<Array<Bytes>>": ["http.request.headers", "http.request.uri.args", "raw.http.request.uri.args"],
};
const fromPro: Names = { "Map<Array<Bytes>>": ["http.request.cookies"] };
const fromBusiness: Names = { Bool: ["ip.geoip.is_in_european_union", "ip.src.is_in_european_union"] };
const enterprise: Names = {
  Bytes: ["http.request.body.raw"],
  Int: ["http.request.body.size"],
  Bool: ["cf.bot_management.verified_bot", "http.request.body.truncated"],
  "Array<Bytes>": ["http.request.body.form.names", "http.request.body.form.values"],
  "Map<Array<Bytes>>": ["http.request.body.form"],
};

/** Real fields whose values are computed from what there is not here: measurements, address databases, models, answers. */
const unknownHere: Names = {
  Bytes: [
    "cf.bot_management.ja3_hash",
    "cf.bot_management.ja4",
    "cf.hostname.metadata",
    "cf.metal.id",
    "cf.tls_cipher",
    "cf.tls_ciphers_sha1",
    "cf.tls_client_auth.cert_fingerprint_sha256",
    "cf.tls_client_auth.cert_issuer_dn",
    "cf.tls_client_auth.cert_subject_dn",
    "cf.tls_client_extensions_sha1",
    "cf.waf.score.class",
    "cf.zone.plan",
    "http.request.body.mime",
    "ip.geoip.continent",
    "ip.geoip.subdivision_1_iso_code",
    "ip.geoip.subdivision_2_iso_code",
    "ip.src.city",
    "ip.src.continent",
    "ip.src.lat",
    "ip.src.lon",
    "ip.src.metro_code",
    "ip.src.postal_code",
    "ip.src.region",
    "ip.src.region_code",
    "ip.src.subdivision_1_iso_code",
    "ip.src.subdivision_2_iso_code",
  ],
  Int: [
    "cf.bot_management.score",
    "cf.timings.client_tcp_rtt_msec",
    "cf.tls_client_hello_length",
    "cf.waf.score",
    "cf.waf.score.rce",
    "cf.waf.score.sqli",
    "cf.waf.score.xss",
    "http.response.code",
    "ip.geoip.asnum",
    "ip.src.asnum",
  ],
  Ip: ["cf.edge.server_ip"],
  Bool: [
    "cf.bot_management.corporate_proxy",
    "cf.bot_management.js_detection.passed",
    "cf.bot_management.signed_agent",
    "cf.bot_management.static_resource",
    "cf.edge.client_tcp",
    "cf.waf.auth_detected",
    "cf.waf.credential_check.password_leaked",
  ],
  "Array<Bytes>": ["http.request.accepted_languages", "http.response.headers.names", "http.response.headers.values"],
  "Array<Int>": ["cf.bot_management.detection_ids"],
  "Map<Array<Bytes>>": ["http.response.headers"],
};

const entries = (names: Names, plan: Plan, emulated = true) =>
  (Object.entries(names) as [Type, string[]][]).flatMap(([type, list]) =>
    list.map((name): [string, Field] => [name, { type, plan, emulated }]),
  );

/** Fields of requests: https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/. */
export const fields: ReadonlyMap<string, Field> = new Map([
  ...entries(everywhere, "free"),
  ...entries(fromPro, "pro"),
  ...entries(fromBusiness, "business"),
  ...entries(enterprise, "enterprise"),
  ...entries(unknownHere, "free", false),
]);
