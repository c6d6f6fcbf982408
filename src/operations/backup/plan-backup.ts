import { findCommittedEnd } from '../../filestorage/committed-end.ts';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { isDebris, type Stop } from '../../filestorage/uncommitted-tail.ts';
import {
  type BackupPlan,
  type Continuation,
  judgeContinuation,
  planBackup,
} from '../../repository/backup-plan.ts';
import { type Catalogue, lostNewestFull } from '../../repository/layout/catalogue.ts';
import { type Chain, type ChainReader, readChains } from '../../repository/layout/chain.ts';
import {
  type Comparison,
  compareQuickly,
  compareThoroughly,
} from '../../repository/lineage/comparison.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readJudgements } from '../../repository/read-judgements.ts';
import { committedEndFromIndex } from '../../sources/committed-end-from-index.ts';
import type { FileSource } from '../../system/files/byte-source.ts';
import { leadingTo } from '../../system/files/place.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { readJournal } from '../restore/journal/journal-record.ts';
import { warnOfAstrayServers } from '../run/astray-server-warning.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';
import type { BackupSettings } from './backup-settings.ts';
import { warnOfLostFiles } from './lost-files.ts';
import { findOtherCopy, tellOtherCopy } from './other-copy.ts';
import { tellContinuity } from './source-checks.ts';
import { findSourceContinuity } from './source-continuity.ts';

/** What a backup is planned from. */
export interface Planning {
  readonly repository: OpenRepository;
  /** Of a repository that isn't there yet, an empty one. */
  readonly catalogue: Catalogue;
  readonly chainOf: ChainReader;
  readonly settings: BackupSettings;
  readonly context: JobContext;
}

/** What a backup will be, and what is known of the Data.fs that it will be of. */
export interface MadePlan {
  readonly plan: BackupPlan;
  readonly newest: Chain | undefined;
  readonly hasLostEnd: boolean;
  readonly hasOtherCopy: boolean;
  readonly mayLack: boolean;
}

/** Decides what a backup of a Data.fs will be; says what somebody should know about it. */
export async function makePlan(source: FileSource, planning: Planning): Promise<MadePlan> {
  const { repository, catalogue, chainOf, settings, context } = planning;
  const { store } = repository;
  const files = catalogue.chains.at(-1);
  const newest = files === undefined ? undefined : await chainOf(files);
  const continuation = judgeContinuation(newest, {
    isFullWanted: settings.full === 'always',
    sourceBytes: source.sizeBytes,
    judgements: await readJudgements(repository, { catalogue }),
    lostFull: lostNewestFull(catalogue),
  });
  warnOfLostFiles(newest, { catalogue, context });
  await warnOfAstrayServers(source.path, context);
  const comparison = await compare(source, { continuation, planning });
  const isSame = continuation.kind === 'possible' && comparison?.kind === 'same';
  const end = isSame
    ? await findCommittedEnd(source, Math.max(continuation.end, MAGIC_BYTES))
    : await committedEndFromIndex(source);
  const plan = planBackup(continuation, {
    comparison,
    committedEnd: end.position,
    otherBy: await whatMadeItAnother(source, newest),
  });
  const chains = plan.kind === 'full' ? await readChains(catalogue, chainOf) : [];
  const { traces = { logs: [settings.repository], anchors: [source.path] } } = settings;
  const found = await findSourceContinuity(source, {
    ...{ store, end, chains, traces, context },
    now: settings.now(),
  });
  tellContinuity(source, { found, context });
  const other = await findOtherCopy(source, { store, end, chains, context });
  tellOtherCopy(source, { other, context });
  await warnOfDebris(source, { stop: end.stop, context });
  if (plan.kind === 'full' && plan.end <= MAGIC_BYTES) warnOfNothing(source, context);
  context.onEvent({
    kind: 'backup-planned',
    source: settings.dataFs,
    repository: settings.repository,
    plan,
  });
  return {
    plan,
    newest,
    hasLostEnd: found.kind === 'lost',
    hasOtherCopy: other.kind === 'other',
    mayLack: found.kind === 'unknown' || other.kind === 'unknown',
  };
}

/** Who restored it knows why it has other bytes; else it is a guess. */
async function whatMadeItAnother(source: FileSource, newest: Chain | undefined): Promise<string> {
  const anchor = await realPlaceOf(source.path);
  const journal = await readJournal(anchor).catch(() => undefined);
  const madeAt = newest?.links.at(-1)?.record?.madeAt;
  const own = await leadingTo(anchor, journal?.steps.map(({ path }) => path) ?? []);
  const at = own.size > 0 ? journal?.at : undefined;
  // A stamp may be ahead of the moment: of two backups in a second, the later gets the next one.
  const isSince = at !== undefined && madeAt !== undefined && new Date(at) >= new Date(madeAt);
  return isSince
    ? `it was restored at ${at.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' ')}, UTC`
    : 'a pack or a restore does this';
}

async function warnOfDebris(
  source: FileSource,
  { stop, context }: { readonly stop: Stop; readonly context: JobContext },
): Promise<void> {
  if (!(await isDebris(source, stop))) return;
  // A server has just finished, or given up, what it was writing when the file was opened.
  if ((await source.currentSizeBytes()) !== source.sizeBytes) return;
  context.onEvent({
    kind: 'warning',
    code: 'uncommitted-tail',
    source: source.path,
    bytes: source.sizeBytes - stop.position,
  });
}

/** Whoever starts a server makes its first transaction: it is the wrong file, or has lost everything. */
function warnOfNothing({ path }: FileSource, { onEvent }: JobContext): void {
  onEvent({ kind: 'warning', code: 'source-empty', source: path });
}

async function compare(
  source: FileSource,
  { continuation, planning }: { readonly continuation: Continuation; readonly planning: Planning },
): Promise<Comparison | undefined> {
  if (continuation.kind === 'impossible') return undefined;
  const { chain, end } = continuation;
  const { repository, settings, context } = planning;
  switch (settings.comparison) {
    case 'quick':
      return compareQuickly(source, chain);
    case 'thorough':
      return withStep(context, {
        step: 'compare',
        totalBytes: end,
        work: (progress) =>
          compareThoroughly(source, {
            store: repository.store,
            chain,
            progress: stoppable(progress, context.signal),
          }),
      });
    default:
      return settings.comparison satisfies never;
  }
}
