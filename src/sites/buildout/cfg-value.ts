/** Where something in a configuration was written. */
export type Origin =
  | { readonly kind: 'line'; readonly file: string; readonly line: number }
  | { readonly kind: 'command-line' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** Buildout's own. */
  | { readonly kind: 'default' };

/** The text of an option, with the place where it was last set. */
export interface CfgValue {
  readonly text: string;
  readonly origin: Origin;
}

/** The options of a section, in the order in which they were first written. */
export type CfgSection = ReadonlyMap<string, CfgValue>;

/** The sections of a configuration, in order. */
export type CfgSections = ReadonlyMap<string, CfgSection>;

/** `file:line`, or in words. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'line':
      return `${origin.file}:${origin.line}`;
    case 'command-line':
      return 'the command line';
    case 'environment':
      return `the environment variable ${origin.variable}`;
    case 'default':
      return 'a default of buildout';
    default:
      return origin satisfies never;
  }
}
