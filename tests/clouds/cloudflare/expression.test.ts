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
    'all(len(http.request.headers["x"][*])[*] contains "a")',
    'http.request.headers["x"][0] eq "a"',
    'has_key(http.request.headers, "x")',
    "len(http.request.uri.path) > 100",
    "ip.src in {198.51.100.0/24 2001:db8::/32 ::1}",
    "ip.src in $partners",
    "ip.src eq 198.51.100.7",
    "cf.edge.server_port in {80 443 8000..8080}",
    'ip.src.country ne "DE"',
    'http.host wildcard "*.example.com" or http.host strict wildcard "A*"',
    'substring(http.host, 1) eq "b"',
    '(((http.host eq "a")))',
  ])("%s", (source) => {
    expect(() => parseExpression(source)).not.toThrow();
  });

  it.each([
    ["", "expected a field or a function"],
    ["http.host", "expected a comparison operator"],
    ["http.host eq", "expected a literal of kind string"],
    ["http.host eq 5", "expected a literal of kind string"],
    ['ip.src eq "198.51.100.7"', "expected a literal of kind address"],
    ['cf.edge.server_port contains "8"', "cannot be used with a value of type int"],
    ['ssl eq "on"', "cannot be used with a value of type bool"],
    ['http.hots eq "a"', "unknown identifier"],
    ['upper_case(http.host) eq "a"', "unknown identifier"],
    ["starts_with(http.host)", "invalid number of arguments"],
    ['starts_with(http.host, "a", "b")', "invalid number of arguments"],
    ['starts_with(cf.edge.server_port, "a")', "expected value of type string, but got int"],
    ['http.request.headers["x"][*] eq "a"', "use any() or all()"],
    ['any(http.host eq "a")', "expected a condition over elements"],
    ['http.request.headers["x"] eq "a"', "cannot be used with a value of type string[]"],
    ['http.host["x"] eq "a"', "cannot access a value of type string"],
    ['http.host eq "a', "missing ending quote"],
    ['http.host eq "\\d"', "invalid escape sequence"],
    ['(http.host eq "a"', 'expected ")"'],
    ['http.host eq "a")', "unrecognised input"],
    ['http.host eq "a" and', "expected a field or a function"],
    ["http.host in {}", "expected at least one member"],
    ['http.host in {"a"', "expected a literal of kind string"],
    ['http.host eq "a" # comment', "unrecognised input"],
    ['URI Path contains "/"', "unknown identifier"],
    ['http.host eq "x" or true or "', "missing ending quote"],
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
