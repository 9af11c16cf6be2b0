import { describe, expect, it } from "vitest";
import { parseExpression } from "../../../sandbox/clouds/cloudflare/expression/parser";

describe("expressions of the rules language", () => {
  it.each([
    "true",
    "not ssl",
    "!ssl || cf.client.bot",
    'http.host eq "a" and http.request.method in {"GET" "HEAD"}',
    'http.host == "a" && http.request.uri.path != "/x"',
    'http.host eq r"a\\b" xor http.host eq r#"say "hi""#',
    'lower(http.host) contains "bot"',
    'ends_with(http.host, "-bot.example.com") and not starts_with(http.request.uri.path, "/hooks/")',
    'any(lower(http.request.headers["content-type"][*])[*] contains "application/json")',
    'any(http.request.headers.names[*] eq "cf-access-jwt-assertion")',
    'all(len(http.request.headers["x"][*])[*] in {3 4})',
    'http.request.headers["x"][0] eq "a"',
    'has_key(http.request.headers, "x")',
    "len(http.request.uri.path) > 100",
    "ip.src in {198.51.100.0/24 2001:db8::/32 ::1}",
    "ip.src in $partners",
    "ip.src eq 198.51.100.7",
    "cf.edge.server_port in {80 443 8000..8080}",
    'ip.src.country ne "DE"',
    "ip.src in {198.51.100.3..198.51.100.7 ::ffff:198.51.100.1}",
    'http.request.uri.path matches "^/[a-z\\d\\"]+\\.php$"',
    'any(starts_with(http.request.headers.names[*], "cf-"))',
    'any((http.request.headers["x"][*] eq "a" or http.request.headers["x"][*] eq "b"))',
    "cf.edge.server_port in {0x50 0120}",
    'len(http.request.headers["x"]) > 1',
    "http.host in {}",
    'http.host wildcard "*.example.com" or http.host strict wildcard "A*"',
    'substring(http.host, 1) eq "b"',
    '(((http.host eq "a")))',
  ])("%s", (source) => {
    expect(() => parseExpression(source)).not.toThrow();
  });

  it.each([
    ["", "expected identifier character"],
    ["http.host", "expected ComparisonOp"],
    ["http.host eq", "unrecognised input"],
    ["http.host eq 5", 'expected " or r'],
    ['ip.src eq "198.51.100.7"', "expected IP address character"],
    ['cf.edge.server_port contains "8"', "cannot perform this operation on type Int"],
    ['ssl eq "on"', "unrecognised input"],
    ['http.hots eq "a"', "unknown identifier"],
    ['upper_case(http.host) eq "a"', "unknown identifier"],
    ["starts_with(http.host)", "invalid number of arguments"],
    ['starts_with(http.host, "a", "b")', "invalid number of arguments"],
    ['starts_with(cf.edge.server_port, "a")', "expected value of type Bytes, but got Int"],
    ['http.request.headers["x"][*] eq "a"', "expected value of type Bool, but got Array<Bool>"],
    ['any(http.host eq "a")', "expected value of type Array<Bool>, but got Bool"],
    ['http.request.headers["x"] eq "a"', "cannot perform this operation on type Array<Bytes>"],
    ['http.host["x"] eq "a"', 'cannot access index "x" for type Bytes'],
    ['http.host eq "a', "could not find an ending quote"],
    ['http.host eq "\\d"', 'expected ", xHH or OOO after \\'],
    ['(http.host eq "a"', 'expected literal ")"'],
    ['http.host eq "a")', "unrecognised input"],
    ['http.host eq "a" and', "expected identifier character"],
    ['http.host in {"a"', "unrecognised input"],
    ['http.host eq "a" # comment', "unrecognised input"],
    ['URI Path contains "/"', "unknown identifier"],
    ['any(http.request.headers["x"][*] eq "a" and http.request.headers["x"][*] ne "b")', "expected literal"],
    ['ssl and any(http.request.headers["x"][*] eq "a") and http.request.headers["x"][*] eq "a"', "but got Array<Bool>"],
    ['starts_with("a", http.host)', "invalid kind of argument #0: expected argument of kind Field, but got Literal"],
    ['concat(http.host, http.request.headers["x"][*]) eq "a"', "invalid use of map each access operator"],
    ["ip.src in {198.51.100.1/24}", "host part of address was not zero"],
    ["ip.src in {198.51.100.0/33}", "Network length 33 is too long for Ipv4 (maximum: 32)"],
    ["ip.src eq 198.51.100.0/24", "invalid IP address syntax"],
    ["ip.src eq 198.51.100.256", "invalid IP address syntax"],
    ["ip.src in {198.51.100.9..198.51.100.1}", "incompatible range bounds"],
    ["cf.edge.server_port in {9..1}", "incompatible range bounds"],
    ["cf.edge.server_port eq 99999999999999999999", "number too large"],
    ["cf.edge.server_port eq 0779", "invalid digit"],
    ['http.host wildcard "a**"', "wildcard contains a double star"],
    ['http.host wildcard r"a\\b"', "invalid wildcard"],
    ['http.host matches "("', "regex parse error"],
    ['http.host matches "(?=a)"', "regex parse error"],
    ['http.host matches "\\p{Hangul}"', "Unicode not allowed here"],
    ['http.host matches "(?u)é"', "does not emulate Unicode mode"],
    ["ssl\tand ssl", "unrecognised input"],
    ["ip.src lt 198.51.100.1", "cannot perform this operation on type Ip"],
    [`${"(".repeat(200)}ssl${")".repeat(200)}`, "maximum nesting depth exceeded (limit: 128)"],
    ['http.host strict "a"', 'expected literal "wildcard"'],
    ["http.host in $Partners", "unrecognised input"],
    ['http.host eq "x" or true or "', "could not find an ending quote"],
  ])("refuses %s", (source, reason) => {
    expect(() => parseExpression(source)).toThrow(reason);
  });

  it("binds not before and, and before xor, xor before or", () => {
    const { expression } = parseExpression("not ssl and cf.client.bot or ssl xor ssl");
    expect(expression).toMatchObject({
      kind: "or",
      left: { kind: "and", left: { kind: "not", operand: { kind: "truth" } } },
      right: { kind: "xor" },
    });
  });

  it("reads strings with their escapes, and nothing but strings ends them", () => {
    const { expression } = parseExpression('http.host eq "a\\"b\\\\c\\x41\\101" and ssl');
    expect(expression).toMatchObject({ left: { right: { kind: "string", value: 'a"b\\cAA' } } });
  });

  it("tells what is used", () => {
    const { usage } = parseExpression('any(lower(http.request.headers["a"][*])[*] matches "x") or ip.src in {::1}');
    expect([...usage.fields]).toEqual(["http.request.headers", "ip.src"]);
    expect([...usage.operators]).toEqual(["matches", "in"]);
    expect([...usage.functions]).toEqual(["any", "lower"]);
  });

  it("points at the line and column", () => {
    expect(() => parseExpression('ssl and\n  http.hots eq "a"')).toThrow(
      'Filter parsing error (2:3):\n  http.hots eq "a"\n  ^^^^^^^^^ unknown identifier\n',
    );
  });
});
