import { type Call, readCall } from "./calls";
import type { Token } from "./lexer";
import { between, literals, literalType, member, single } from "./literals";
import { comparable, levels, operators } from "./operators";
import { regex } from "./regex";
import type { Argument, Expression, Index, Literal, Operator, Usage, Value } from "./syntax";
import { TokenStream } from "./tokens";
import { fields, type Type } from "./vocabulary";
import { wildcard } from "./wildcard";

/** A part of an expression with its type; `each` when it stands for every element of something. */
export interface Typed<T> {
  node: T;
  type: Type;
  each: boolean;
}

/**
 * Reads an expression of the rules language: boolean operators, comparisons, functions and the fields that requests
 * have, with their types checked.
 *
 * @throws ExpressionError in the words of Cloudflare's parser.
 */
export function parseExpression(source: string): { expression: Expression; usage: Usage } {
  const parser = new Parser(source);
  return { expression: parser.wholeExpression(), usage: parser.usage };
}

/** Reads a single value, such as a characteristic of a rate limit. @throws ExpressionError */
export function parseValue(source: string): { value: Value; usage: Usage } {
  const parser = new Parser(source);
  return { value: parser.wholeValue(), usage: parser.usage };
}

/** Type of a condition: one answer, or one to each element. */
const conditionType = (each: boolean): Type => (each ? "Array<Bool>" : "Bool");

/** Deepest nesting of parentheses, negations and calls, as in Cloudflare's parser. */
const deepest = 128;

export class Parser {
  readonly usage: Usage = { fields: new Set(), operators: new Set(), functions: new Set(), lists: new Set() };
  readonly tokens: TokenStream;
  private depth = 0;

  constructor(source: string) {
    this.tokens = new TokenStream(source);
  }

  wholeExpression(): Expression {
    const start = this.tokens.current;
    const { node, type } = this.condition();
    this.tokens.expectEnd();
    if (type !== "Bool") throw this.tokens.mismatch("Bool", type, start);
    return node;
  }

  wholeValue(): Value {
    const { node, each } = this.value();
    this.tokens.expectEnd();
    if (each) throw this.tokens.fault("invalid use of map each access operator", this.tokens.first);
    return node;
  }

  /** A condition with its logical operators. */
  condition(level = 0): Typed<Expression> {
    const { kind, words } = levels[level] ?? {};
    if (!kind || !words) return this.nested(() => this.unary());
    const left = this.condition(level + 1);
    while (this.tokens.skip(...words)) {
      const at = this.tokens.current;
      const right = this.condition(level + 1);
      if (left.type !== right.type) throw this.tokens.mismatch(left.type, right.type, at);
      left.node = { kind, left: left.node, right: right.node };
    }
    return left;
  }

  private unary(): Typed<Expression> {
    if (this.tokens.skip("not", "!")) {
      const operand = this.nested(() => this.unary());
      return { ...operand, node: { kind: "not", operand: operand.node } };
    }
    if (this.tokens.skip("(")) {
      const inner = this.condition();
      this.tokens.expect(")");
      return inner;
    }
    if (this.tokens.current.kind === "word" && ["true", "false"].includes(this.tokens.current.text)) {
      return { node: { kind: "constant", value: this.tokens.next().text === "true" }, type: "Bool", each: false };
    }
    return this.comparison(this.value());
  }

  /** What follows a value that a condition begins with. */
  private comparison(left: Typed<Value>): Typed<Expression> {
    const at = this.tokens.current;
    if (left.type === "Bool") {
      return { node: { kind: "truth", value: left.node }, type: conditionType(left.each), each: left.each };
    }
    if (left.type === "Array<Bool>" && !left.each) {
      return { node: { kind: "truth", value: left.node }, type: "Array<Bool>", each: false };
    }
    const operator = this.operator();
    if (!operator) throw this.tokens.fault("expected ComparisonOp", at);
    if ((left.each && left.type.startsWith("Array")) || !comparable[left.type]?.includes(operator)) {
      throw this.tokens.fault(`cannot perform this operation on type ${left.type}`, at);
    }
    this.usage.operators.add(operator);
    const right = operator === "in" ? this.set(left.type) : this.literal(left.type, operator);
    const node: Expression = { kind: "compare", left: left.node, operator, right };
    return { node, type: conditionType(left.each), each: left.each };
  }

  private operator(): Operator | undefined {
    if (this.tokens.skip("strict")) {
      this.tokens.expect("wildcard");
      return "strict wildcard";
    }
    const { kind, text } = this.tokens.current;
    const operator = kind !== "string" && Object.hasOwn(operators, text) ? operators[text] : undefined;
    if (operator) this.tokens.next();
    return operator;
  }

  /** A field or a call, with what is picked out of it. */
  private value(): Typed<Value> {
    const name = this.tokens.next();
    if (name.kind !== "word") throw this.tokens.fault("expected identifier character", name);
    if (this.tokens.is("(")) return this.picked(this.nested(() => readCall(this, name)));
    const field = fields.get(name.text);
    if (!field) throw this.tokens.fault("unknown identifier", name);
    this.usage.fields.add(name.text);
    return this.picked({ node: { kind: "field", name: name.text, path: [] }, type: field.type });
  }

  private picked({ node, type }: Call): Typed<Value> {
    let each = false;
    while (this.tokens.is("[")) {
      const start = this.tokens.next();
      const index = this.index();
      this.tokens.expect("]");
      const inner = elementType(type, index);
      if (!inner) {
        const shown = typeof index === "object" ? "*" : JSON.stringify(index);
        throw this.tokens.fault(`cannot access index ${shown} for type ${type}`, start, this.tokens.previous);
      }
      type = inner;
      each ||= typeof index === "object";
      node.path.push(index);
    }
    return { node, type, each };
  }

  private index(): Index {
    const token = this.tokens.next();
    if (token.text === "*" && token.kind === "symbol") return { every: true };
    if (token.kind === "string") return token.text;
    if (token.kind === "number" && !token.text.startsWith("-")) return Number(token.text);
    throw this.tokens.fault('expected literal "expected quoted utf8 string or positive integer"', token);
  }

  /** An argument of a function: a literal, a value or a condition. */
  argument(): Typed<Argument> {
    const token = this.tokens.current;
    const literal = this.tokens.reading(token, () => single(token));
    if (literal) {
      this.tokens.next();
      return { node: { kind: "literal", literal }, type: literalType(literal), each: false };
    }
    if (this.tokens.is("(", "not", "!", "true", "false")) return asArgument(this.condition());
    const value = this.value();
    if (value.type === "Bool" || value.type === "Array<Bool>" || !this.startsOperator()) {
      return { ...value, node: { kind: "value", value: value.node } };
    }
    return asArgument(this.comparison(value));
  }

  private startsOperator(): boolean {
    const { kind, text } = this.tokens.current;
    return kind !== "string" && (text === "strict" || Object.hasOwn(operators, text));
  }

  private literal(type: Type, operator: Operator): Literal {
    const token = this.tokens.next();
    const literal = this.tokens.reading(token, () => {
      if (operator === "matches") regex(token.text);
      if (operator === "wildcard" || operator === "strict wildcard") wildcard(token.text, operator !== "wildcard");
      return single(token);
    });
    return this.ofType(literal, type, token);
  }

  private ofType(literal: Literal | undefined, type: Type, token: Token): Literal {
    const wanted = literals[type];
    if (wanted && literal?.kind === wanted.kind) return literal;
    throw this.tokens.fault(token.kind === "end" ? "unrecognised input" : `expected ${wanted?.begins}`, token);
  }

  /** `{"a" "b"}`, `{80 8000..8080}`, `{10.0.0.0/8}` or `$name`. */
  private set(type: Type): Literal[] {
    if (this.tokens.current.kind === "list") {
      const name = this.tokens.next().text.slice(1);
      this.usage.lists.add(name);
      return [{ kind: "list", name }];
    }
    this.tokens.expect("{");
    const members: Literal[] = [];
    while (!this.tokens.skip("}")) members.push(this.member(type));
    return members;
  }

  private member(type: Type): Literal {
    const token = this.tokens.next();
    const first = this.ofType(
      this.tokens.reading(token, () => member(token)),
      type,
      token,
    );
    if (!this.tokens.is("..")) return first;
    this.tokens.next();
    const end = this.tokens.next();
    const last = this.ofType(
      this.tokens.reading(end, () => single(end)),
      type,
      end,
    );
    return this.tokens.reading(token, () => between(first, last), end);
  }

  /** Reads something that is one level deeper. */
  private nested<T>(read: () => T): T {
    if (this.depth > deepest) {
      throw this.tokens.fault(`maximum nesting depth exceeded (limit: ${deepest})`, this.tokens.current);
    }
    this.depth++;
    const result = read();
    this.depth--;
    return result;
  }
}

function asArgument({ node, type }: Typed<Expression>): Typed<Argument> {
  return { node: { kind: "expression", expression: node }, type, each: false };
}

/** Type of what an index picks out, if it can. */
function elementType(type: Type, index: Index): Type | undefined {
  if (type === "Map<Array<Bytes>>") return typeof index === "number" ? undefined : "Array<Bytes>";
  if (typeof index === "string") return undefined;
  return /^Array<(.*)>$/.exec(type)?.[1] as Type | undefined;
}
