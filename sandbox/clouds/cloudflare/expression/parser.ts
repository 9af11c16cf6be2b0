import { type Token, tokenize } from "./lexer";
import { comparable, levels, literalOf, operators } from "./operators";
import {
  type Argument,
  type Expression,
  ExpressionError,
  type Index,
  type Literal,
  type Operator,
  type Usage,
  type Value,
} from "./syntax";
import { fields, functions, type Signature, type Type } from "./vocabulary";

/**
 * Reads an expression of the rules language: boolean operators, comparisons, functions and the fields that requests
 * have, with their types checked.
 *
 * @throws ExpressionError in the words of Cloudflare's parser.
 */
export function parseExpression(source: string): { expression: Expression; usage: Usage } {
  const parser = new Parser(source);
  const expression = parser.whole();
  return { expression, usage: parser.usage };
}

/** A type, and whether it stands for every element of a list. */
interface Typed {
  type: Type;
  each: boolean;
}

class Parser {
  readonly usage: Usage = { fields: new Set(), operators: new Set(), functions: new Set() };
  private readonly tokens: Token[];
  private at = 0;

  constructor(private readonly source: string) {
    this.tokens = tokenize(source);
  }

  whole(): Expression {
    const { expression, each } = this.level(0);
    if (this.token.kind !== "end") throw this.fault("unrecognised input");
    if (each) throw this.fault("expected a single condition, use any() or all() over elements", 0);
    return expression;
  }

  private get token(): Token {
    return this.tokens[this.at] as Token;
  }

  private level(depth: number): { expression: Expression; each: boolean } {
    const level = levels[depth];
    if (!level) return this.unary();
    let { expression, each } = this.level(depth + 1);
    while (this.skip(...level.words)) {
      const right = this.level(depth + 1);
      expression = { kind: level.kind, left: expression, right: right.expression };
      each ||= right.each;
    }
    return { expression, each };
  }

  private unary(): { expression: Expression; each: boolean } {
    if (this.skip("not", "!")) {
      const operand = this.unary();
      return { expression: { kind: "not", operand: operand.expression }, each: operand.each };
    }
    if (this.skip("(")) {
      const inner = this.level(0);
      this.expect(")");
      return inner;
    }
    if (this.token.kind === "word" && (this.token.text === "true" || this.token.text === "false")) {
      const value = this.next().text === "true";
      return { expression: { kind: "constant", value }, each: false };
    }
    return this.comparison();
  }

  private comparison(): { expression: Expression; each: boolean } {
    const start = this.token.start;
    const { value, typed } = this.value();
    const operator = this.operator();
    if (!operator) {
      if (typed.type !== "bool") throw this.fault("expected a comparison operator");
      return { expression: { kind: "truth", value }, each: typed.each };
    }
    if (!comparable[typed.type]?.includes(operator)) {
      throw this.fault(`operator ${operator} cannot be used with a value of type ${typed.type}`, start);
    }
    this.usage.operators.add(operator);
    const kind = literalOf[typed.type] as Literal["kind"];
    const right = operator === "in" ? this.set(kind) : this.literal(kind);
    return { expression: { kind: "compare", left: value, operator, right }, each: typed.each };
  }

  private operator(): Operator | undefined {
    if (this.token.text === "strict" && this.tokens[this.at + 1]?.text === "wildcard") {
      this.at += 2;
      return "strict wildcard";
    }
    const operator = this.token.kind === "string" ? undefined : operators[this.token.text];
    if (operator) this.at++;
    return operator;
  }

  private value(): { value: Value; typed: Typed } {
    const token = this.token;
    if (token.kind !== "word") throw this.fault("expected a field or a function");
    this.at++;
    if (this.token.text === "(" && this.token.kind === "symbol") return this.call(token);
    const type = fields.get(token.text);
    if (!type) throw this.fault("unknown identifier", token.start, token.end);
    this.usage.fields.add(token.text);
    const path = this.path();
    return {
      value: { kind: "field", name: token.text, path },
      typed: this.indexed({ type, each: false }, path, token),
    };
  }

  private call(name: Token): { value: Value; typed: Typed } {
    const signature = functions.get(name.text);
    if (!signature) throw this.fault("unknown identifier", name.start, name.end);
    this.usage.functions.add(name.text);
    this.expect("(");
    const given: Argument[] = [];
    let each = false;
    while (!this.skip(")")) {
      if (given.length > 0) this.expect(",");
      const wanted = signature.takes[given.length] ?? (signature.more ? signature.takes.at(-1) : undefined);
      if (!wanted) throw this.fault("invalid number of arguments");
      const argument = this.argument(wanted);
      given.push(argument.argument);
      each ||= argument.each;
    }
    this.refuseMissing(signature, given.length, name);
    const path = this.path();
    // A function over every element gives the list of its results; any() and all() give one answer.
    const folds = signature.takes[0] === "condition";
    const result: Typed = { type: each && !folds ? "string[]" : signature.gives, each: false };
    const typed = this.indexed(result, path, name);
    return { value: { kind: "call", name: name.text, arguments: given, path }, typed };
  }

  private argument(wanted: Type | "condition"): { argument: Argument; each: boolean } {
    if (wanted === "condition") {
      const start = this.token.start;
      const { expression, each } = this.level(0);
      if (!each) throw this.fault('expected a condition over elements, such as list[*] eq "x"', start);
      return { argument: { kind: "expression", expression }, each: false };
    }
    const kind = literalOf[wanted];
    if (kind && this.token.kind === kind) {
      return { argument: { kind: "literal", literal: this.literal(kind) }, each: false };
    }
    const start = this.token.start;
    const { value, typed } = this.value();
    if (typed.type !== wanted) throw this.fault(`expected value of type ${wanted}, but got ${typed.type}`, start);
    return { argument: { kind: "expression", expression: { kind: "truth", value } }, each: typed.each };
  }

  private refuseMissing(signature: Signature, count: number, name: Token): void {
    if (count >= signature.takes.length - (signature.optional ?? 0)) return;
    throw this.fault("invalid number of arguments", name.start, name.end);
  }

  private path(): Index[] {
    const path: Index[] = [];
    while (this.skip("[")) {
      const token = this.next();
      if (token.text === "*" && token.kind === "symbol") path.push({ every: true });
      else if (token.kind === "string") path.push(token.text);
      else if (token.kind === "number") path.push(Number(token.text));
      else throw this.fault("expected a key, a number or *", token.start, token.end);
      this.expect("]");
    }
    return path;
  }

  private indexed(typed: Typed, path: Index[], token: Token): Typed {
    return path.reduce((current, index) => {
      if (current.type === "map" && typeof index === "string") return { type: "string[]", each: current.each };
      if (current.type === "string[]" && typeof index === "number") return { type: "string", each: current.each };
      if (current.type === "string[]" && typeof index === "object") return { type: "string", each: true };
      throw this.fault(`cannot access a value of type ${current.type} like this`, token.start, token.end);
    }, typed);
  }

  private literal(kind: Literal["kind"]): Literal {
    const token = this.next();
    if (token.kind !== kind) throw this.fault(`expected a literal of kind ${kind}`, token.start, token.end);
    if (kind === "number") return { kind, from: Number(token.text), to: Number(token.text) };
    return { kind: kind as "string" | "address", value: token.text };
  }

  /** `{"a" "b"}`, `{80 8000..8080}` or `$name`. */
  private set(kind: Literal["kind"]): Literal[] {
    if (this.token.kind === "list") return [{ kind: "list", name: this.next().text.slice(1) }];
    this.expect("{");
    const members: Literal[] = [];
    while (!this.skip("}")) {
      const member = this.literal(kind);
      if (member.kind === "number" && this.skip("..")) member.to = Number(this.literalText("number"));
      members.push(member);
    }
    if (members.length === 0) throw this.fault("expected at least one member");
    return members;
  }

  private literalText(kind: Literal["kind"]): string {
    const token = this.next();
    if (token.kind !== kind) throw this.fault(`expected a literal of kind ${kind}`, token.start, token.end);
    return token.text;
  }

  private next(): Token {
    const token = this.token;
    if (token.kind !== "end") this.at++;
    return token;
  }

  private skip(...texts: string[]): boolean {
    const found = (this.token.kind === "symbol" || this.token.kind === "word") && texts.includes(this.token.text);
    if (found) this.at++;
    return found;
  }

  private expect(text: string): void {
    if (!this.skip(text)) throw this.fault(`expected ${JSON.stringify(text)}`);
  }

  private fault(reason: string, start = this.token.start, end = this.token.end): ExpressionError {
    return new ExpressionError(this.source, start, end, reason);
  }
}
