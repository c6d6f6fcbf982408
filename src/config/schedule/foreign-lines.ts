import { basename, resolve } from 'node:path';

/** A line of a crontab that others have written, or will write. */
export interface ForeignLine {
  /** As it stands there. */
  readonly text: string;
  /** What wrote it: `the crontab`, `the part [cron] of the buildout`. */
  readonly by: string;
}

/** The lines of a crontab that run something. */
export function linesThatRun(crontab: string): readonly string[] {
  return crontab
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !/^\w+\s*=/.test(line));
}

/**
 * The paths that a line names and that end like `script`: absolute, as a `cd` in front of it or the folder in
 * which cron starts it tells.
 */
export function pathsLike(
  script: string,
  { line, home }: { readonly line: string; readonly home: string },
): readonly string[] {
  const words = line.split(/[\s;&|()<>"']+/);
  const wanted = basename(script);
  let folder = home;
  return words.flatMap((word, position) => {
    if (words[position - 1] === 'cd') folder = resolve(home, word);
    return basename(word) === wanted ? [resolve(folder, word)] : [];
  });
}
