/** How this program was put together. */
export type Packaging =
  /** It runs from its TypeScript. */
  | { readonly kind: 'source' }
  /**
   * A npm package; `command` is what Node runs, `worker` what a worker thread runs; `isal` and `zstd` call these
   * libraries.
   */
  | {
      readonly kind: 'package';
      readonly command: URL;
      readonly worker: URL;
      readonly isal: URL;
      readonly zstd: URL;
    }
  /** One executable with Node in it; `source` gives all of the program's code, for worker threads. */
  | { readonly kind: 'executable'; readonly source: () => string };

/** The builds put their own modules in this one's place. */
export const PACKAGING: Packaging = packaging();

/** A function, so that the type is all that the rest of the code knows of it. */
function packaging(): Packaging {
  return { kind: 'source' };
}
