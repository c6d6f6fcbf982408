import type { CfgValue } from './cfg-value.ts';
import type { Origin } from './origin.ts';

/** Where options are written: a part of a buildout, a table of a `zodbvault.toml`, the environment. */
export interface OptionSource {
  /** All that is written, known or not. */
  readonly names: readonly string[];
  /** An option as it was written. Failure `usage` where it refers to nothing. */
  option(name: string): CfgValue | undefined;
  /** Where it was written, resolvable or not; undefined where it isn't, or nobody can tell. */
  originOf(name: string): Origin | undefined;
}

/** Looks into one source after the other: the first that has an option counts. */
export function layered(...sources: readonly OptionSource[]): OptionSource {
  return {
    names: [...new Set(sources.flatMap(({ names }) => names))],
    option: (name) => {
      for (const source of sources) {
        const value = source.option(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    originOf: (name) => sources.find(({ names }) => names.includes(name))?.originOf(name),
  };
}

/** The same without some options. */
export function without(source: OptionSource, left: readonly string[]): OptionSource {
  const isLeft = (name: string) => left.includes(name);
  return {
    names: source.names.filter((name) => !isLeft(name)),
    option: (name) => (isLeft(name) ? undefined : source.option(name)),
    originOf: (name) => (isLeft(name) ? undefined : source.originOf(name)),
  };
}

export const NO_OPTIONS: OptionSource = {
  names: [],
  option: () => undefined,
  originOf: () => undefined,
};
