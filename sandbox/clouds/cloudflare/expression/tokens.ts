import { type Token, tokenize } from "./lexer";
import { ExpressionError } from "./syntax";
import type { Type } from "./vocabulary";

/** The tokens of an expression, read one after the other. */
export class TokenStream {
  private readonly tokens: Token[];
  private at = 0;

  constructor(private readonly source: string) {
    this.tokens = tokenize(source);
  }

  get first(): Token {
    return this.tokens[0] as Token;
  }

  get current(): Token {
    return this.tokens[this.at] as Token;
  }

  get previous(): Token {
    return this.tokens[Math.max(0, this.at - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== "end") this.at++;
    return token;
  }

  /** Whether the next token is one of these words or symbols. */
  is(...texts: string[]): boolean {
    const { kind, text } = this.current;
    return (kind === "symbol" || kind === "word") && texts.includes(text);
  }

  /** Passes over the next token if it is one of these. */
  skip(...texts: string[]): boolean {
    const found = this.is(...texts);
    if (found) this.at++;
    return found;
  }

  expect(text: string): void {
    if (!this.skip(text)) throw this.fault(`expected literal ${JSON.stringify(text)}`, this.current);
  }

  expectEnd(): void {
    if (this.current.kind !== "end") throw this.fault("unrecognised input", this.current, this.tokens.at(-1));
  }

  /** What an error without a place says, at the place of its tokens. */
  reading<T>(start: Token, read: () => T, end = start): T {
    try {
      return read();
    } catch (error) {
      throw this.fault((error as Error).message, start, end);
    }
  }

  mismatch(expected: Type, actual: Type, start: Token): ExpressionError {
    return this.fault(`expected value of type ${expected}, but got ${actual}`, start, this.previous);
  }

  fault(reason: string, start: Token, end = start): ExpressionError {
    return new ExpressionError(this.source, start.start, Math.max(end.end, start.end), reason);
  }
}
