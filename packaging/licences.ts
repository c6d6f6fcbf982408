import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
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
  for (const [name, folder] of new Map([...bundled, ...Object.entries(packages)])) {
    const files = readdirSync(folder).filter((file) => LICENCE.test(file));
    if (files.length === 0) throw new Error(`${folder} has no licence`);
    mkdirSync(join(to, name), { recursive: true });
    for (const file of files) copyFileSync(join(folder, file), join(to, name, file));
  }
}
