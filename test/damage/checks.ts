import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sentenceOf } from '../../src/cli/render/warnings/sentence.ts';
import { retarget } from '../../src/config/model/relocate-site.ts';
import type { Site } from '../../src/config/model/site.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import { TO_EMPTY_PLACE } from '../../src/operations/restore/site-restore-plan.ts';
import type { JobEvent } from '../../src/operations/run/events.ts';
import { verifySite } from '../../src/operations/verify/verify-site.ts';
import { verifySiteDeep } from '../../src/operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import { Failure } from '../../src/system/failure.ts';
import { quietContext } from '../support/quiet-context.ts';
import { contentOf } from './healthy-sites.ts';

/** How a restore ended. `silent` is what must never be: something else than was backed up, and no word. */
export type RestoreOutcome = 'refused' | 'warned' | 'equal' | 'silent' | 'half';

/** What the checks say of a site with its backups. */
export interface Verdict {
  readonly quick: boolean;
  readonly thorough: boolean;
  /** What deep verification found, in words. */
  readonly deep: readonly string[];
  readonly restore: RestoreOutcome;
  /** What the restore said. */
  readonly said: readonly string[];
}

/** What a restore is to give. */
export interface HealthyState {
  readonly content: ReadonlyMap<string, string>;
  /** Undefined: any. */
  readonly index: Buffer | undefined;
}

const now = () => new Date();

/** Runs every check of a site, and a restore to a folder of its own. */
export async function checkSite(
  site: Site,
  { folder, healthy }: { readonly folder: string; readonly healthy: HealthyState },
): Promise<Verdict> {
  const quick = await findsSomething(site, 'quick');
  const thorough = await findsSomething(site, 'thorough');
  const deep = await findDeeply(site);
  const restored = await restoreTo(join(folder, 'restored'), { site, healthy });
  return { quick, thorough, deep, ...restored };
}

async function findsSomething(site: Site, depth: 'quick' | 'thorough'): Promise<boolean> {
  try {
    const places = await verifySite(
      { site, kind: 'backup', depth, chains: 'all', now },
      quietContext(),
    );
    return places.some(({ findings, blobFindings }) =>
      [...findings, ...blobFindings].some(({ kind }) => kind === 'bad'),
    );
  } catch (error) {
    return messageOf(error) !== '';
  }
}

/** Bad findings of the newest point, as text. */
export async function findDeeply(site: Site): Promise<readonly string[]> {
  const found: string[] = [];
  const points = { kind: 'one', target: LATEST_BACKUP } as const;
  try {
    const verified = verifySiteDeep(
      { site, kind: 'backup', points, sample: { kind: 'all' }, now },
      quietContext(),
    );
    for await (const { point } of verified) {
      for (const finding of point.findings) {
        if (finding.kind === 'bad') found.push(JSON.stringify(finding));
      }
    }
  } catch (error) {
    found.push(messageOf(error));
  }
  return found;
}

/** Any other error than ours fails the test. */
function messageOf(error: unknown): string {
  if (error instanceof Failure) return error.message;
  throw error;
}

async function restoreTo(
  folder: string,
  { site, healthy }: { readonly site: Site; readonly healthy: HealthyState },
): Promise<Pick<Verdict, 'restore' | 'said'>> {
  const said: string[] = [];
  const moved = retarget(site, folder);
  const dataFs = join(folder, 'filestorage/Data.fs');
  const blobs = join(folder, 'blobstorage');
  try {
    await restoreSite(
      {
        site: moved,
        kind: 'backup',
        wanted: LATEST_BACKUP,
        ...TO_EMPTY_PLACE,
        now,
      },
      quietContext((event) => said.push(...wordsOf(event))),
    );
  } catch (error) {
    said.push(messageOf(error));
    const isUntouched = !existsSync(dataFs) && !existsSync(blobs);
    return { restore: isUntouched ? 'refused' : 'half', said };
  }
  const content = contentOf(dataFs, blobs);
  if (said.length > 0) return { restore: 'warned', said };
  return {
    restore:
      isSame(content, healthy.content) && hasRightIndex(dataFs, healthy.index) ? 'equal' : 'silent',
    said,
  };
}

/** What the restore itself notices: what the looks before it have found is told beforehand. */
function wordsOf(event: JobEvent): readonly string[] {
  const isNoticed = event.kind === 'warning' && event.code !== 'point-doubted';
  return isNoticed ? [sentenceOf(event)] : [];
}

/** A restore may leave the index out: a server makes its own. */
function hasRightIndex(dataFs: string, index: Buffer | undefined): boolean {
  const path = `${dataFs}.index`;
  return index === undefined || !existsSync(path) || readFileSync(path).equals(index);
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, bytes]) => b.get(name) === bytes);
}
