/** Names for a message: the first, and how many more there are. */
export function nameSome(names: readonly string[], count: number = names.length): string {
  const [first = ''] = names;
  return count === 1 ? `"${first}"` : `"${first}" and ${count - 1} more`;
}
