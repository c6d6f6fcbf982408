import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { type Check, rememberChecks } from '../../repository/records/check-results.ts';
import {
  type PointFingerprint,
  rememberFingerprint,
} from '../../repository/records/fingerprints.ts';
import type { Finding } from '../../repository/verify-repository.ts';
import { isFailure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import type { BlobFinding } from './blob-finding.ts';
import type { DeepVerifiedPoint } from './verify-deep.ts';

/** When a check began and how long it took. */
export interface CheckTime {
  readonly begun: Date;
  readonly seconds: number;
}

/** What was found in a blob backup. */
export interface EntryFinding {
  readonly entry: BlobEntry;
  readonly finding: BlobFinding;
}

/** Remembers what a verification of every byte has shown about each restore point that it read. */
export async function rememberVerified(
  repository: OpenRepository,
  {
    findings,
    blobFindings,
    time,
    context,
  }: {
    readonly findings: readonly Finding[];
    /** Oldest first. */
    readonly blobFindings: readonly EntryFinding[];
    readonly time: CheckTime;
    readonly context: JobContext;
  },
): Promise<void> {
  const catalogue = await repository.catalogue();
  const outcomes = new Map(findings.map(({ name, kind }) => [name, kind]));
  const checks: Check[] = [];
  for (const { full, increments } of catalogue.chains) {
    // A point is as good as everything that it needs.
    let outcome: Check['outcome'] = 'good';
    for (const { name, stamp } of [full, ...increments]) {
      const found = outcomes.get(name);
      if (found === undefined) break;
      if (found === 'bad') outcome = 'bad';
      checks.push(storedCheck({ stamp, part: 'data', outcome, name, time }));
    }
  }
  checks.push(...checksOfBlobs(blobFindings, time));
  await remember(repository, { checks, context });
}

/** What is wrong with an archive is wrong with all that continue it. */
function checksOfBlobs(found: readonly EntryFinding[], time: CheckTime): readonly Check[] {
  const checks = new Map<string, Check>();
  let isChainBad = false;
  for (const { entry, finding } of found) {
    const { form, stamp, name } = entry;
    if (form === 'state') continue; // The next archive needs it, and no restore.
    const isBad: boolean = finding.kind === 'bad' || (form === 'delta' && isChainBad);
    if (form !== 'directory') isChainBad = isBad;
    // Of two kinds of backups of one moment, either may be restored.
    if (isBad && checks.get(stamp)?.outcome === 'good') continue;
    const outcome = isBad ? 'bad' : 'good';
    checks.set(stamp, storedCheck({ stamp, part: 'blobs', outcome, name, time }));
  }
  return [...checks.values()];
}

function storedCheck({
  name,
  time: { begun, seconds },
  ...of
}: Pick<Check, 'stamp' | 'part' | 'outcome'> & {
  readonly name: string;
  readonly time: CheckTime;
}): Check {
  const faults = { where: 'stored', names: [name], count: 1 } as const;
  const what = of.outcome === 'bad' ? { faults } : {};
  return { ...of, kind: 'verify', ...what, at: begun.toISOString(), seconds };
}

/** What a look has shown of a restore point. */
type LookedAt = Pick<DeepVerifiedPoint, 'stamp' | 'cut' | 'verdicts' | 'fingerprint' | 'isWrapped'>;

/**
 * Remembers what a look into a restore point, or a test restore, has shown. A look at records that a wrapper has
 * changed proves no more than a verification of every byte.
 */
export async function rememberPoint(
  repository: OpenRepository,
  {
    kind,
    point: { stamp, cut, verdicts, fingerprint, isWrapped },
    time: { begun, seconds },
    context,
  }: {
    readonly kind: 'sample' | 'deep' | 'rehearsal';
    readonly point: LookedAt;
    readonly time: CheckTime;
    readonly context: JobContext;
  },
): Promise<void> {
  if (fingerprint !== undefined) await keepFingerprint(repository, { stamp, fingerprint });
  // What is known of a moment says nothing of the end of its backup.
  if (cut !== undefined) return;
  const at = begun.toISOString();
  const checks = verdicts.map((verdict): Check => {
    const isOfBytes = isWrapped && verdict.part === 'data' && verdict.outcome === 'good';
    if (!isOfBytes) return { stamp, kind, ...verdict, at, seconds };
    const proven = kind === 'rehearsal' ? kind : 'verify';
    return { stamp, kind: proven, ...verdict, wrapped: true, at, seconds };
  });
  await remember(repository, { checks, context });
}

/** Where nothing can be written, it is not remembered: it can be found out again. */
async function keepFingerprint(repository: OpenRepository, found: PointFingerprint): Promise<void> {
  await repository.listAgain();
  const stamps = new Set<string>(pointStampsOf(await repository.catalogue()));
  try {
    await rememberFingerprint(repository.store, found, stamps);
  } catch (error) {
    if (!isFailure(error, 'system')) throw error;
  }
}

/**
 * A look takes long, and holds no lock: what others have made, removed or found out meanwhile is theirs. Where nothing
 * can be written, as on a copy that is mounted for reading, good results are not remembered, and bad ones are told.
 */
async function remember(
  repository: OpenRepository,
  { checks, context }: { readonly checks: readonly Check[]; readonly context: JobContext },
): Promise<void> {
  await repository.listAgain();
  const stamps = new Set<string>(pointStampsOf(await repository.catalogue()));
  try {
    await rememberChecks(repository.store, { checks, stamps });
  } catch (error) {
    if (!isFailure(error, 'system')) throw error;
    const bad = checks.flatMap(({ outcome, stamp }) => (outcome === 'bad' ? [stamp] : []));
    if (bad.length === 0) return;
    const { message: reason } = error;
    context.onEvent({
      kind: 'warning',
      code: 'bad-result-not-noted',
      stamps: [...new Set(bad)].sort(),
      reason,
    });
  }
}
