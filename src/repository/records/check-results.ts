import * as v from 'valibot';
import { encodeJsonRecord, readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { RememberingStore } from '../../stores/remembering-store.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { cooperatively } from '../../system/streams/cooperative.ts';
import { formatStamp, type Stamp } from '../layout/stamp.ts';
import { badResultInName, nameOfBadResult } from './bad-result-name.ts';

/** A file in the repository; no pattern of repozo matches it. */
export const CHECKS_FILE = '.zodbvault.checks.json';
const FILE = CHECKS_FILE;

const kinds = ['verify', 'sample', 'deep', 'rehearsal'] as const;

const FaultsSchema = v.object({
  /**
   * - `stored`: what is stored is not what was written;
   * - `database`: it is, and the site itself had the faults when it was backed up.
   */
  where: v.picklist(['stored', 'database']),
  /** What and where, in an order of their own: the same in each backup that has them. Not all, where they are many. */
  names: v.pipe(v.array(v.string()), v.readonly()),
  count: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

export const CheckSchema = v.object({
  /** Of the restore point. */
  stamp: v.string(),
  /**
   * How deep the look was, the shallowest first:
   *
   * - `verify`: every byte against its checksums, of copies of blobs how much there is;
   * - `sample`: every byte, the log, and some of the objects;
   * - `deep`: the whole database, and every byte of its blobs;
   * - `rehearsal`: it was restored, and what came out was verified deeply.
   */
  kind: v.picklist(kinds),
  /** What of the restore point was looked at. */
  part: v.picklist(['data', 'blobs']),
  outcome: v.picklist(['good', 'bad']),
  /** What is bad; absent where a version wrote it that didn't say. */
  faults: v.optional(FaultsSchema),
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

/** Format 1 speaks of a look as a whole, and knows no samples. */
const WholeCheckSchema = v.object({
  ...v.omit(CheckSchema, ['part', 'faults']).entries,
  kind: v.picklist(['verify', 'deep', 'rehearsal']),
});

export const CheckFileSchema = v.object({
  format: v.picklist([1, 2]),
  checks: v.array(v.unknown()),
  /** Name of the file that was in its place and could not be read; until a deep look is noted again. */
  unread: v.optional(v.string()),
});

type CheckFile = v.InferOutput<typeof CheckFileSchema>;

/** What somebody has found out about a restore point, or about one of its two parts. */
export type Check = v.InferOutput<typeof CheckSchema>;

/** What is wrong where something is bad. */
export type Faults = v.InferOutput<typeof FaultsSchema>;

/** The names that are remembered of many faults. */
export const MOST_NAMES = 100;

/** Less than a millisecond of work. */
const CHECKS_PER_PORTION = 100;

/** What is remembered, in the order in which it was found out; nothing where it can't be read: see {@link findUnreadChecks}. */
export async function readChecks(store: Store): Promise<readonly Check[]> {
  return (await readRemembered(store)).checks;
}

/** What is remembered, and the name of the file with what was, and can't be read. */
interface Remembered {
  readonly checks: readonly Check[];
  readonly unread: string | undefined;
}

async function readRemembered(store: Store): Promise<Remembered> {
  const { checks, unread } = await readFile(store);
  const named = [...(await readNamed(store)).values()];
  return { checks: [...checks, ...named], unread };
}

async function readFile(store: Store): Promise<Remembered> {
  const record = await readJsonRecord(store, FILE, CheckFileSchema);
  if (record.kind === 'absent' || record.kind === 'no-file')
    return { checks: [], unread: undefined };
  const checks = record.kind === 'read' ? await cooperatively(checksIn(record.value)) : undefined;
  if (record.kind !== 'read' || checks === undefined) return { checks: [], unread: FILE };
  return { checks, unread: record.value.unread };
}

/** Bad results that the file had no room for, by the names of the files that tell them; the first look comes first. */
async function readNamed(store: Store): Promise<ReadonlyMap<string, Check>> {
  const files = await store.list().catch((error: unknown) => {
    if (isFailure(error, 'not-found')) return [];
    throw error;
  });
  const named = files.flatMap(({ name }): (readonly [string, Check])[] => {
    const check = v.safeParse(CheckSchema, badResultInName(name));
    return check.success ? [[name, check.output]] : [];
  });
  return new Map(named.sort(([, one], [, other]) => (one.at < other.at ? -1 : 1)));
}

/**
 * Name of the file with what was found out and can't be read, as long as nobody has looked deeply again: what was bad
 * then counts as good. Undefined where all is known.
 */
export async function findUnreadChecks(store: Store): Promise<string | undefined> {
  return (await readRemembered(store)).unread;
}

/** By the stamps of their restore points, each in their order. */
export function checksByStamp(checks: readonly Check[]): ReadonlyMap<string, readonly Check[]> {
  const byStamp = new Map<string, Check[]>();
  for (const check of checks) {
    const some = byStamp.get(check.stamp);
    if (some === undefined) byStamp.set(check.stamp, [check]);
    else some.push(check);
  }
  return byStamp;
}

/** Those of a file; undefined where one of them is none of ours. There may be some for each of very many points. */
export function* checksIn({
  format,
  checks,
}: CheckFile): Generator<void, readonly Check[] | undefined> {
  const decoded: Check[] = [];
  for (const [index, one] of checks.entries()) {
    if (index % CHECKS_PER_PORTION === 0) yield;
    if (format === 2) {
      const check = v.safeParse(CheckSchema, one);
      if (!check.success) return undefined;
      decoded.push(check.output);
    } else {
      const check = v.safeParse(WholeCheckSchema, one);
      if (!check.success) return undefined;
      decoded.push(...partsOf(check.output));
    }
  }
  return decoded;
}

/** A deep look was one at the blobs, too; which part of it was bad, nobody has written down. */
function partsOf(check: v.InferOutput<typeof WholeCheckSchema>): readonly Check[] {
  const data = { ...check, part: 'data' } as const;
  return check.kind === 'verify' ? [data] : [data, { ...check, part: 'blobs' }];
}

/**
 * Whether a look that found nothing shows that what an earlier one has found is not there any more. The order of looks
 * is that in which they were written down, whatever clocks say.
 *
 * @param good - written down behind `bad`
 */
export function disproves(good: Check, bad: Check): boolean {
  if (good.part !== bad.part || hasBegunDuring(bad, good)) return false;
  // A sample is of other objects each time.
  if (good.kind === 'sample') return bad.kind === 'verify';
  return isAsDeep(good.kind, bad.kind);
}

/** Then the other one may have passed, before that, what it has found. */
function hasBegunDuring({ at }: Check, other: Check): boolean {
  const [moment, begun] = [Date.parse(at), Date.parse(other.at)];
  return begun < moment && moment <= begun + other.seconds * 1000;
}

/** Whether a look sees all that another one sees. */
export function isAsDeep(kind: Check['kind'], other: Check['kind']): boolean {
  return kinds.indexOf(kind) >= kinds.indexOf(other);
}

/** Those of looks that have found nothing wrong in any part. */
export function ofGoodLooks(checks: readonly Check[]): readonly Check[] {
  const bad = checks.filter(({ outcome }) => outcome === 'bad');
  return checks.filter(
    ({ stamp, kind, at }) =>
      !bad.some((one) => one.stamp === stamp && one.kind === kind && one.at === at),
  );
}

/** What an earlier version has not said: what only a deep look sees is in the database, as a rule. */
function isOfDatabase({ kind, part, outcome, faults }: Check): boolean {
  const where = faults?.where ?? (kind === 'verify' ? 'stored' : 'database');
  return part === 'data' && outcome === 'bad' && where === 'database';
}

/**
 * The newest look that found faults in the database of a restore point which is gone by now, as long as none as deep
 * has found a newer point, or that one, without: what was backed up since may have them, too.
 *
 * @param stamps - of the restore points that are there
 */
export function standingFaults(
  checks: readonly Check[],
  stamps: ReadonlySet<string>,
): Check | undefined {
  const isRefuted = (bad: Check) =>
    checks.some(
      ({ part, outcome, stamp, kind }, index) =>
        part === 'data' &&
        outcome === 'good' &&
        isAsDeep(kind, bad.kind) &&
        (stamp > bad.stamp || (stamp === bad.stamp && index > checks.indexOf(bad))),
    );
  return checks
    .filter((one) => !stamps.has(one.stamp) && isOfDatabase(one) && !isRefuted(one))
    .sort((a, b) => (a.stamp < b.stamp ? -1 : 1))
    .at(-1);
}

/** The stamps of the points of which the blobs were found to be wrong, and were not made again since. */
export function stampsOfSuspectBlobs(checks: readonly Check[]): ReadonlySet<string> {
  const bad = checks.filter(({ part, outcome }) => part === 'blobs' && outcome === 'bad');
  return new Set(bad.map(({ stamp }) => stamp));
}

/** For blobs that were made again: what was found in them before is not theirs. The caller holds the repository's lock. */
export async function forgetBlobChecks(store: RememberingStore, stamp: Stamp): Promise<void> {
  store.forget(FILE);
  const { checks, unread } = await readRemembered(store);
  const others = checks.filter((one) => one.part !== 'blobs' || one.stamp !== stamp);
  if (others.length !== checks.length) await writeFile(store, { checks: others, unread });
}

/**
 * Remembers checks: the last of each kind for each part of a restore point, as long as that is there, and
 * {@link standingFaults}. What can't be read is kept aside. Where the disk has no room for that, the bad ones are told by
 * the names of empty files, until there is. Failures: those of the store, `system` where nothing can be written.
 *
 * @param stamps - of the restore points that are there
 */
export async function rememberChecks(
  store: RememberingStore,
  { checks, stamps }: { readonly checks: readonly Check[]; readonly stamps: ReadonlySet<string> },
): Promise<void> {
  if (checks.length === 0) return;
  store.forget(FILE); // Others look into it without a lock, too.
  try {
    await addToFile(store, { checks, stamps });
  } catch (error) {
    const bad = checks.filter(({ outcome }) => outcome === 'bad');
    const hasNoRoom = isFailure(error, 'system');
    if (!hasNoRoom || bad.length === 0) throw error;
    for (const name of new Set(bad.map(nameOfBadResult))) {
      await using file = await store.stage(name, []);
      await file.publish();
    }
  }
}

async function addToFile(
  store: Store,
  { checks, stamps }: { readonly checks: readonly Check[]; readonly stamps: ReadonlySet<string> },
): Promise<void> {
  const remembered = await readRemembered(store);
  const aside = remembered.unread === FILE ? await keepAside(store) : remembered.unread;
  const unread = checks.some(isDeep) ? undefined : aside;
  const kept = worthKeeping(withLater(remembered.checks, checks), stamps);
  await writeFile(store, { checks: kept, unread });
}

/** What is known when some more was found out: the last of each kind for each part of a restore point. */
export function withLater(known: readonly Check[], later: readonly Check[]): readonly Check[] {
  const byStamp = checksByStamp(later);
  const isReplaced = (old: Check) =>
    byStamp.get(old.stamp)?.some((look) => {
      const { part, kind, wrapped, outcome } = look;
      const isSame = part === old.part && (kind === old.kind || (wrapped && old.kind === 'deep'));
      const stands = old.outcome === 'bad' && outcome === 'good' && hasBegunDuring(old, look);
      return isSame && !stands;
    });
  return [...known.filter((old) => !isReplaced(old)), ...later];
}

/** Those of points that are there, and {@link standingFaults}. @param stamps - of the points that are there */
export function worthKeeping(
  checks: readonly Check[],
  stamps: ReadonlySet<string>,
): readonly Check[] {
  const standing = standingFaults(checks, stamps);
  return checks.filter((one) => stamps.has(one.stamp) || one === standing);
}

/** The file as it is written. */
export function encodeChecks(checks: readonly Check[]): Uint8Array {
  return encodeJsonRecord({ format: 2, checks });
}

/** What the names of empty files have told is in it, too: they go. */
async function writeFile(store: Store, { checks, unread }: Remembered): Promise<void> {
  const named = await readNamed(store);
  await writeJsonRecord(store, FILE, { format: 2, checks, ...(unread && { unread }) });
  for (const name of named.keys()) await store.remove(name);
}

function isDeep({ kind, wrapped }: Check): boolean {
  return wrapped === true || isAsDeep(kind, 'deep');
}

/** Copies the file to a name that is free, for somebody who can read it. Returns that. */
async function keepAside(store: Store): Promise<string> {
  const stamp = formatStamp(new Date());
  const name = `${FILE}.unreadable-${stamp}`;
  await using copy = await store.stage(name, store.read(FILE));
  await copy.publish();
  return name;
}
