import { MAGIC_BYTES } from '../../filestorage/format.ts';
import {
  type BackupPlan,
  type Continuation,
  judgeContinuation,
  planBackup,
} from '../../repository/backup-plan.ts';
import { type Catalogue, lostNewestFull } from '../../repository/layout/catalogue.ts';
import { type Chain, readChains } from '../../repository/layout/chain.ts';
import { chainsByPlace } from '../../repository/lineage/chains-by-place.ts';
import {
  type Comparison,
  compareQuickly,
  compareThoroughly,
} from '../../repository/lineage/comparison.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readJudgements } from '../../repository/read-judgements.ts';
import { dateOfPoint } from '../../repository/records/date-of-point.ts';
import type { ObservedSource, Source } from '../../sources/source.ts';
import { hasPassed } from '../../system/calendar/span.ts';
import { leadingTo } from '../../system/files/place.ts';
import { readJournal } from '../restore/journal/journal-record.ts';
import { warnOfAstrayServers } from '../run/astray-server-warning.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';
import type { BackupSettings } from './backup-settings.ts';
import { findSourcePast, NO_PAST, type SourcePast, tellPast } from './continuity/source-past.ts';
import { warnOfLostFiles } from './lost-files.ts';

/** What a backup is decided by, beside what is backed up. */
export interface Deciding {
  readonly repository: OpenRepository;
  /** Of a repository that isn't there yet, an empty one. */
  readonly catalogue: Catalogue;
  readonly settings: BackupSettings;
  readonly context: JobContext;
}

/** What a backup will be, and what was seen before that was decided. */
export interface BackupDecision {
  readonly plan: BackupPlan;
  readonly observed: ObservedSource;
  /** The newest chain that is there. */
  readonly newest: Chain | undefined;
  readonly past: SourcePast;
}

/** Looks at a Data.fs and its backups, decides what the next one will be, and says what somebody should know. */
export async function decideBackup(source: Source, deciding: Deciding): Promise<BackupDecision> {
  const { repository, catalogue, settings, context } = deciding;
  const chainOf = chainsByPlace(repository.chainOf, source.place);
  const files = catalogue.chains.at(-1);
  const newest = files === undefined ? undefined : await chainOf(files);
  const continuation = judgeContinuation(newest, {
    isFullWanted: settings.full === 'always',
    sourceBytes: source.log.sizeBytes,
    judgements: await readJudgements(repository, { catalogue }),
    lostFull: lostNewestFull(catalogue),
  });
  warnOfLostFiles(newest, { catalogue, context });
  await warnOfAstrayServers(source.path, context);
  const comparison = await compare(source, { continuation, deciding });
  const observed = await source.observe(whereOneEnds(continuation, comparison));
  const plan = planBackup(continuation, {
    comparison,
    committedEnd: observed.end.position,
    restoredAt: await whenRestored(source.place, newest),
    due: isFullDue(newest, settings) ? settings.fullEvery : undefined,
  });
  const { traces = { logs: [settings.repository], anchors: [source.path] } } = settings;
  const past =
    plan.kind === 'full'
      ? await findSourcePast(observed, {
          ...{ repository, chains: await readChains(catalogue, chainOf), traces, context },
          now: settings.now(),
        })
      : NO_PAST;
  const decision = { plan, observed, newest, past };
  tell(decision, deciding);
  return decision;
}

function isFullDue(
  newest: Chain | undefined,
  { fullEvery, now }: Pick<BackupSettings, 'fullEvery' | 'now'>,
): boolean {
  const since = newest && dateOfPoint(newest.stamp, newest.links[0]?.record);
  if (since === undefined || fullEvery === undefined) return false;
  return hasPassed(fullEvery, { since, now: now() });
}

/** A Data.fs that begins with what was backed up has a transaction that ends where that does. */
function whereOneEnds(
  continuation: Continuation,
  comparison: Comparison | undefined,
): number | undefined {
  const isSame = continuation.kind === 'possible' && comparison?.kind === 'same';
  return isSame ? Math.max(continuation.end, MAGIC_BYTES) : undefined;
}

function tell(
  { plan, observed: { source, uncommittedBytes }, past }: BackupDecision,
  { settings: { dataFs, repository }, context }: Deciding,
): void {
  const { path } = source;
  tellPast(source, { past, context });
  if (uncommittedBytes > 0) {
    const code = 'uncommitted-tail';
    context.onEvent({ kind: 'warning', code, source: path, bytes: uncommittedBytes });
  }
  // Whoever starts a server makes its first transaction: it is the wrong file, or has lost everything.
  if (plan.kind === 'full' && plan.end <= MAGIC_BYTES) {
    context.onEvent({ kind: 'warning', code: 'source-empty', source: path });
  }
  context.onEvent({ kind: 'backup-planned', source: dataFs, repository, plan });
}

/** When zodbvault has restored the Data.fs since its last backup: then that is why it has other bytes. Only a note. */
async function whenRestored(
  anchor: string,
  newest: Chain | undefined,
): Promise<string | undefined> {
  const journal = await readJournal(anchor).catch(() => undefined);
  const madeAt = newest?.links.at(-1)?.record?.madeAt;
  const own = await leadingTo(anchor, journal?.steps.map(({ path }) => path) ?? []);
  const at = own.size > 0 ? journal?.at : undefined;
  // A stamp may be ahead of the moment: of two backups in a second, the later gets the next one.
  const isSince = at !== undefined && madeAt !== undefined && new Date(at) >= new Date(madeAt);
  return isSince ? at : undefined;
}

async function compare(
  { log }: Source,
  { continuation, deciding }: { readonly continuation: Continuation; readonly deciding: Deciding },
): Promise<Comparison | undefined> {
  if (continuation.kind === 'impossible') return undefined;
  const { chain, end } = continuation;
  const { repository, settings, context } = deciding;
  switch (settings.comparison) {
    case 'quick':
      return compareQuickly(log, chain);
    case 'thorough':
      return withStep(context, {
        step: 'compare',
        totalBytes: end,
        work: (progress) =>
          compareThoroughly(log, {
            store: repository.store,
            chain,
            progress: stoppable(progress, context.signal),
          }),
      });
    default:
      return settings.comparison satisfies never;
  }
}
