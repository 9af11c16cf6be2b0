import { describe, expect, it } from "vitest";
import { allOf, anyOf, isOneOf, mediaTypeIs, noneOf, quoted } from "../../components/wafExpression";
import { parseExpression } from "../../sandbox/clouds/cloudflare/expression/parser";

/** The text that an expression compares with, as the parser reads it. */
function compared(expression: string): string[] {
  const found: string[] = [];
  JSON.stringify(parseExpression(expression).expression, (_key, node) => {
    if (node?.kind === "string") found.push(node.value);
    return node;
  });
  return found;
}

describe("texts in expressions", () => {
  it.each([
    "/hooks/github",
    "",
    '/x" or true or "',
    "\\",
    '\\"',
    '"\\',
    "a{b}c",
    "} {",
    "$list",
    "*",
    "'",
    'r#"x"#',
    "//../%2f",
    "x".repeat(3000),
  ])("mean themselves and nothing else: %j", (text) => {
    expect(compared(`http.host eq ${quoted(text)}`)).toEqual([text]);
    expect(compared(isOneOf("http.host", [text, "other"])).sort()).toEqual([text, "other"].sort());
  });

  it.each(["a\nb", "a\rb", "a\0b", "tab\t", "\x7f", "é", "ａtlas", "🦞", "\u202eevil", "\ud800", "\u2028"])(
    "are refused where no hostname, path or method has them: %j",
    (text) => {
      expect(() => quoted(text)).toThrow("cannot be written in an expression");
      expect(() => isOneOf("http.host", ["a", text])).toThrow(RangeError);
      expect(() => mediaTypeIs("http.host", text)).toThrow(RangeError);
    },
  );

  it.each(["application/json", "a*b", "a\\b", 'a"b'])("are media types, with parameters or without: %j", (text) => {
    const pattern = text.replace(/[*\\]/g, "\\$&");
    const expressions = mediaTypeIs("http.host", text);
    for (const expression of expressions) expect(() => parseExpression(expression)).not.toThrow();
    expect(expressions).toEqual([
      `http.host wildcard ${quoted(pattern)}`,
      `http.host wildcard ${quoted(`${pattern};*`)}`,
    ]);
  });
});

describe("conditions", () => {
  it("are compared in one order, each once", () => {
    expect(isOneOf("http.host", ["b", "a", "b"])).toBe('http.host in {"a" "b"}');
    expect(isOneOf("http.host", ["a", "a"])).toBe('http.host eq "a"');
  });

  it("keep together what belongs together", () => {
    const any = anyOf(["ssl", "cf.client.bot"]);
    expect(allOf([any, "ssl"])).toBe("((ssl or cf.client.bot) and ssl)");
    expect(noneOf(["ssl", any])).toBe("not (ssl or (ssl or cf.client.bot))");
    expect(allOf(["ssl"])).toBe("ssl");
  });

  it("are at least one", () => {
    expect(() => allOf([])).toThrow("no condition");
    expect(() => anyOf([])).toThrow("no condition");
    expect(() => noneOf([])).toThrow("no condition");
    expect(() => isOneOf("http.host", [])).toThrow("nothing to compare http.host with");
  });
});
