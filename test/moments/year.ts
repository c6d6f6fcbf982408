import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readTarget } from '../../src/cli/options/written-date.ts';
import type { Random } from '../../src/demo/random.ts';
import { type Oid, oidFrom, ROOT_OID } from '../../src/filestorage/oid.ts';
import { formatTid, nextTid } from '../../src/filestorage/tid.ts';
import { openStates } from '../../src/operations/run/open-state.ts';
import type { State } from '../../src/states/state.ts';
import { Failure } from '../../src/system/failure.ts';
import { quietContext } from '../support/quiet-context.ts';
import { type AskedMoment, type ExpectedMoment, expectedMoment } from './expected-moment.ts';
import { DAY, HOUR, type SimulatedSite } from './simulated-site.ts';
import {
  firstMoment,
  objectsAfter,
  objectsIn,
  reachableFrom,
  type WrittenLog,
  type WrittenObject,
  type WrittenTransaction,
} from './written-log.ts';

/** A state that came out: by the log that was written down, and its last transaction there. */
interface GivenState {
  readonly log: WrittenLog;
  readonly last: WrittenTransaction;
}

/** Lets some days go by, in which a site lives as sites do. */
export async function liveOn(site: SimulatedSite, random: Random): Promise<void> {
  site.wait(random.below(10 * DAY));
  const isClockRight = !site.isClockWrong(site.clock);
  if (isClockRight && random.below(12) === 0) {
    await site.letClockBeWrong(random.pick([-3 * DAY, -2 * HOUR, 2 * HOUR, 20 * DAY]));
  }
  for (let count = random.below(5); count > 0; count -= 1) {
    await (random.below(6) === 0 ? site.undo() : site.commit());
    if (random.below(15) === 0) await site.pack(random.below(3));
  }
  const [first, ...others] = site.held;
  if (isClockRight && first !== undefined && random.below(12) === 0) {
    await site.restore(random.pick([first, ...others]));
  }
  if (random.below(5) > 0) await site.backUp(random.below(6) === 0 ? 'always' : 'as-set');
}

/** Any date, mostly one of the last weeks, or any transaction that there ever was. */
export function anyMoment(site: SimulatedSite, random: Random): AskedMoment {
  const start = site.states[0]?.at ?? 0;
  const { log } = site.states[random.below(site.states.length)] ?? site;
  const of = log.transactions[random.below(log.transactions.length)];
  const kind = random.pick(['date', 'date', 'transaction', 'before'] as const);
  if (of !== undefined && kind !== 'date') return { kind, of, log };
  const from = random.below(3) === 0 ? start : Math.max(start, site.clock - 60 * DAY);
  const at = from + random.below(site.clock - from + 1);
  return { kind: 'date', at: Math.floor(at / 1000) * 1000 };
}

/** Opens a moment. What is wrong about that; undefined: nothing is. */
export async function judgeOpened(
  site: SimulatedSite,
  asked: AskedMoment,
): Promise<string | undefined> {
  const expected = expectedMoment(site, asked);
  const target = readTarget(wordsOf(asked), { terminal: { log: () => {} } });
  try {
    await using opened = await openStates(site.site, {
      moment: { kind: 'target', target, backupKind: 'backup' },
      storage: undefined,
      context: quietContext(),
    });
    const state = opened.all[0]?.state;
    if (state === undefined) return 'no state is opened';
    const given = writtenStates(site).filter(
      ({ log, last }) => last.tid === state.tid && log.ends.get(last) === state.sizeBytes,
    );
    return judgeGiven(given, expected) ?? (await judgeObjects(state, given));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return judgeRefusal(`${error.code}: ${error.message}`, expected);
  }
}

/** Restores a moment beside the site, by the command. What is wrong about that; undefined: nothing is. */
export async function judgeRestored(
  site: SimulatedSite,
  asked: AskedMoment,
): Promise<string | undefined> {
  const expected = expectedMoment(site, asked);
  const folder = join(site.test.folder, 'restored');
  rmSync(folder, { recursive: true, force: true });
  const words = ['restore', '-n', '--to', folder, wordsOf(asked)];
  const { status, stderr } = await site.test.run(words);
  if (status !== 0) return judgeRefusal(`${status}: ${stderr}`, expected);
  const bytes = readFileSync(join(folder, 'filestorage/Data.fs'));
  const given = writtenStates(site).filter(
    ({ log, last }) =>
      log.ends.get(last) === bytes.length && log.bytes.subarray(0, bytes.length).equals(bytes),
  );
  return judgeGiven(given, expected);
}

/** As somebody types it. */
export function wordsOf(asked: AskedMoment): string {
  switch (asked.kind) {
    case 'date':
      return `${new Date(asked.at).toISOString().slice(0, 19)}Z`;
    case 'transaction':
      return formatTid(asked.of.tid);
    case 'before':
      return `before ${formatTid(asked.of.tid)}`;
    default:
      return asked satisfies never;
  }
}

function writtenStates({ states }: SimulatedSite): readonly GivenState[] {
  const logs = new Set(states.map(({ log }) => log));
  return [...logs].flatMap((log) => [...log.ends.keys()].map((last) => ({ log, last })));
}

function judgeRefusal(said: string, { mayRefuse }: ExpectedMoment): string | undefined {
  if (mayRefuse === 'never') return `it is refused: ${said}`;
  const isRefusal = /^(?:not-found|refused): |^1: .*Cannot /s.test(said);
  return isRefusal ? undefined : `another failure: ${said}`;
}

/** @param given - the same state in all logs that have it */
function judgeGiven(
  given: readonly GivenState[],
  { asked, known, mayRefuse }: ExpectedMoment,
): string | undefined {
  const [first] = given;
  if (first === undefined) return 'it is a state that never was';
  if (mayRefuse === 'wrong clock') return undefined;
  if (known === undefined) return 'there was nothing yet';
  if (given.some(({ last }) => last === known)) return undefined;
  const { transactions } = asked.kind === 'date' ? first.log : asked.log;
  const end = transactions.indexOf(known) + 1;
  // A pack may have taken a transaction away that changed nothing which is left.
  const was = end === 0 ? undefined : objectsAfter(transactions.slice(0, end));
  const isSame = was !== undefined && isSameSite(objectsIn(first.log, first.last), was);
  return isSame ? undefined : `it is ${formatTid(first.last.tid)}, not ${formatTid(known.tid)}`;
}

type Objects = ReadonlyMap<bigint, WrittenObject>;

function isSameSite(is: Parameters<typeof reachableFrom>[0], was: typeof is): boolean {
  const text = (objects: Objects) =>
    [...objects]
      .map(([oid, { tid }]) => `${oid} of ${tid}`)
      .sort()
      .join();
  return text(reachableFrom(is, [ROOT_OID])) === text(reachableFrom(was, [ROOT_OID]));
}

/** Every object is what it was, and there is no other; and what it was before each of the transactions. */
async function judgeObjects(
  state: State,
  [given]: readonly GivenState[],
): Promise<string | undefined> {
  if (given === undefined) return undefined;
  const { log, last } = given;
  const objects = objectsIn(log, last);
  const isJudged = judgedObjects(log, last);
  const listed = [...state.oids()].filter(isJudged).sort().join();
  const expected = [...objects.keys()].filter(isJudged).sort().join();
  if (listed !== expected) return `it has the objects ${listed}`;
  const known = new Set(log.transactions.flatMap(({ changes }) => [...changes.keys()]));
  for (const oid of [...known, oidFrom(0xffffn)].filter(isJudged)) {
    const loaded = await state.load(oid);
    const object = objects.get(oid);
    if (loaded?.tid !== object?.tid || !isSameData(loaded?.data, object?.data)) {
      return `object ${oid} is not what it was`;
    }
  }
  const first = firstMoment(log);
  for (const one of [...log.ends.keys()].filter(({ tid }) => tid >= first && tid <= last.tid)) {
    const then = objectsIn(log, one);
    for (const oid of [...one.changes.keys()].filter(judgedObjects(log, one))) {
      const found = await state.loadBefore(oid, nextTid(one.tid));
      const data = found.kind === 'data' ? found.data : undefined;
      if (!isSameData(data, then.get(oid)?.data)) return `object ${oid} was another before`;
    }
  }
  return undefined;
}

/**
 * At the first moment after a pack, an object whose creation was undone may be there again: the pack leaves the record
 * that a later undo points back to, and not the one in front of it which says that the object is gone. Nothing leads to
 * such an object then.
 */
function judgedObjects(log: WrittenLog, last: WrittenTransaction): (oid: Oid) => boolean {
  if (log.packs.length === 0 || last.tid !== firstMoment(log)) return () => true;
  const reachable = reachableFrom(objectsIn(log, last), [ROOT_OID]);
  return (oid) => reachable.has(oid);
}

function isSameData(is: Uint8Array | undefined, was: Uint8Array | undefined): boolean {
  return is === undefined || was === undefined ? is === was : Buffer.compare(is, was) === 0;
}
