/** How far a long work is: it tells the file that it is at, and bytes as it is done with them. */
export interface WorkProgress {
  /** @param path - a path, or the name of a file in a store */
  readonly onFile: (path: string) => void;
  readonly onBytes: (count: number) => void;
}

/** For work that nobody watches. */
export const UNWATCHED: WorkProgress = { onFile: () => {}, onBytes: () => {} };
