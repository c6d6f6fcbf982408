import { parseSpan, type Span } from '../../system/calendar/span.ts';
import type { CfgValue } from '../model/cfg-value.ts';
import type { OptionSource } from '../model/option-source.ts';
import { formatOrigin } from '../model/origin.ts';
import type { CountOption, FlagOption, RecipeOption, SpanOption } from './option-table.ts';
import type { Problems } from './problems.ts';

/** A setting as it was resolved, and where it came from. */
export interface ResolvedOption {
  readonly name: string;
  readonly value: string;
  /** File and line, a part, or a default. */
  readonly from: string;
}

const TRUE = ['true', 'yes', 'on', '1'];
const FALSE = ['false', 'no', 'off', '0', ''];

/** Most that a count may be: beyond it, somebody mistyped. */
const LARGEST_COUNT = 999_999;

/**
 * The options that are written for a site. What can't be read becomes a problem, and the default stands in
 * so that the rest can be looked at. Remembers what it gave, for `zodbvault config`.
 */
export class WrittenOptions {
  readonly resolved: ResolvedOption[] = [];
  readonly #source: OptionSource;
  readonly #problems: Problems;
  readonly #unreadable = new Set<RecipeOption>();

  constructor(source: OptionSource, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  get names(): readonly string[] {
    return this.#source.names;
  }

  /** The option as it was written; undefined where it isn't there or is {@link isUnreadable}. */
  written(name: RecipeOption): CfgValue | undefined {
    if (this.#unreadable.has(name)) return undefined;
    const origin = this.#source.originOf(name);
    const read = this.#problems.collect(() => ({ value: this.#source.option(name) }), origin);
    if (read === undefined) this.#unreadable.add(name);
    return read?.value;
  }

  /** Whether the option is there and can't be resolved: it is a problem already, not a default. */
  isUnreadable(name: RecipeOption): boolean {
    return this.#unreadable.has(name);
  }

  /** Text without the blanks around it. */
  text(name: RecipeOption, { byDefault = '' }: { readonly byDefault?: string } = {}): string {
    const value = this.written(name);
    const text = value?.text.trim() ?? byDefault;
    this.resolve(name, text, value === undefined ? 'default' : formatOrigin(value.origin));
    return text;
  }

  /**
   * In the release 2.3 only `true` was true: the words that later came to mean it are refused there,
   * since nobody can tell what was meant.
   */
  flag(name: FlagOption, { byDefault, is23 }: { byDefault: boolean; is23: boolean }): boolean {
    const value = this.written(name);
    const word = value?.text.trim().toLowerCase();
    const flag = word === undefined ? byDefault : TRUE.includes(word);
    if (value !== undefined && word !== undefined) {
      const isUnclear = is23 && flag && word !== 'true';
      if (isUnclear || (!flag && !FALSE.includes(word))) {
        const why = isUnclear
          ? 'with "compatible = 2.3" only the word true is true'
          : 'write true or false';
        this.#problems.add(`${name} = ${value.text.trim()}: ${why}`, value.origin);
      }
    }
    this.resolve(name, String(flag), value === undefined ? 'default' : formatOrigin(value.origin));
    return flag;
  }

  /** Whether it is written, and not true. */
  isOff(name: FlagOption): boolean {
    const word = this.written(name)?.text.trim().toLowerCase();
    return word !== undefined && FALSE.includes(word);
  }

  count(name: CountOption, byDefault: number): number {
    const value = this.written(name);
    const text = value?.text.trim() ?? String(byDefault);
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    const isCount = number <= LARGEST_COUNT;
    if (!isCount) {
      this.#problems.add(
        `${name} = ${text}: a whole number from 0, which means all`,
        value?.origin,
      );
    }
    this.resolve(name, text, value === undefined ? 'default' : formatOrigin(value.origin));
    return isCount ? number : byDefault;
  }

  /** Undefined where it isn't there or is empty. */
  span(name: SpanOption): Span | undefined {
    const value = this.written(name);
    const text = this.text(name);
    if (text === '') return undefined;
    const span = parseSpan(text);
    if (span === undefined) {
      this.#problems.add(
        `${name} = ${text}: write a number with h, d, w, m (months) or y behind it, as in 30d`,
        value?.origin,
      );
    }
    return span;
  }

  /** Says how a setting came out; the last word on a name counts. */
  resolve(name: string, value: string, from: string): void {
    const index = this.resolved.findIndex((one) => one.name === name);
    if (index >= 0) this.resolved.splice(index, 1);
    this.resolved.push({ name, value, from });
  }
}
