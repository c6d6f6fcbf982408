import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { recordChain } from '../../repository/adopt-chain.ts';
import { type Catalogue, pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { NamedProblem } from '../../repository/problem.ts';
import { LATEST_BACKUP } from '../../repository/restore-target.ts';
import type { Finding } from '../../repository/verify-repository.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { VERSION } from '../../system/processes/version.ts';
import { listRemains } from '../list/list-restore-points.ts';
import { type JobContext, lockRequest, withStep } from '../run/events.ts';
import { type PairedBlobs, type PlaceOfBlobs, pairBlobFolders } from './pair-blob-folders.ts';
import { rememberPoint, rememberVerified } from './record-checks.ts';
import { type DeepFinding, type DeepVerifiedPoint, verifyDeep } from './verify-deep.ts';

/** What is to be adopted. */
export interface AdoptSettings {
  /** A repository, a folder with blob backups, or a folder with such folders. */
  readonly folder: string;
  /** `look`: nothing is written. */
  readonly mode: 'look' | 'keep';
  readonly random: () => number;
  readonly now: () => Date;
}

/** A repository that was found. */
export interface AdoptedRepository {
  readonly path: string;
  /** Names of the data files. */
  readonly files: readonly string[];
  readonly fulls: number;
  /** Stamps of the oldest and the newest backup. */
  readonly oldest: string;
  readonly newest: string;
  /** Files that got a record of ours; in `look`, that would. */
  readonly recorded: readonly string[];
  readonly problems: readonly NamedProblem[];
  /** What a deep look at the newest restore point has found to be wrong. */
  readonly findings: readonly DeepFinding[];
  readonly blobs: PairedBlobs;
}

/** A folder with blob backups that was found. */
export interface AdoptedBlobs {
  readonly path: string;
  /** Name of the blob directory. */
  readonly base: string;
  readonly entries: readonly string[];
  /** Those of which this program knows that they are complete. */
  readonly known: number;
}

export interface Adoption {
  readonly repositories: readonly AdoptedRepository[];
  readonly blobs: readonly AdoptedBlobs[];
}

/**
 * Looks at backups that repozo or the recipe made: reads every byte, and the newest state of each
 * database as deeply as `verify --deep`. In mode `keep` it then writes a record beside each backup that
 * is whole, so that it is compared and verified like our own; nothing that is there is changed.
 *
 * Failure `not-found` where there are no backups; `locked`.
 */
export async function adopt(settings: AdoptSettings, context: JobContext): Promise<Adoption> {
  await (await context.backups.repository(settings.folder)).store.requireThere();
  const folders = await foldersIn(settings.folder);
  const found = await Promise.all(
    folders.map(async (path) => ({
      path,
      ...(await lookAt(path, context.backups)),
    })),
  );
  const blobs = found.flatMap(({ path, entries }) => blobFolder(path, entries));
  const lone = found.flatMap(({ path, catalogue, hasBackups }) =>
    hasBackups ? [{ path, stamps: pointStampsOf(catalogue) }] : [],
  );
  const places = blobs.map(({ path, base }) => ({ folder: path, base }));
  const pairs = await pairBlobFolders(lone, { places, backups: context.backups });
  const repositories: AdoptedRepository[] = [];
  for (const { path } of lone) {
    const paired = pairs.get(path) ?? { kind: 'none' };
    repositories.push(await adoptRepository(path, { paired, settings, context }));
  }
  if (repositories.length > 0 || blobs.length > 0) return { repositories, blobs };
  throw new Failure(
    'not-found',
    `Cannot find backups in "${settings.folder}", or one folder below`,
    {
      hint: 'Name the folder with the .fs, .fsz and .dat files of repozo, or the one above it.',
    },
  );
}

/** The folder, and those in it. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const below = await withSystemErrors(`list the folder "${folder}"`, () =>
    readdir(folder, { withFileTypes: true }),
  );
  const names = below.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return [folder, ...names.sort().map((name) => join(folder, name))];
}

async function lookAt(
  path: string,
  backups: OpenBackups,
): Promise<{
  readonly catalogue: Catalogue;
  readonly hasBackups: boolean;
  readonly entries: readonly BlobEntry[];
}> {
  const catalogue = await (await backups.repository(path)).catalogue();
  const { chains, withoutFull } = catalogue;
  const { entries, foreign } = await (await backups.blobFolder(path)).catalogue('blobstorage');
  return {
    catalogue,
    hasBackups: chains.length > 0 || withoutFull.length > 0,
    entries: [...entries, ...foreign],
  };
}

function blobFolder(path: string, entries: readonly BlobEntry[]): readonly AdoptedBlobs[] {
  return [...new Set(entries.map(({ base }) => base))].map((base) => {
    const own = entries.filter((entry) => entry.base === base);
    const known = own.filter(({ record }) => record !== undefined).length;
    return { path, base, entries: own.map(({ name }) => name), known };
  });
}

interface Adopting {
  readonly paired: PairedBlobs;
  readonly settings: AdoptSettings;
  readonly context: JobContext;
}

async function adoptRepository(path: string, adoption: Adopting): Promise<AdoptedRepository> {
  const repository = await adoption.context.backups.repository(path);
  const isKept = adoption.settings.mode === 'keep';
  await using _lock = isKept
    ? await repository.store.lock(lockRequest(adoption.context, 'adopt'))
    : undefined;
  const catalogue = await repository.catalogue();
  const { now } = adoption.settings;
  const begun = now();
  const { recorded, problems, verified } = await recordAll(repository, adoption);
  const stamps = pointStampsOf(catalogue);
  const points = stamps.length === 0 ? [] : await lookDeeply(path, adoption);
  if (isKept) {
    const { context } = adoption;
    const time = { begun, seconds: (now().getTime() - begun.getTime()) / 1000 };
    await rememberVerified(repository, { findings: verified, blobFindings: [], time, context });
    for (const point of points)
      await rememberPoint(repository, { kind: 'deep', point, time, context });
  }
  return {
    path,
    files: catalogue.chains.flatMap(({ full, increments }) =>
      [full, ...increments].map(({ name }) => name),
    ),
    fulls: catalogue.chains.length,
    oldest: stamps[0] ?? '',
    newest: stamps.at(-1) ?? '',
    recorded,
    problems,
    findings: points.flatMap(({ findings }) => findings.filter(({ kind }) => kind === 'bad')),
    blobs: adoption.paired,
  };
}

async function recordAll(
  repository: OpenRepository,
  { settings, context }: Adopting,
): Promise<{
  readonly recorded: readonly string[];
  readonly problems: readonly NamedProblem[];
  /** What the reading of each file showed. */
  readonly verified: readonly Finding[];
}> {
  const verified: Finding[] = [];
  const recorded: string[] = [];
  const problems = [...(await listRemains(repository))];
  for (const files of (await repository.catalogue()).chains) {
    const chain = await repository.chainOf(files);
    problems.push(...chain.faults.map((problem) => ({ name: files.full.name, problem })));
    await withStep(context, {
      step: 'verify',
      totalBytes: chain.links.at(-1)?.range.end ?? 0,
      work: async (progress) => {
        const { mode, random } = settings;
        const tool = `zodbvault ${VERSION}`;
        const { signal } = context;
        const results = recordChain(repository.store, {
          chain,
          settings: { mode, tool, random, progress, signal },
        });
        for await (const result of results) {
          if (result.kind === 'recorded') recorded.push(result.name);
          const { name } = result;
          if (result.kind === 'damaged') {
            const { problem } = result;
            problems.push({ name, problem });
            verified.push({ kind: 'bad', name, problem });
          } else verified.push({ kind: 'good', name, checked: 'md5' });
        }
      },
    });
  }
  return { recorded, problems, verified };
}

async function lookDeeply(
  repository: string,
  { paired, context }: Adopting,
): Promise<readonly DeepVerifiedPoint[]> {
  const blobs = paired.kind === 'found' ? restorableBlobs(paired.place) : undefined;
  const points = { kind: 'one', target: LATEST_BACKUP } as const;
  const found: DeepVerifiedPoint[] = [];
  const wanted = { repository, points, blobs, sample: { kind: 'all' }, isChanges: false } as const;
  for await (const point of verifyDeep(wanted, context)) {
    found.push(point);
  }
  return found;
}

function restorableBlobs({ folder, base }: PlaceOfBlobs) {
  return { folder, live: join(folder, base), preferred: 'directories' } as const;
}
