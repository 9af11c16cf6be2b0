import { describe, expect, it } from "vitest";
import { matches, type Sent } from "./requests";

type Case = [expression: string, sent: Sent, matches: boolean];

const at = (target: string): Sent => ({ target });
const headers = (...list: [string, string][]): Sent => ({ headers: list });

const requestLine: Case[] = [
  ['http.host eq "bot.example.com"', {}, true],
  ['http.host eq "BOT.example.com"', {}, false],
  ['lower(http.host) == "bot.example.com"', {}, true],
  ['upper(http.host) eq "BOT.EXAMPLE.COM"', {}, true],
  ['http.host ne "bot.example.com"', {}, false],
  ['http.request.method eq "POST"', { method: "POST" }, true],
  ['http.request.method in {"GET" "HEAD"}', { method: "post" }, false],
  ['http.request.uri eq "/a?b=c"', at("/a?b=c"), true],
  ['http.request.uri eq "/a"', at("/a"), true],
  ['http.request.uri.path eq "/a"', at("/a?b=c"), true],
  ['http.request.uri.query eq "b=c?d"', at("/a?b=c?d"), true],
  ['http.request.uri.query eq ""', at("/a"), true],
  ['http.request.full_uri eq "https://bot.example.com/a?b"', at("/a?b"), true],
  ['http.request.full_uri eq "http://bot.example.com/"', { tls: null }, true],
  ['http.request.version eq "HTTP/2"', { version: "HTTP/2" }, true],
  ["ssl", {}, true],
  ["ssl", { tls: null }, false],
  ['cf.tls_version eq "TLSv1.2"', { tls: "TLSv1.2" }, true],
  ["cf.edge.server_port in {80 8000..8080}", { tls: null }, true],
  ["cf.edge.server_port in {80 8000..8080}", {}, false],
  ['http.user_agent contains "Slackbot"', {}, true],
  ['http.user_agent eq ""', headers(["user-agent", ""]), true],
  ['http.referer eq ""', {}, true],
  [
    'http.x_forwarded_for eq "192.0.2.1, 192.0.2.2"',
    headers(["x-forwarded-for", "192.0.2.1"], ["x-forwarded-for", "192.0.2.2"]),
    true,
  ],
  ["http.request.timestamp.sec eq 1767323045", {}, true],
  ["http.request.timestamp.msec eq 678", {}, true],
  ['cf.ray_id eq "0123456789abcdef"', {}, true],
  ["cf.client.bot or cf.threat_score gt 0", {}, false],
];

const paths: Case[] = [
  ['http.request.uri.path eq "/hooks/github"', at("/hooks/%67ithub"), true],
  ['raw.http.request.uri.path eq "/hooks/%67ithub"', at("/hooks/%67ithub"), true],
  ['http.request.uri.path eq "/hooks/github"', at("//hooks///github"), true],
  ['http.request.uri.path eq "/hooks/github"', at("/hooks\\github"), true],
  ['http.request.uri.path eq "/hooks/github"', at("/x/../hooks/./github"), true],
  ['http.request.uri.path eq "/hooks/github"', at("/x/%2e%2E/hooks/github"), true],
  ['http.request.uri.path eq "/admin"', at("/hooks/..%2fadmin"), false],
  ['http.request.uri.path eq "/hooks/..%2Fadmin"', at("/hooks/..%2fadmin"), true],
  ['starts_with(http.request.uri.path, "/hooks/")', at("/hooks/..%2fadmin"), true],
  ['http.request.uri.path eq "/hooks/github"', at("/hooks/github/"), false],
  ['http.request.uri.path eq "/hooks/github"', at("/HOOKS/github"), false],
  ['http.request.uri.path contains "%00"', at("/a%00b"), true],
  ['http.request.uri.path eq "/%C3%A9"', at("/\xc3\xa9"), true],
  ['http.request.uri.path.extension eq "php"', at("/a/b.tar.PHP?x=.js"), true],
  ['http.request.uri.path.extension eq ""', at("/.htaccess"), true],
  ['http.request.uri.path wildcard "/HOOKS/*"', at("/hooks/x/y"), true],
  ['http.request.uri.path strict wildcard "/HOOKS/*"', at("/hooks/x/y"), false],
  ['http.request.uri.path wildcard "*/x/*/z"', at("/a/x/b/x/z"), true],
  ['http.request.uri.path wildcard r"/\\*"', at("/*"), true],
  ['http.request.uri.path wildcard r"/\\*"', at("/a"), false],
  ['http.request.uri.path matches "^/hooks/[a-z]+$"', at("/hooks/slack"), true],
  ['http.request.uri.path ~ "^/hooks/\\\\d"', at("/hooks/1"), false],
  ['http.request.uri.path matches r"^/hooks/\\d$"', at("/hooks/1"), true],
  ['http.request.uri.path matches "^/hooks/\\d$"', at("/hooks/1"), true],
  ['http.request.uri.path matches "/a[\\"/]b"', at("/a/b"), true],
];

const queries: Case[] = [
  ['any(http.request.uri.args["a"][*] eq "2")', at("/?a=1&a=2"), true],
  ['all(http.request.uri.args["a"][*] eq "2")', at("/?a=1&a=2"), false],
  ['http.request.uri.args["a"][1] eq "2"', at("/?a=1&a=2"), true],
  ['http.request.uri.args["a"][2] eq "2"', at("/?a=1&a=2"), false],
  ['http.request.uri.args["a"][2] ne "2"', at("/?a=1&a=2"), false],
  ['not http.request.uri.args["a"][2] eq "2"', at("/?a=1&a=2"), true],
  ['len(http.request.uri.args["a"]) eq 2', at("/?a=1&a=2"), true],
  ['len(http.request.uri.args["b"]) ge 0', at("/?a=1"), false],
  ['not len(http.request.uri.args["b"]) ge 0', at("/?a=1"), true],
  ['any(http.request.uri.args.names[*] eq "a%20b")', at("/?a%20b=1"), true],
  ['any(url_decode(http.request.uri.args.names[*])[*] eq "a b")', at("/?a%20b=1"), true],
  ['any(http.request.uri.args.values[*] contains "=")', at("/?a=b=c"), true],
  ['url_decode(http.request.uri.query) eq "%20"', at("/?%2520"), true],
  ['url_decode(http.request.uri.query, "r") eq " "', at("/?%2520"), true],
  ['url_decode(http.request.uri.query, "u") eq "☁"', at("/?%u2601"), true],
  ['url_decode(http.request.uri.query) eq "%zz a"', at("/?%zz+a"), true],
  ['has_key(http.request.uri.args, "a")', at("/?a"), true],
  ['has_key(http.request.uri.args, "__proto__")', at("/?a"), false],
];

const fields: Case[] = [
  [
    'any(http.request.headers["content-type"][*] eq "application/json")',
    headers(["content-type", "application/json"]),
    true,
  ],
  [
    'any(lower(http.request.headers["content-type"][*])[*] contains "application/json")',
    headers(["content-type", "Application/JSON; charset=utf-8"]),
    true,
  ],
  ['any(http.request.headers["content-type"][*] eq "x")', {}, false],
  ['not any(http.request.headers["x"][*] eq "a")', {}, true],
  ['all(http.request.headers["x"][*] eq "a")', {}, true],
  ['any(http.request.headers["x"][*] ne "a")', {}, false],
  ['http.request.headers["x"][0] eq "1"', headers(["x", "1"], ["x", "2"]), true],
  ['any(http.request.headers["x"][*] eq "2")', headers(["x", "1"], ["x", "2"]), true],
  [
    'any(http.request.headers.names[*] eq "cf-access-jwt-assertion")',
    headers(["cf-access-jwt-assertion", "forged"]),
    true,
  ],
  ['any(starts_with(http.request.headers.names[*], "cf-"))', headers(["cf-x", ""]), true],
  ['any(starts_with(http.request.headers["x"][*], "a"))', {}, false],
  ["any(len(http.request.headers.values[*])[*] gt 8000)", headers(["x", "a".repeat(8001)]), true],
  [
    "len(http.request.headers.names) > 500",
    headers(...Array.from({ length: 500 }, (_, i): [string, string] => [`x-${i}`, "1"])),
    true,
  ],
  ['any((http.request.headers["x"][*] eq "a" and http.request.headers["x"][*] ne "b"))', headers(["x", "a"]), true],
  ['any(not http.request.headers["x"][*] eq "a")', headers(["x", "a"], ["x", "b"]), true],
  ['concat(http.request.headers["x"][0], "-", http.host) eq "-bot.example.com"', {}, true],
  ['lower(http.request.headers["x"][0]) eq ""', {}, false],
  ['join(http.request.headers["x"], "|") eq "1|2"', headers(["x", "1"], ["x", "2"]), true],
  ['has_value(http.request.headers["x"], "2")', headers(["x", "1"], ["x", "2"]), true],
  ['any(decode_base64(http.request.headers["x"][*])[*] eq "123abc")', headers(["x", "MTIzYWJj"]), true],
  ['any(http.request.cookies["app"][*] eq "te=st")', headers(["cookie", "a=b; app=te=st"]), true],
  ['any(http.request.cookies["a p"][*] eq "1")', headers(["cookie", "a%20p=1"], ["cookie", "x=2"]), true],
  ['http.cookie eq "a=1; b=2"', headers(["cookie", "a=1"], ["cookie", "b=2"]), true],
  ['substring(http.host, 0, -4) eq "bot.example"', {}, true],
  ['substring(http.host, -3) eq "com"', {}, true],
  ['remove_bytes(http.host, "\\x2eo") eq "btexamplecm"', {}, true],
];

const sockets: Case[] = [
  ['any(http.request.headers.names[*] wildcard "upgrade")', { websocket: true }, true],
  ['any(http.request.headers["upgrade"][*] eq "websocket")', { websocket: true }, true],
  ['any(http.request.headers.names[*] wildcard "upgrade")', {}, false],
  ['any(http.request.headers.names[*] wildcard "cf*access*")', headers(["cf-access-jwt-assertion", "x"]), true],
  [
    'http.request.headers["content-type"][0] wildcard "application/json*"',
    headers(["content-type", "Application/JSON;x"]),
    true,
  ],
  ['http.request.headers["content-type"][0] wildcard "application/json*"', {}, false],
];

const addresses: Case[] = [
  ["ip.src in {198.51.100.0/24}", {}, true],
  ["ip.src in {198.51.100.0/25}", {}, false],
  ["ip.src in {198.51.100.199..198.51.100.201}", {}, true],
  ["ip.src in {2001:db8::/32}", {}, false],
  ["ip.src in {2001:db8::/32 198.51.100.200}", { address: "2001:db8:1::5" }, true],
  ["ip.src eq 2001:0db8::5", { address: "2001:db8:0:0::5" }, true],
  ["ip.src ne 198.51.100.200", {}, false],
  ["ip.src ne ::1", {}, true],
  ["not ip.src in {149.154.160.0/20 91.108.4.0/22}", { address: "149.154.175.255" }, false],
  ["cidr(ip.src, 24, 48) eq 198.51.100.0", {}, true],
  ["cidr6(ip.src, 32) eq 2001:db8::", { address: "2001:db8:1::5" }, true],
  ["cidr6(ip.src, 32) eq 198.51.100.200", {}, true],
  ['ip.src.country in {"DE" "FR"} and ip.geoip.country eq "DE"', {}, true],
  ["ip.src.is_in_european_union", { country: "US" }, false],
  ["ip.src.is_in_european_union", {}, true],
];

const hostile: Case[] = [
  ['http.host eq "a\\"b"', { host: 'a"b' }, true],
  ['http.host eq r#"a"b\\c"#', { host: 'a"b\\c' }, true],
  ['http.host eq "\\x62ot.example.com"', {}, true],
  ['http.host eq "\\142ot.example.com"', {}, true],
  ['http.user_agent eq "é"', headers(["user-agent", "\xc3\xa9"]), true],
  ['http.user_agent eq "\\xe9"', headers(["user-agent", "\xe9"]), true],
  ["len(http.user_agent) eq 4", headers(["user-agent", "\xf0\x9f\xa6\x9e"]), true],
  ['http.user_agent matches "é$"', headers(["user-agent", "caf\xc3\xa9"]), true],
  ['lower(http.user_agent) eq "\\xc9"', headers(["user-agent", "\xc9"]), true],
  ['http.host eq "true" or http.host contains ") or true or ("', {}, false],
  ["not ssl or cf.client.bot or not true", {}, false],
  ["ssl or cf.client.bot and cf.client.bot", {}, true],
  ["ssl xor ssl or not cf.client.bot", {}, true],
  ["ssl xor ssl xor ssl", {}, true],
  ["\n(ssl)\r\nand\n(not cf.client.bot)  ", {}, true],
  ['http.host lt "c" and http.host ge "bot"', {}, true],
  ["cf.threat_score eq 0x0 and cf.edge.server_port eq 0673", {}, true],
  ['http.host in {"constructor" "toString"}', { host: "constructor" }, true],
];

const everything = { requestLine, paths, queries, fields, sockets, addresses, hostile };

describe.each(Object.entries(everything))("expressions: %s", (_, cases) => {
  it.each(cases)("%s of %j: %s", (expression, sent, wanted) => {
    expect(matches(expression, sent)).toBe(wanted);
  });
});

describe("expressions: the body", () => {
  const json = { body: '{"company":"créel","n":[1,{"x":"deep"}],"big":1.5}' };
  const form: Sent = { headers: [["content-type", "application/x-www-form-urlencoded"]], body: "a=1&b=%20&a=2" };
  it.each<Case>([
    ['http.request.body.raw contains "company"', json, true],
    ["http.request.body.size eq 50 and not http.request.body.truncated", json, true],
    ['lookup_json_string(http.request.body.raw, "n", 1, "x") eq "deep"', json, true],
    ['lookup_json_integer(http.request.body.raw, "n", 0) eq 1', json, true],
    ['lookup_json_integer(http.request.body.raw, "big") eq 1', json, false],
    ['lookup_json_string(http.request.body.raw, "constructor") ne "a"', json, false],
    ['lookup_json_string(http.request.body.raw, "a") eq "b"', { body: "no json" }, false],
    ['any(http.request.body.form["a"][*] eq "2")', form, true],
    ['any(http.request.body.form.values[*] eq "%20")', form, true],
    ['any(http.request.body.form.names[*] eq "a")', json, false],
  ])("%s of %j: %s", (expression, sent, wanted) => {
    expect(matches(expression, sent)).toBe(wanted);
  });
});
