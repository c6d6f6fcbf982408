import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readTarget } from '../../src/cli/options/written-date.ts';
import { retarget } from '../../src/config/model/relocate-site.ts';
import { type Random, randomFrom } from '../../src/demo/random.ts';
import { type Oid, oidFrom, ROOT_OID } from '../../src/filestorage/oid.ts';
import { formatTid, nextTid } from '../../src/filestorage/tid.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import { TO_EMPTY_PLACE } from '../../src/operations/restore/site-restore-plan.ts';
import { openStates } from '../../src/operations/run/open-state.ts';
import type { RestoreTarget } from '../../src/repository/restore-target.ts';
import type { State } from '../../src/states/state.ts';
import { Failure } from '../../src/system/failure.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { quietContext } from '../support/quiet-context.ts';
import { type AskedMoment, type ExpectedMoment, expectedMoment } from './expected-moment.ts';
import { DAY, HOUR, SimulatedSite, type SiteKind } from './simulated-site.ts';
import { type GivenState, type SimulatedStorage, wrongBlob } from './simulated-storage.ts';
import {
  cutBehind,
  firstMoment,
  objectsAfter,
  objectsIn,
  reachableFrom,
  type WrittenLog,
  type WrittenObject,
  type WrittenTransaction,
} from './written-log.ts';

const OPENED_EACH_STEP = 3;
/** A restore takes as long as many that are opened. */
const STEPS_TO_RESTORE = 4;

/** Lets a site live for some steps, and asks for moments after each. What is wrong; undefined: nothing is. */
export async function wrongInYear(
  folder: string,
  { seed, kind, steps }: { readonly seed: number; readonly kind: SiteKind; readonly steps: number },
): Promise<string | undefined> {
  const random = randomFrom(seed);
  const site = await SimulatedSite.begin(folder, { random, kind });
  for (let step = 0; step < steps; step++) {
    const lived = await liveOn(site, random);
    if (lived !== undefined) return `step ${step}, restored in place: ${lived}`;
    for (let count = 0; count < OPENED_EACH_STEP; count++) {
      const asked = anyMoment(site, random);
      const said = await judgeOpened(site, asked);
      if (said !== undefined) return `step ${step}, opened ${wordsOf(asked)}: ${said}`;
    }
    if (step % STEPS_TO_RESTORE > 0) continue;
    const asked = anyMoment(site, random);
    const said = await judgeRestored(site, asked);
    if (said !== undefined) return `step ${step}, restored ${wordsOf(asked)}: ${said}`;
  }
  return undefined;
}

/** Lets some days go by, in which a site lives as sites do. What is wrong with a restore of it; undefined: nothing is. */
async function liveOn(site: SimulatedSite, random: Random): Promise<string | undefined> {
  site.wait(random.below(10 * DAY));
  const isClockRight = !site.isClockWrong(site.clock);
  if (isClockRight && random.below(12) === 0) {
    await site.letClockBeWrong(random.pick([-3 * DAY, -2 * HOUR, 2 * HOUR, 20 * DAY]));
  }
  for (let count = random.below(5); count > 0; count -= 1) {
    await (random.below(6) === 0 ? site.undo() : site.commit());
    if (random.below(15) === 0) await site.pack(random.below(3));
  }
  const wrong = isClockRight && random.below(8) === 0 ? await restoreLive(site, random) : undefined;
  if (random.below(5) > 0) await site.backUp(random.below(6) === 0 ? 'always' : 'as-set');
  return wrong;
}

/** To a backup, or to a moment; or the last restore is undone. */
async function restoreLive(site: SimulatedSite, random: Random): Promise<string | undefined> {
  const [first, ...others] = site.storages.at(-1)?.held ?? [];
  const way = random.pick(['backup', 'moment', 'undo'] as const);
  if (way === 'undo') await site.undoRestore();
  else if (way === 'backup' && first !== undefined) {
    await site.restore(random.pick([first, ...others]));
  } else if (way === 'moment') return restoreLiveTo(site, anyMoment(site, random));
  return undefined;
}

async function restoreLiveTo(site: SimulatedSite, asked: AskedMoment): Promise<string | undefined> {
  const expected = expectationsOf(site, asked);
  const known = expected.map((one) => one.known);
  try {
    await site.restoreMoment(targetOf(asked), ({ transactions }) => {
      return known.includes(transactions.at(-1));
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return judgeRefusal(error, expected);
  }
  const wrong = site.storages.map(({ log }, row) => {
    const last = log.transactions.at(-1);
    const one = expected[row];
    return last && one && judgeGiven([{ log, last }], one);
  });
  return wrong.find((one) => one !== undefined);
}

/** Any date, mostly one of the last weeks, or any transaction that there ever was of the only storage. */
function anyMoment({ storages, clock }: SimulatedSite, random: Random): AskedMoment {
  const [storage, other] = storages;
  const states = storage?.states ?? [];
  const start = states[0]?.at ?? 0;
  const log = states[random.below(states.length)]?.log;
  const of = log?.transactions[random.below(log.transactions.length)];
  const kind = random.pick(['date', 'date', 'transaction', 'before'] as const);
  const isOne = other === undefined && log !== undefined && of !== undefined;
  if (isOne && kind !== 'date') return { kind, of, log };
  const from = random.below(3) === 0 ? start : Math.max(start, clock - 60 * DAY);
  const at = from + random.below(clock - from + 1);
  return { kind: 'date', at: Math.floor(at / 1000) * 1000 };
}

/** Opens a moment. What is wrong about that; undefined: nothing is. */
async function judgeOpened(site: SimulatedSite, asked: AskedMoment): Promise<string | undefined> {
  const expected = expectationsOf(site, asked);
  try {
    await using opened = await openStates(site.site, {
      moment: { kind: 'target', target: targetOf(asked), backupKind: 'backup' },
      storage: undefined,
      isChecked: false,
      context: quietContext(),
    });
    for (const [row, storage] of site.storages.entries()) {
      const state = opened.all.find((one) => one.storage === storage.place.name)?.state;
      const one = expected[row];
      if (state === undefined || one === undefined) return 'no state is opened';
      const given = storage
        .writtenStates()
        .filter(
          ({ log, last }) => last.tid === state.tid && log.ends.get(last) === state.sizeBytes,
        );
      const wrong = judgeGiven(given, one) ?? (await judgeObjects(state, given));
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return judgeRefusal(error, expected);
  }
}

/** Restores a moment beside the site. What is wrong about that; undefined: nothing is. */
async function judgeRestored(site: SimulatedSite, asked: AskedMoment): Promise<string | undefined> {
  const expected = expectationsOf(site, asked);
  const folder = join(site.test.folder, 'restored');
  rmSync(folder, { recursive: true, force: true });
  const beside = retarget(site.site, folder);
  const settings = { ...TO_EMPTY_PLACE, site: beside, kind: 'backup' } as const;
  const now = () => new Date(site.clock);
  try {
    await restoreSite({ ...settings, wanted: targetOf(asked), now }, quietContext());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return judgeRefusal(error, expected);
  }
  for (const [row, storage] of site.storages.entries()) {
    const one = expected[row];
    const wrong = one && judgeFolder(folder, { storage, expected: one });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function judgeFolder(
  folder: string,
  { storage, expected }: { readonly storage: SimulatedStorage; readonly expected: ExpectedMoment },
): string | undefined {
  const { name, blobs } = storage.place;
  const bytes = readFileSync(join(folder, `filestorage/${name}.fs`));
  const given = storage.statesOf(bytes);
  const [first] = given;
  const wrong = judgeGiven(given, expected);
  if (wrong !== undefined || blobs === undefined || first === undefined) return wrong;
  return wrongBlob(join(folder, 'blobstorage'), cutBehind(first.log, first.last));
}

/** As somebody types it. */
function wordsOf(asked: AskedMoment): string {
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

function targetOf(asked: AskedMoment): RestoreTarget {
  return readTarget(wordsOf(asked), { terminal: { log: () => {} } });
}

/** Of each storage, in their order. */
function expectationsOf(site: SimulatedSite, asked: AskedMoment): readonly ExpectedMoment[] {
  return site.storages.map((storage) => expectedMoment({ site, storage }, asked));
}

/** A refusal is right where one of the storages may refuse. */
function judgeRefusal(
  { code, message }: Failure,
  expected: readonly ExpectedMoment[],
): string | undefined {
  if (expected.every(({ mayRefuse }) => mayRefuse === 'never')) return `it is refused: ${message}`;
  return code === 'not-found' || code === 'refused' ? undefined : `another failure: ${message}`;
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
    if (object?.blob === undefined) continue;
    const blob = await state.blob(oid, object.tid);
    const bytes = blob && (await collect(blob.read()));
    if (!isSameData(bytes, object.blob)) return `the blob of ${oid} is not what it was`;
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
