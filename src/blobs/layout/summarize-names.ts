/** Some of many names: the first, and how many there are. */
export interface SomeNames {
  /** At most {@link MOST_NAMES}. */
  readonly paths: readonly string[];
  /** How many there are. */
  readonly count: number;
}

/** A site may have a million blobs, and what is said of them goes into a log. */
const MOST_NAMES = 100;

export function someOf(paths: readonly string[], count: number = paths.length): SomeNames {
  return { paths: paths.slice(0, MOST_NAMES), count };
}

/** Names for a message: the first, and how many more there are. */
export function nameSome(names: readonly string[], count: number = names.length): string {
  const [first = ''] = names;
  return count === 1 ? `"${first}"` : `"${first}" and ${count - 1} more`;
}
