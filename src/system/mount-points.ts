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
  return own.dev !== parent.dev || parseMountInfo(table).includes(path);
}

/** The paths of Linux's table of mounts: the fifth word of a line, with `\040` for a blank. */
export function parseMountInfo(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const written = line.split(' ')[4];
    if (written === undefined) return [];
    return written.replace(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
  });
}
