import { functions, type Parameter, type Signature } from "./functions";
import type { Token } from "./lexer";
import type { Parser, Typed } from "./parser";
import type { Argument, Value } from "./syntax";
import type { Type } from "./vocabulary";

/** A call of a function and the type of its result. */
export interface Call {
  node: Value;
  type: Type;
}

/** Reads the arguments of a call, whose name was just read, and checks them against its signature. */
export function readCall(parser: Parser, name: Token): Call {
  const { tokens } = parser;
  const signature = functions.get(name.text);
  if (!signature) throw tokens.fault("unknown identifier", name);
  parser.usage.functions.add(name.text);
  tokens.expect("(");
  const given: Typed<Argument>[] = [];
  while (!tokens.skip(")")) {
    if (given.length > 0) tokens.expect(",");
    const start = tokens.current;
    const parameter = signature.takes[given.length] ?? (signature.more ? signature.takes.at(-1) : undefined);
    if (!parameter) throw tokens.fault("invalid number of arguments", start);
    const argument = parser.argument();
    refuseArgument(parser, argument, parameter, given.length, start);
    given.push(argument);
  }
  if (given.length < signature.takes.length - (signature.optional ?? 0)) {
    throw tokens.fault("invalid number of arguments", tokens.previous);
  }
  const type = resultType(signature, given[0] as Typed<Argument>);
  if (!type) throw tokens.fault("invalid use of map each access operator", name);
  return { node: { kind: "call", name: name.text, arguments: given.map(({ node }) => node), path: [] }, type };
}

function refuseArgument(
  { tokens }: Parser,
  { node, type, each }: Typed<Argument>,
  { types, literal }: Parameter,
  index: number,
  start: Token,
): void {
  // Only the first argument may stand for every element of something.
  if (each && index > 0) throw tokens.fault("invalid use of map each access operator", start, tokens.previous);
  const isLiteral = node.kind === "literal";
  if (literal === (isLiteral ? "never" : "only")) {
    const [wanted, got] = isLiteral ? ["Field", "Literal"] : ["Literal", "Field"];
    const reason = `invalid kind of argument #${index}: expected argument of kind ${wanted}, but got ${got}`;
    throw tokens.fault(reason, start, tokens.previous);
  }
  if (!types.includes(type)) {
    const reason = `invalid type of argument #${index}: expected value of type ${types.join(" or ")}, but got ${type}`;
    throw tokens.fault(reason, start, tokens.previous);
  }
}

/** Of every element, a list of results. */
function resultType({ gives }: Signature, first: Typed<Argument>): Type | undefined {
  const type = gives === "first" ? first.type : gives;
  if (!first.each) return type;
  return type === "Bytes" || type === "Int" || type === "Bool" ? `Array<${type}>` : undefined;
}
