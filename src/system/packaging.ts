/** How this program was put together. */
export type Packaging =
  | { readonly kind: 'package' }
  /** One executable with Node in it; `source` gives all of the program's code, for worker threads. */
  | { readonly kind: 'executable'; readonly source: () => string };

/** The build of the executable puts its own module in this one's place. */
export const PACKAGING: Packaging = packaging();

/** A function, so that the type is all that the rest of the code knows of it. */
function packaging(): Packaging {
  return { kind: 'package' };
}
