import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveReading, type ListedFolder } from '../../src/blobs/archive/inspect-archive.ts';
import {
  decodeChainState,
  isSameListing,
  listingOf,
} from '../../src/blobs/archive/snapshot-file.ts';
import { BlobSums, countSums } from '../../src/blobs/checksums/checksums.ts';
import { decodeBlobRecord } from '../../src/blobs/layout/record.ts';
import { Failure } from '../../src/system/failure.ts';
import { atOnce } from '../../src/system/streams/cooperative.ts';
import { chunksOf } from '../support/chunks.ts';
import type { Target } from './target.ts';

/** Decoders of what lies in a folder with backups of blobs. */
export async function BLOB_TARGETS(): Promise<readonly Target[]> {
  const { archives, state } = makeArchives();
  return [
    {
      name: 'archive',
      form: 'bytes',
      seeds: archives,
      dictionary: [
        'ustar\x0000',
        'ustar  \x00',
        '../',
        '/etc/passwd',
        'Y../x\x00',
        'R/a\x00',
        'T./b\x00',
      ],
      weight: 4,
      answers: ['damaged'],
      run: async (input, random) => {
        const folders: ListedFolder[] = [];
        const reading = await ArchiveReading.begin({
          fault: (why) => new Failure('damaged', why, { hint: '' }),
          onFolder: (folder) => folders.push(folder),
          onFile: () => {},
        });
        const size = random.pick([Number.POSITIVE_INFINITY, 512, 511]);
        for (const chunk of chunksOf(input, size)) await reading.feed(chunk);
        await reading.end();
        listingOf(folders);
      },
    },
    {
      name: 'chain-state',
      form: 'bytes',
      seeds: [
        state,
        Buffer.from('GNU tar-1.34-2\n1\x002\x000\x001\x002\x003\x004\x00.\x00Ya\x00\x00\x00'),
      ],
      dictionary: ['\x00\x00', 'Y', 'N', 'D', 'GNU tar-1.35-2\n', '\x000\x00'],
      weight: 5,
      answers: [],
      run: (input) => {
        const listing = decodeChainState(input);
        if (listing !== undefined) isSameListing(listing, listing);
      },
    },
    {
      name: 'sums',
      form: 'text',
      seeds: [Buffer.from(`${HASH}  0x00/0x01/a.blob\n${HASH}  b c\n`)],
      dictionary: ['\n', '  ', HASH, '..', '/', '../', '\\', '\0'],
      weight: 6,
      answers: [],
      run: (input) => {
        const count = atOnce(countSums(input));
        if (count === undefined) return;
        const sums = new BlobSums(input);
        const paths = [...sums].map(({ path }) => path);
        if (paths.length !== count || paths.some((path) => sums.find(path) === undefined)) {
          throw new Error(`${count} sums, but ${paths.length} are found`);
        }
        if (paths.some((path) => path.startsWith('/') || path.split('/').includes('..'))) {
          throw new Error(`a path leads out: ${paths}`);
        }
      },
    },
    {
      name: 'blob-record',
      form: 'text',
      seeds: [Buffer.from(JSON.stringify(BLOB_RECORD))],
      dictionary: ['null', '{', '[', '"stamp"', '"__proto__":{}', '1e999', '-0', '"\\ud800"'],
      weight: 6,
      answers: [],
      run: (input) => decodeBlobRecord(input.toString()),
    },
  ];
}

const HASH = 'ab'.repeat(32);
const BLOB_RECORD = {
  format: 1,
  tool: 'zodbvault 0.1.0',
  madeAt: '2026-03-01T04:05:06.000Z',
  stamp: '2026-03-01-04-05-06',
  repository: 'id',
  origin: 'made',
  content: { files: 3, bytes: 12 },
  archive: { sizeBytes: 10240, sha256: HASH, edges: HASH, continues: 'blobstorage.0.tar' },
};

/** What GNU tar writes: a plain archive, one with PAX headers, a chain of two, and its state. */
function makeArchives(): { readonly archives: readonly Buffer[]; readonly state: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'zodbvault-fuzz-'));
  try {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, '0x00'), { recursive: true });
    writeFileSync(join(tree, '0x00', '0x03d.blob'), 'a blob');
    writeFileSync(join(tree, `${'long'.repeat(40)}.blob`), '');
    const tar = (...words: readonly string[]) =>
      execFileSync('tar', ['--blocking-factor=1', ...words, '-C', tree, '.'], { cwd: folder });
    tar('-cf', 'plain.tar', '--format=gnu');
    tar('-cf', 'pax.tar', '--format=pax');
    tar('-cf', 'first.tar', '--listed-incremental=state');
    writeFileSync(join(tree, '0x00', 'more.blob'), 'another');
    tar('-cf', 'second.tar', '--listed-incremental=state');
    const names = ['plain.tar', 'pax.tar', 'first.tar', 'second.tar'];
    return {
      archives: names.map((name) => readFileSync(join(folder, name))),
      state: readFileSync(join(folder, 'state')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
