/** Where something in a configuration was written. */
export type Origin =
  | { readonly kind: 'line'; readonly file: string; readonly line: number }
  | { readonly kind: 'command-line' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** Whoever uses the library. */
  | { readonly kind: 'caller' }
  /** Buildout's own. */
  | { readonly kind: 'default' };

/** `file:line`, or in words. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'line':
      return `${origin.file}:${origin.line}`;
    case 'command-line':
      return 'the command line';
    case 'environment':
      return `the environment variable ${origin.variable}`;
    case 'caller':
      return 'the settings';
    case 'default':
      return 'a default of buildout';
    default:
      return origin satisfies never;
  }
}
