/** What becomes of something that is kept or not, and why. */
export type Verdict<Item> =
  | { readonly kind: 'keep'; readonly item: Item; readonly reason: string }
  | { readonly kind: 'remove'; readonly item: Item; readonly reason: string };

/**
 * The rule of `keep`: the newest full backups stay, each with its increments.
 *
 * @param chains - oldest first
 * @param keep - how many; 0 keeps all
 */
export function planKeepFulls<Chain>(
  chains: readonly Chain[],
  keep: number,
): readonly Verdict<Chain>[] {
  const firstKept = keep === 0 ? 0 : Math.max(0, chains.length - keep);
  return chains.map((item, position) => {
    const age = chains.length - position;
    if (position < firstKept) {
      return { kind: 'remove', item, reason: `${keep} newer full backups are kept` };
    }
    const reason = keep === 0 ? 'all full backups are kept' : `number ${age} of ${keep} to keep`;
    return { kind: 'keep', item, reason };
  });
}
