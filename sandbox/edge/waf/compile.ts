import { parseExpression, parseValue } from "../../clouds/cloudflare/expression/parser";
import {
  type Argument,
  type Expression,
  type Index,
  isEach,
  type Value,
} from "../../clouds/cloudflare/expression/syntax";
import { comparison } from "./comparisons";
import type { Fact, Facts } from "./facts";
import { calls, type Given } from "./functions";

/** Whether a request matches. */
export type Condition = (facts: Facts) => boolean;

/** A value of a request; undefined when it is missing. */
export type Reading = (facts: Facts) => Fact | undefined;

/** One answer, or one to each element of what an expression stands for. */
type Answer = (facts: Facts) => boolean | boolean[];

/** What was compiled, by its text: the same rules meet every request. */
class Kept<T> {
  private readonly made = new Map<string, T>();

  constructor(private readonly make: (source: string) => T) {}

  of(source: string): T {
    const present = this.made.get(source);
    if (present) return present;
    const made = this.make(source);
    if (this.made.size >= mostKept) this.made.clear();
    this.made.set(source, made);
    return made;
  }
}
const mostKept = 5000;

const conditions = new Kept<Condition>((source) => {
  const answer = compiled(parseExpression(source).expression);
  return (facts) => answer(facts) === true;
});
const readings = new Kept<Reading>((source) => reader(parseValue(source).value));

/** Turns an expression into something that can be asked. @throws ExpressionError */
export function condition(source: string): Condition {
  return conditions.of(source);
}

/** Turns a single value, such as a field, into something that can be read. @throws ExpressionError */
export function reading(source: string): Reading {
  return readings.of(source);
}

function compiled(expression: Expression): Answer {
  switch (expression.kind) {
    case "constant":
      return () => expression.value;
    case "not": {
      const operand = compiled(expression.operand);
      return (facts) => negated(operand(facts));
    }
    case "and":
    case "or":
    case "xor":
      return combined(expression.kind, compiled(expression.left), compiled(expression.right));
    case "truth":
      return truth(expression.value);
    case "compare":
      return compared(expression);
  }
}

function negated(answer: boolean | boolean[]): boolean | boolean[] {
  return Array.isArray(answer) ? answer.map((item) => !item) : !answer;
}

const logic = {
  and: (left: boolean, right: boolean) => left && right,
  or: (left: boolean, right: boolean) => left || right,
  xor: (left: boolean, right: boolean) => left !== right,
};

/** Lists are combined element by element, as far as the shorter one goes. */
function combined(kind: keyof typeof logic, left: Answer, right: Answer): Answer {
  return (facts) => {
    const first = left(facts);
    if (Array.isArray(first)) {
      const second = right(facts) as boolean[];
      return first.slice(0, second.length).map((item, index) => logic[kind](item, second[index] as boolean));
    }
    if (kind === "and" && !first) return false;
    if (kind === "or" && first) return true;
    return logic[kind](first, right(facts) as boolean);
  };
}

/** A boolean field or function, or a list of booleans: what is missing is not so. */
function truth(value: Value): Answer {
  const read = reader(value);
  const each = isEach(value.path);
  return (facts) => (read(facts) as boolean | boolean[] | undefined) ?? (each ? [] : false);
}

/** A comparison with what is missing is false, whatever the operator; over the elements of what is missing there are none. */
function compared({ left, operator, right }: Extract<Expression, { kind: "compare" }>): Answer {
  const read = reader(left);
  const compare = comparison(operator, right);
  if (isEach(left.path)) return (facts) => ((read(facts) ?? []) as Fact[]).map(compare);
  return (facts) => {
    const value = read(facts);
    return value !== undefined && compare(value);
  };
}

/** Reads a value; of one that stands for every element, the list of them. */
function reader(value: Value): Reading {
  const base: Reading = value.kind === "field" ? (facts) => facts.get(value.name) : called(value.name, value.arguments);
  if (value.path.length === 0) return base;
  return (facts) => {
    const whole = base(facts);
    return whole === undefined ? undefined : picked(whole, value.path);
  };
}

function picked(whole: Fact, path: Index[]): Fact | undefined {
  const [index, ...rest] = path;
  if (index === undefined) return whole;
  if (typeof index !== "object") {
    const inner = whole instanceof Map ? whole.get(String(index)) : (whole as Fact[])[index as number];
    return inner === undefined ? undefined : picked(inner, rest);
  }
  const elements = (whole instanceof Map ? [...whole.values()] : whole) as Fact[];
  const inner = elements.map((element) => picked(element, rest)).filter((element) => element !== undefined);
  return (isEach(rest) ? inner.flat() : inner) as Fact;
}

/** A call; when its first argument stands for every element, the list of its results. */
function called(name: string, list: Argument[]): Reading {
  const call = calls[name];
  if (!call) throw new Error(`the sandbox does not emulate the function ${name}`);
  const given = list.map(argument);
  const [first] = list;
  if (first?.kind !== "value" || !isEach(first.value.path)) {
    return (facts) => call(given.map((read) => read(facts)));
  }
  return (facts) => {
    const elements = given[0]?.(facts) as Fact[] | undefined;
    const others: Given[] = given.slice(1).map((read) => read(facts));
    return elements?.map((element) => call([element, ...others])).filter((result) => result !== undefined) as Fact;
  };
}

function argument(wanted: Argument): Reading {
  if (wanted.kind === "value") return reader(wanted.value);
  if (wanted.kind === "expression") return compiled(wanted.expression);
  const { literal } = wanted;
  if (literal.kind === "string") return () => literal.value;
  if (literal.kind === "number") return () => literal.from;
  return literal.kind === "address" ? () => ({ address: literal.from }) : () => undefined;
}
