import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../system/failure.ts';

/** Where a site keeps its Data.fs, and where its backups go. Absolute paths. */
export interface Site {
  readonly dataFs: string;
  readonly repository: string;
}

/** What was said on the command line; undefined: nothing. */
export interface WrittenSite {
  readonly dataFs: string | undefined;
  readonly repository: string | undefined;
}

const DATA_FS = join('var', 'filestorage', 'Data.fs');
const REPOSITORY = join('var', 'backups');

/**
 * The site in a folder: what was said, and else `var/filestorage/Data.fs` and `var/backups`, as
 * every Zope has them. Failure `usage` where neither tells.
 */
export async function findSite(folder: string, written: WrittenSite): Promise<Site> {
  const dataFs =
    written.dataFs === undefined ? await findDataFs(folder) : resolve(folder, written.dataFs);
  return { dataFs, repository: repositoryOf(folder, { written, dataFs }) };
}

/** The repository alone: for commands that do without the Data.fs. */
export function findRepository(folder: string, written: WrittenSite): string {
  const dataFs = written.dataFs ?? DATA_FS;
  return repositoryOf(folder, { written, dataFs: resolve(folder, dataFs) });
}

async function findDataFs(folder: string): Promise<string> {
  const path = join(folder, DATA_FS);
  const isThere = (name: string) =>
    stat(name).then(
      () => true,
      () => false,
    );
  // A Data.fs that is missing is a matter for the command: a restore makes it.
  for (const sign of [path, dirname(path), join(folder, REPOSITORY)]) {
    if (await isThere(sign)) return path;
  }
  throw new Failure('usage', `Cannot find a Data.fs: there is no "${DATA_FS}" in "${folder}"`, {
    hint: 'Go to the folder of the site, or name the file with --datafs.',
  });
}

function repositoryOf(
  folder: string,
  { written, dataFs }: { readonly written: WrittenSite; readonly dataFs: string },
): string {
  if (written.repository !== undefined) return resolve(folder, written.repository);
  const filestorage = dirname(dataFs);
  if (basename(filestorage) === 'filestorage')
    return join(dirname(filestorage), basename(REPOSITORY));
  throw new Failure('usage', `Cannot tell where the backups of "${dataFs}" are`, {
    hint: 'Name their folder with --location.',
  });
}
