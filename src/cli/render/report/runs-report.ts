import type { PastRun } from '../../../operations/run/past-runs.ts';
import { eachInTurn } from '../../../system/streams/cooperative.ts';
import type { Sample } from './growth.ts';

/** Lines of the table of runs. */
const SHOWN = 30;
/** Points of a curve: more than it is wide. */
const MOST_SAMPLES = 1000;

export interface RunReport {
  readonly begun: Date;
  readonly verb: string;
  readonly of: string;
  readonly seconds: number;
  readonly storedBytes: number;
  readonly blobBytes: number;
  readonly result: string;
  readonly message: string;
}

/** What the page tells of the runs of a site, of which there may be very many. */
export interface RunsReport {
  /** As many as the page shows, the newest first. */
  readonly last: readonly RunReport[];
  /** By the kind of backups, a moment of each day on which one ran well. */
  readonly goodDays: ReadonlyMap<string, readonly Date[]>;
  /** By the kind of backups, the sizes of the blobs in them, the oldest first. */
  readonly blobSizes: ReadonlyMap<string, readonly Sample[]>;
}

export const NO_RUNS: RunsReport = { last: [], goodDays: new Map(), blobSizes: new Map() };

/** @param runs - newest first */
export async function reportRuns(runs: readonly PastRun[]): Promise<RunsReport> {
  const goodDays = new Map<string, Map<string, Date>>();
  const blobSizes = new Map<string, Sample[]>();
  await eachInTurn(runs, ({ verb, of: kind, begun, blobBytes, result }) => {
    if (verb === 'backup' && isGood(result)) {
      listIn(goodDays, { key: kind, empty: () => new Map() }).set(
        begun.slice(0, 10),
        new Date(begun),
      );
    }
    if (blobBytes > 0) {
      const sample = { moment: new Date(begun), bytes: blobBytes };
      listIn(blobSizes, { key: kind, empty: () => [] }).push(sample);
    }
  });
  return {
    last: runs.slice(0, SHOWN).map(({ begun, message = '', ...run }) => ({
      ...run,
      begun: new Date(begun),
      message,
    })),
    goodDays: new Map([...goodDays].map(([of, days]) => [of, [...days.values()]])),
    blobSizes: new Map([...blobSizes].map(([of, sizes]) => [of, thinned(sizes).reverse()])),
  };
}

export function isGood(result: string): boolean {
  return result === 'done' || result === 'warnings';
}

function listIn<Values>(
  lists: Map<string, Values>,
  { key, empty }: { readonly key: string; readonly empty: () => Values },
): Values {
  const list = lists.get(key) ?? empty();
  lists.set(key, list);
  return list;
}

/** Some of them, at even distances; the first and the last are among them. */
function thinned(samples: readonly Sample[]): Sample[] {
  const step = Math.ceil(samples.length / MOST_SAMPLES);
  return samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
}
