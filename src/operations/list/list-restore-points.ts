import { datFileName, recordFileName } from '../../repository/layout/file-names.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { NamedProblem, RepositoryProblem } from '../../repository/problem.ts';
import { type Check, checksByStamp, readChecks } from '../../repository/records/check-results.ts';
import { tagsByStamp } from '../../repository/records/tags.ts';
import { requireBackups } from '../../stores/require-backups.ts';

/** A line of a list of restore points. */
export interface ListedPoint {
  readonly stamp: Stamp;
  /** Undefined where no calendar has the stamp. */
  readonly moment: Date | undefined;
  readonly kind: 'full' | 'increment';
  readonly fileName: string;
  /** Bytes of the Data.fs that this backup holds; undefined where no `.dat` tells. */
  readonly sizeBytes: number | undefined;
  /** Bytes that it takes in the repository. */
  readonly storedBytes: number;
  /** Size of the Data.fs that a restore of it makes; undefined where no `.dat` tells. */
  readonly dataFsBytes: number | undefined;
  /** Undefined where repozo made the backup: it doesn't count them. */
  readonly transactionCount: number | undefined;
  readonly lastTid: string | undefined;
  /** What is wrong with the chain in front of this point or behind it. */
  readonly problems: readonly RepositoryProblem[];
  /** What somebody has found out about it, the newest last. */
  readonly checks: readonly Check[];
  /** What somebody calls it: it stays as long as it has one. */
  readonly tags: readonly string[];
}

/** The restore points of a repository, oldest first. */
export async function listRestorePoints(
  repository: OpenRepository,
): Promise<readonly ListedPoint[]> {
  await requireBackups(repository.store);
  const checks = checksByStamp(await readChecks(repository.store));
  const tags = await tagsByStamp(repository.store);
  const points: Omit<ListedPoint, 'checks' | 'tags'>[] = [];
  for (const chain of await repository.chains()) {
    const { files, faults } = chain;
    for (const { file, range, record } of chain.links) {
      points.push({
        stamp: file.stamp,
        moment: momentOfStamp(file.stamp),
        kind: file.kind,
        fileName: file.name,
        sizeBytes: range.end - range.start,
        storedBytes: file.told?.storedBytes ?? file.storedBytes,
        dataFsBytes: range.end,
        transactionCount: record?.transactionCount ?? file.told?.transactionCount,
        lastTid: record?.lastTid ?? file.told?.lastTid,
        problems: [
          ...(file === chain.links.at(-1)?.file ? faults : []),
          ...(chain.unreadRecords.includes(file.stamp)
            ? [{ kind: 'unreadable-record', fileName: recordFileName(file.stamp) } as const]
            : []),
        ],
      });
    }
    if (chain.links.length === 0)
      points.push(...unlisted([files.full, ...files.increments], faults));
  }
  return points.map((point) => ({
    ...point,
    checks: checks.get(point.stamp) ?? [],
    tags: tags.get(point.stamp) ?? [],
  }));
}

/** What is in a repository, and belongs to no restore point: each with what is wrong. */
export async function listRemains(repository: OpenRepository): Promise<readonly NamedProblem[]> {
  const { withoutFull, datWithoutFull } = await repository.catalogue();
  return [
    ...withoutFull.map(({ name }) => ({ name, problem: { kind: 'no-full-backup' } as const })),
    ...datWithoutFull.map((stamp) => ({
      name: datFileName(stamp),
      problem: { kind: 'full-backup-missing' } as const,
    })),
  ];
}

/** Files that no `.dat` speaks of: their size as Data.fs isn't known without reading them. */
function unlisted(
  files: readonly {
    readonly stamp: Stamp;
    readonly kind: 'full' | 'increment';
    readonly name: string;
    readonly storedBytes: number;
  }[],
  problems: readonly RepositoryProblem[],
): readonly Omit<ListedPoint, 'checks' | 'tags'>[] {
  return files.map(({ stamp, kind, name, storedBytes }) => ({
    stamp,
    moment: momentOfStamp(stamp),
    kind,
    fileName: name,
    sizeBytes: undefined,
    storedBytes,
    dataFsBytes: undefined,
    transactionCount: undefined,
    lastTid: undefined,
    problems,
  }));
}
