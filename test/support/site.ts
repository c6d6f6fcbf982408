import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, type RunOptions, zodbvault } from './command.ts';
import { makeSite } from './database.ts';

/** A folder that looks like a Zope instance, and the built command in it. */
export interface TestSite {
  readonly folder: string;
  readonly dataFs: string;
  readonly repository: string;
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** The same, for what must succeed: an error with all output otherwise. */
  readonly runWell: (...words: readonly string[]) => Promise<Finished>;
  /** The same, for what must be done, but with a warning: exit status 3. */
  readonly runWarned: (...words: readonly string[]) => Promise<Finished>;
  /** Names of the data files in the repository, oldest first. */
  readonly dataFiles: () => readonly string[];
}

let made = 0;

/** Makes a site of some 500 kB in a folder of its own below `scratch`. */
export async function newSite(scratch: string, transactions = 30): Promise<TestSite> {
  const site = siteIn(join(scratch, `site-${++made}`));
  await makeSite(site.dataFs, transactions);
  return site;
}

/** The site that is, or will be, in a folder. */
export function siteIn(folder: string): TestSite {
  const dataFs = join(folder, 'var/filestorage/Data.fs');
  const repository = join(folder, 'var/backups');
  const run: TestSite['run'] = (words, options) => zodbvault(words, { cwd: folder, ...options });
  const runTo = async (status: number, words: readonly string[]) => {
    const finished = await run(words);
    if (finished.status === status) return finished;
    throw new Error(
      `zodbvault ${words.join(' ')} ended with ${finished.status}: ${finished.stderr}`,
    );
  };
  return {
    folder,
    dataFs,
    repository,
    run,
    runWell: (...words) => runTo(0, words),
    runWarned: (...words) => runTo(3, words),
    dataFiles: () =>
      readdirSync(repository)
        .filter((name) => /fsz?$/.test(name))
        .sort(),
  };
}

/** All files of a folder with the hex of their bytes, but for locks and the run log; none if it isn't there. */
export function snapshot(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.lock$|^\.zodbvault\.runs\./.test(entry.name))
    .map(({ name }) => name);
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'hex')]));
}

export function sameBytes(path: string, other: string): boolean {
  return readFileSync(path).equals(readFileSync(other));
}
