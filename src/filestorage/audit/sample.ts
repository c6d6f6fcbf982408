/** Of which objects the pickles are followed: all, or a share of them, chosen anew by each seed. */
export type AuditSample =
  | { readonly kind: 'all' }
  /** `share`: more than 0, at most 1. */
  | { readonly kind: 'share'; readonly share: number; readonly seed: number };

/** Whether an object is in the sample: the same answer for each of its records. */
export function isSampled(sample: AuditSample, oidHigh: number, oidLow: number): boolean {
  if (sample.kind === 'all') return true;
  let mixed = Math.imul(oidLow ^ sample.seed, 0x9e3779b1) ^ Math.imul(oidHigh, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32 < sample.share;
}
