import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Whether something is mounted at the real path of a folder. A folder of the same disk that is bound
 * there has the device number of its parent; Linux tells in its table (proc(5), mountinfo).
 */
export async function isMountPoint(path: string): Promise<boolean> {
  const [own, parent, table] = await Promise.all([
    stat(path).catch(() => undefined),
    stat(dirname(path)).catch(() => undefined),
    readFile('/proc/self/mountinfo', 'utf8').catch(() => ''),
  ]);
  if (own === undefined || parent === undefined) return false;
  return own.dev !== parent.dev || parseMountInfo(table).some((mount) => mount.path === path);
}

/** A line of Linux's table of mounts (proc(5), mountinfo). */
export interface Mount {
  /** Numbers of the device: equal for all mounts of one file system. */
  readonly device: string;
  /** Which folder of the file system is mounted. */
  readonly root: string;
  /** Where it is mounted. */
  readonly path: string;
}

/** The third to the fifth word of each line; a path has `\040` for a blank. */
export function parseMountInfo(table: string): readonly Mount[] {
  return table.split('\n').flatMap((line) => {
    const [, , device, root, path] = line.split(' ');
    if (device === undefined || root === undefined || path === undefined) return [];
    return [{ device, root: unescapePath(root), path: unescapePath(path) }];
  });
}

function unescapePath(written: string): string {
  return written.replace(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}
