import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Whatever a package calls the file. */
const LICENCE = /^licen[cs]e/i;

/**
 * Copies the licences of whatever is in a bundle, and of what goes with it, into a new folder: theirs ask for that.
 * An error where one has none.
 *
 * @param packages - folders of packages that are not in the bundle, by the name that each licence gets
 */
export function copyLicences(
  { inputs }: Metafile,
  { to, packages }: { readonly to: string; readonly packages: Readonly<Record<string, string>> },
): void {
  rmSync(to, { recursive: true, force: true });
  const bundled = Object.keys(inputs).flatMap((path) => {
    const [folder, name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    return folder === undefined || name === undefined ? [] : [[name, folder] as const];
  });
  const folders = new Map([...bundled, ...Object.entries(packages)]);
  for (const [name, folder] of folders) {
    const licensed = [folder, ...siblings(folder, [...folders.values()])].find(
      (one) => licencesIn(one).length > 0,
    );
    if (licensed === undefined) throw new Error(`${folder} has no licence`);
    mkdirSync(join(to, name), { recursive: true });
    for (const file of licencesIn(licensed)) {
      copyFileSync(join(licensed, file), join(to, name, file));
    }
  }
}

function licencesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((file) => LICENCE.test(file));
}

/** Packages of the same repository under the same licence: some of a family leave its file to the others. */
function siblings(folder: string, folders: readonly string[]): readonly string[] {
  const family = familyOf(folder);
  return folders.filter((one) => one !== folder && familyOf(one) === family);
}

function familyOf(folder: string): string {
  const { license, repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return JSON.stringify([license, repository?.url ?? folder]);
}
