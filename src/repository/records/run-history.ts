import * as v from 'valibot';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { parseJson } from '../../system/parse-json.ts';
import { ProcessIdentitySchema } from '../../system/processes/process-identity.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { linesOf } from '../../system/streams/text-lines.ts';

/** The log of runs in a repository, one JSON object a line; no pattern of repozo matches its name. */
export const RUN_LOG_FILE = '.zodbvault.runs.jsonl';
/** What it is called when it has grown to its limit. */
export const EARLIER_RUN_LOG_FILE = '.zodbvault.runs.1.jsonl';
/** Limit of each of the two: some four thousand runs. */
export const RUN_LOG_BYTES = 1 << 20;
/** Most characters of a message that are kept, and most warnings. */
const LONGEST_MESSAGE = 1000;
const MOST_WARNINGS = 10;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Moment = v.pipe(v.string(), v.isoTimestamp());

export const RunSchema = v.object({
  /** `undo` swaps back a restore; `verify-deep` reads the database in a backup, too, `verify-sample` some of it. */
  verb: v.picklist([
    ...(['backup', 'restore', 'undo', 'verify', 'verify-deep', 'verify-sample'] as const),
    ...(['rehearse', 'retire', 'prune'] as const),
  ]),
  /** Which backups; `all` where a run looks at all kinds. */
  of: v.picklist(['backup', 'snapshot', 'zip', 'alternative', 'all']),
  part: v.string(),
  /** Of a backup: the storages of which it looked at the Data.fs. */
  storages: v.optional(v.array(v.string())),
  /** Of a backup: those Data.fs files, or the blob directories where only these are backed up. */
  sources: v.optional(v.array(v.string())),
  /** Of a restore, and what undoes one: the Data.fs files that it put back. */
  dataFs: v.optional(v.array(v.string())),
  /** Of a restore that is done: the restore point of each of those; of a moment within a backup, the one before. */
  points: v.optional(v.array(v.string())),
  /** The last transaction of each of those that were restored to a moment within a backup; empty for the others. */
  tids: v.optional(v.array(v.string())),
  /** Of a backup that is done: the restore points that it made. */
  made: v.optional(v.array(v.object({ storage: v.string(), stamp: v.string() }))),
  /** ISO 8601, UTC. */
  begun: Moment,
  seconds: v.pipe(v.number(), v.finite(), v.minValue(0)),
  readBytes: Count,
  /** Bytes of the data files that it wrote. */
  storedBytes: Count,
  /** Bytes of the blobs in the copies and archives that it made, shared ones with them. */
  blobBytes: Count,
  warnings: Count,
  /** The first of them, in words. */
  warned: v.optional(v.array(v.string())),
  /** The codes of all of them, each once. */
  warnedOf: v.optional(v.array(v.string())),
  /** `begun`: the line of a run that has not ended, or never did. */
  result: v.picklist(['begun', 'done', 'warnings', 'failed', 'interrupted']),
  /** Of the line of its begin: who it is. */
  process: v.optional(ProcessIdentitySchema),
  /** Of the failure: its code and its message. */
  code: v.optional(v.string()),
  message: v.optional(v.string()),
});

/** A run, as its line tells it. */
export type Run = v.InferOutput<typeof RunSchema>;

export function formatRun({ message, warned, ...run }: Run): string {
  const cut = (text: string) => text.slice(0, LONGEST_MESSAGE);
  return JSON.stringify({
    ...run,
    warned: warned?.slice(0, MOST_WARNINGS).map(cut),
    message: message === undefined ? undefined : cut(message),
  });
}

/** The run of a line; undefined for one that is cut, or of another version. */
export function parseRun(line: string): Run | undefined {
  return parseJson(line, RunSchema);
}

/**
 * All that a repository has logged, in its order, oldest first; nothing where there is no log. Lines that are no run are
 * passed over.
 */
export async function readRuns(store: Store): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const name of [EARLIER_RUN_LOG_FILE, RUN_LOG_FILE]) {
    try {
      for await (const line of linesOf(store.read(name))) {
        const run = parseRun(line);
        if (run !== undefined) runs.push(run);
        await giveWay();
      }
    } catch (error) {
      // A folder in its place is no log.
      if (!isFailure(error, 'not-found', 'usage')) throw error;
    }
  }
  return runs;
}

/**
 * All that the repositories of a site have logged, the oldest first: a run that works on all of them has its lines in
 * one. A copy of a repository has the lines of the original, which count once.
 */
export async function readRunsOfSite(stores: readonly Store[]): Promise<readonly Run[]> {
  const logs: (readonly Run[])[] = [];
  for (const store of stores) logs.push(await readRuns(store));
  const [only = [], ...others] = logs.filter((runs) => runs.length > 0);
  // Within a log, its order counts, whatever the clock said.
  if (others.length === 0) return only;
  const runs = new Map([only, ...others].flat().map((run) => [nameOf(run), run]));
  return [...runs.values()].sort((one, other) => Date.parse(one.begun) - Date.parse(other.begun));
}

function nameOf({ begun, verb, of, part, result }: Run): string {
  return [begun, verb, of, part, result].join(' ');
}
