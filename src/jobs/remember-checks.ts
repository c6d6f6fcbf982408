import { pointStampsOf, readCatalogue } from '../repository/catalogue.ts';
import { type Check, rememberChecks } from '../repository/checks.ts';
import type { Finding } from '../repository/verifying.ts';
import { folderStore } from '../stores/folder-store.ts';
import type { DeepVerifiedPoint } from './verify-deep.ts';

/** When a check began and how long it took. */
export interface CheckTime {
  readonly begun: Date;
  readonly seconds: number;
}

/** Remembers what a verification of every byte has shown about each restore point that it read. */
export async function rememberVerified(
  repository: string,
  { findings, time }: { readonly findings: readonly Finding[]; readonly time: CheckTime },
): Promise<void> {
  const catalogue = await readCatalogue(folderStore(repository));
  const outcomes = new Map(findings.map(({ name, kind }) => [name, kind]));
  const checks: Check[] = [];
  for (const { full, increments } of catalogue.chains) {
    // A point is as good as everything that it needs.
    let outcome: Check['outcome'] = 'good';
    for (const { name, stamp } of [full, ...increments]) {
      const found = outcomes.get(name);
      if (found === undefined) break;
      if (found === 'bad') outcome = 'bad';
      checks.push(checkOf('verify', { stamp, outcome, time }));
    }
  }
  await rememberChecks(folderStore(repository), {
    checks,
    stamps: new Set<string>(pointStampsOf(catalogue)),
  });
}

/**
 * Remembers what a look into a restore point, or a rehearsal, has shown. A look at records that a wrapper has
 * changed proves no more than a verification of every byte.
 */
export async function rememberPoint(
  repository: string,
  {
    kind,
    point: { stamp, findings, isWrapped },
    time,
  }: {
    readonly kind: 'deep' | 'rehearsal';
    readonly point: DeepVerifiedPoint;
    readonly time: CheckTime;
  },
): Promise<void> {
  const store = folderStore(repository);
  const outcome = findings.some((finding) => finding.kind === 'bad') ? 'bad' : 'good';
  await rememberChecks(store, {
    checks: [
      isWrapped && outcome === 'good'
        ? { ...checkOf(kind === 'deep' ? 'verify' : kind, { stamp, outcome, time }), wrapped: true }
        : checkOf(kind, { stamp, outcome, time }),
    ],
    stamps: new Set<string>(pointStampsOf(await readCatalogue(store))),
  });
}

function checkOf(
  kind: Check['kind'],
  { stamp, outcome, time }: Pick<Check, 'stamp' | 'outcome'> & { readonly time: CheckTime },
): Check {
  return { stamp, kind, outcome, at: time.begun.toISOString(), seconds: time.seconds };
}
