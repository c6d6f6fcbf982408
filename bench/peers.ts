import { spawnSync } from 'node:child_process';

/** The programs that we are held against, as far as they are installed. */
export interface Peers {
  /** A Python that can import ZODB, for `python -m ZODB.scripts.repozo`. */
  readonly repozo: string | undefined;
  readonly python: string | undefined;
  readonly has: (program: string) => boolean;
}

export function findPeers(): Peers {
  const pythons = [process.env['REPOZO_PYTHON'] ?? '', 'python3', '/usr/bin/python3'];
  const canImport = (module: string) =>
    pythons.find((path) => path !== '' && spawnSync(path, ['-c', `import ${module}`]).status === 0);
  return {
    repozo: canImport('ZODB.scripts.repozo'),
    python: canImport('gzip'),
    has: (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
  };
}

/** What repozo's full backup spends its time in: Python's md5, and its gzip at level 9. */
export const PYTHON_GZIP = `
import gzip, hashlib, os, sys
md5 = hashlib.md5()
with open(sys.argv[1], "rb") as source, gzip.open(sys.argv[2], "wb") as target:
    while chunk := source.read(16384):
        md5.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileobj.fileno())
`;

/** What its recovery and its verification spend it in. */
export const PYTHON_GUNZIP = `
import gzip, hashlib, os, sys
md5 = hashlib.md5()
with gzip.open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    while chunk := source.read(16384):
        md5.update(chunk)
        target.write(chunk)
    target.flush()
    if sys.argv[2] != os.devnull:
        os.fsync(target.fileno())
`;
