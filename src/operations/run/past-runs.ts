import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { type Run, readRuns } from '../../repository/records/run-history.ts';
import type { Store } from '../../stores/store.ts';
import { lookAtProcess } from '../../system/processes/process-identity.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { findBackupPlaces } from './backup-places.ts';

/** A run that was logged, with what became of it. */
export interface PastRun extends Omit<Run, 'result'> {
  /** `running`: it has not ended yet; `killed`: it never will. */
  readonly result: Exclude<Run['result'], 'begun'> | 'running' | 'killed';
}

/** What the repositories of a site have logged, newest first. Failure `not-found` where there are none. */
export async function readHistory(
  site: Site,
  { kind, backups }: { readonly kind: BackupKind | 'all'; readonly backups: OpenBackups },
): Promise<readonly PastRun[]> {
  const folders = new Set(
    (await findBackupPlaces(site, { kind, backups })).map(({ path }) => path),
  );
  const runs: PastRun[] = [];
  for (const folder of folders) {
    for (const run of await readPastRuns(folder, backups)) runs.push(run);
  }
  return (await oneOfEach(runs))
    .reverse()
    .sort((a, b) => (a.begun < b.begun ? 1 : a.begun > b.begun ? -1 : 0));
}

/** All runs that one repository has logged, oldest first. */
export async function readPastRuns(
  folder: string,
  backups: OpenBackups,
): Promise<readonly PastRun[]> {
  return await pastRunsIn((await backups.repository(folder)).store);
}

/** The same of an open one. */
export async function pastRunsIn(store: Store): Promise<readonly PastRun[]> {
  const runs: PastRun[] = [];
  for (const { result, ...run } of await oneOfEach(await readRuns(store))) {
    const became = result === 'begun' ? await lookAtBegun(run, store) : result;
    runs.push({ ...run, result: became });
    await giveWay();
  }
  return runs;
}

/**
 * A run has a line for its begin and one for its end; a backup of which the post_command failed has two for
 * its end: the first tells what it made, the second how it ended. A copy of a repository has the lines of the
 * original.
 */
async function oneOfEach<Line extends Run | PastRun>(lines: readonly Line[]): Promise<Line[]> {
  const runs = new Map<string, Line>();
  for (const line of lines) {
    const name = `${line.begun} ${line.verb} ${line.of} ${line.part}`;
    const before = runs.get(name);
    const hasMade = before !== undefined && before.result !== 'begun';
    if (hasMade && line.result === 'begun') continue;
    const { storedBytes, blobBytes } = hasMade ? before : line;
    runs.delete(name); // It comes where its last line does.
    runs.set(name, { ...line, storedBytes, blobBytes });
    await giveWay();
  }
  return [...runs.values()];
}

/** The holder of a lock writes into its file every ten seconds; clocks of two machines may differ. */
const SILENT_SECONDS = 600;
/** A run elsewhere that holds no lock says nothing of itself: after so long, nobody believes in it. */
const LONGEST_SECONDS = 24 * 3600;
const WITHOUT_LOCK: readonly Run['verb'][] = ['verify', 'verify-deep', 'verify-sample', 'rehearse'];

async function lookAtBegun(
  { process, verb, begun }: Omit<Run, 'result'>,
  store: Store,
): Promise<'running' | 'killed'> {
  if (process === undefined) return 'killed';
  const seen = await lookAtProcess(process);
  if (seen !== 'unknown') return seen === 'runs' ? 'running' : 'killed';
  const isLate = (moment: Date, seconds: number) => Date.now() - moment.getTime() > seconds * 1000;
  if (WITHOUT_LOCK.includes(verb)) {
    return isLate(new Date(begun), LONGEST_SECONDS) ? 'killed' : 'running';
  }
  const holder = await store.holder();
  const { pid, host } = holder?.record ?? {};
  if (holder === undefined || pid !== process.pid || host !== process.host) return 'killed';
  return isLate(holder.beatAt, SILENT_SECONDS) ? 'killed' : 'running';
}
