import { spawnSync } from 'node:child_process';

/** The programs that we are held against, as far as they are installed. */
export interface Peers {
  /** A Python that can import ZODB, for `python -m ZODB.scripts.repozo`. */
  readonly repozo: string | undefined;
  readonly python: string | undefined;
  /** A Python that can import zodbpickle, the unpickler that ZODB uses. */
  readonly zodbpickle: string | undefined;
  readonly has: (program: string) => boolean;
}

export function findPeers(): Peers {
  const pythons = [process.env['REPOZO_PYTHON'] ?? '', 'python3', '/usr/bin/python3'];
  const canImport = (module: string) =>
    pythons.find((path) => path !== '' && spawnSync(path, ['-c', `import ${module}`]).status === 0);
  return {
    repozo: canImport('ZODB.scripts.repozo'),
    python: canImport('gzip'),
    zodbpickle: canImport('zodbpickle'),
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

/**
 * The least that a check of references in Python takes: the positions of the newest records, then of
 * each its pickles through zodbpickle without building objects, and every reference looked up.
 */
export const PYTHON_REFERENCES = `
import io, struct, sys
from zodbpickle import pickle
newest = {}
with open(sys.argv[1], "rb") as file:
    end = file.seek(0, 2)
    position = 4
    while position < end:
        file.seek(position)
        _, length, _, *strings = struct.unpack(">8sQcHHH", file.read(23))
        record = position + 23 + sum(strings)
        while record < position + length:
            file.seek(record)
            header = file.read(42)
            newest[header[:8]] = record
            record += 42 + (int.from_bytes(header[34:], "big") or 8)
        position += length + 8
    missing = 0
    for record in newest.values():
        file.seek(record + 34)
        size = int.from_bytes(file.read(8), "big")
        if size == 0:
            continue
        found = []
        unpickler = pickle.Unpickler(io.BytesIO(file.read(size)))
        unpickler.persistent_load = found.append
        unpickler.noload()
        unpickler.noload()
        for reference in found:
            oid = reference[0] if isinstance(reference, tuple) else reference
            if isinstance(oid, bytes) and oid not in newest:
                missing += 1
print(len(newest), missing)
`;
