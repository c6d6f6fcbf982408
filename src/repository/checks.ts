import * as v from 'valibot';
import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { collectSmall } from '../system/stages.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.checks.json';

const CheckSchema = v.object({
  /** Of the restore point. */
  stamp: v.string(),
  /**
   * - `verify`: every byte against its checksums.
   * - `deep`: the database in it, too.
   * - `rehearsal`: it was restored, and what came out was verified deeply.
   */
  kind: v.picklist(['verify', 'deep', 'rehearsal']),
  outcome: v.picklist(['good', 'bad']),
  /**
   * A wrapper of the storage has changed all records, as by encryption: it was meant to look at what is in them, and
   * could look at checksums, structure and index alone.
   */
  wrapped: v.optional(v.literal(true)),
  /** ISO 8601, UTC. */
  at: v.string(),
  /** How long it took. */
  seconds: v.number(),
});

const FileSchema = v.object({ format: v.literal(1), checks: v.array(CheckSchema) });

/** What somebody has found out about a restore point. */
export type Check = v.InferOutput<typeof CheckSchema>;

/** What is remembered; nothing where it can't be read. */
export async function readChecks(store: Store): Promise<readonly Check[]> {
  try {
    return decodeChecks((await collectSmall(store.read(FILE))).toString());
  } catch (error) {
    if (error instanceof Failure && isUnreadable(error.code)) return [];
    throw error;
  }
}

/** Nothing where the text is none of ours, or of a later version. */
export function decodeChecks(text: string): readonly Check[] {
  try {
    return v.parse(FileSchema, JSON.parse(text)).checks;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof v.ValiError) return [];
    throw error;
  }
}

/** Stamps of the backups of which the last verification of every byte has found something wrong. */
export function knownBad(checks: readonly Check[]): ReadonlySet<string> {
  const bad = checks.filter(({ kind, outcome }) => kind === 'verify' && outcome === 'bad');
  return new Set(bad.map(({ stamp }) => stamp));
}

/**
 * When a look at what is in a restore point, its blobs too, has last found something wrong, by the
 * stamps of those where it has.
 */
export function doubtedSince(checks: readonly Check[]): ReadonlyMap<string, Date> {
  const bad = checks.filter(({ kind, outcome }) => kind !== 'verify' && outcome === 'bad');
  const doubts = new Map<string, Date>();
  for (const { stamp, at } of bad) {
    const since = new Date(at);
    if (since > (doubts.get(stamp) ?? new Date(0))) doubts.set(stamp, since);
  }
  return doubts;
}

function isUnreadable(code: Failure['code']): boolean {
  return ['not-found', 'usage', 'damaged'].includes(code);
}

/**
 * Remembers checks: the last of each kind for each restore point, as long as that is there. Where
 * nothing can be written, as on a copy that is mounted for reading, nothing is remembered.
 *
 * @param stamps - of the restore points that are there
 */
export async function rememberChecks(
  store: Store,
  { checks, stamps }: { readonly checks: readonly Check[]; readonly stamps: ReadonlySet<string> },
): Promise<void> {
  if (checks.length === 0) return;
  const isNew = (old: Check) =>
    checks.some(({ stamp, kind, wrapped }) => {
      return stamp === old.stamp && (kind === old.kind || (wrapped && old.kind === 'deep'));
    });
  const others = (await readChecks(store)).filter((old) => !isNew(old));
  const kept = [...others, ...checks].filter(({ stamp }) => stamps.has(stamp));
  try {
    const text = `${JSON.stringify({ format: 1, checks: kept }, undefined, 1)}\n`;
    await using file = await store.stage(FILE, [Buffer.from(text)]);
    await file.publish();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'system') throw error;
  }
}
