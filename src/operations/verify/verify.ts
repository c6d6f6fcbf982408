import { type Finding, verifyRepository } from '../../repository/verify-repository.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { Failure } from '../../system/failure.ts';
import { listRestorePoints } from '../list/list-restore-points.ts';
import { type JobContext, withStep } from '../run/events.ts';

export interface VerifySettings {
  readonly repository: string;
  readonly depth: 'quick' | 'thorough';
  readonly chains: 'newest' | 'all';
}

/** Checks a repository; findings are in the order of the backups. Failure `not-found`: it is empty. */
export async function verify(
  settings: VerifySettings,
  context: JobContext,
): Promise<readonly Finding[]> {
  const repository = await context.backups.repository(settings.repository);
  const { store } = repository;
  await requireBackups(store);
  const catalogue = await repository.catalogue();
  if (catalogue.names.length === 0) {
    throw new Failure(
      'not-found',
      `Cannot verify "${settings.repository}": it holds no backup yet`,
      {
        hint: 'Make a backup first, or name the folder of a repozo repository.',
      },
    );
  }
  const points = await listRestorePoints(repository);
  const totalBytes = points.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  return withStep(context, {
    step: 'verify',
    totalBytes,
    work: async (progress) => {
      const findings: Finding[] = [];
      const { signal } = context;
      const found = verifyRepository(store, { catalogue, ...settings, progress, signal });
      for await (const finding of found) findings.push(finding);
      return findings;
    },
  });
}
