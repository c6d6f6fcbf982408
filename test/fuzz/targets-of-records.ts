import { parseEntryName } from '../../src/blobs/layout/entry-name.ts';
import { parseBlobPath } from '../../src/filestorage/blob-layout.ts';
import { decodeJournal } from '../../src/operations/restore/journal/journal-record.ts';
import { decodeBackupRecord } from '../../src/repository/layout/backup-record.ts';
import { catalogueOf, stampsOf } from '../../src/repository/layout/catalogue.ts';
import { decodeDat } from '../../src/repository/layout/dat.ts';
import { parseRecoveryDate } from '../../src/repository/layout/recovery-date.ts';
import { momentOfStamp, nextStamp, parseStamp } from '../../src/repository/layout/stamp.ts';
import { CheckFileSchema, checksIn } from '../../src/repository/records/check-results.ts';
import { HoldRecordSchema } from '../../src/repository/records/hold-record.ts';
import { IdentitySchema } from '../../src/repository/records/repository-id.ts';
import { formatRun, parseRun } from '../../src/repository/records/run-history.ts';
import { parseMountInfo } from '../../src/system/files/mount-points.ts';
import { decodeLockRecord, describeHolder } from '../../src/system/locks/lock-record.ts';
import { parseJson } from '../../src/system/parse-json.ts';
import { atOnce } from '../../src/system/streams/cooperative.ts';
import type { Target } from './target.ts';

const HASH = 'ab'.repeat(32);
const MD5 = 'cd'.repeat(16);
const STAMP = '2026-03-01-04-05-06';
const AT = '2026-03-01T04:05:06.000Z';
const JSON_WORDS = [
  ...['null', '{', '[', '[[[[', '"format":2', '"__proto__":{}', '1e999', '-0', '"\\ud800"'],
  ...['"end":9007199254740993', '"sha256":""', 'true', '\u0000', '\x1b[31m'],
];

/** Decoders of the small files in a repository, and of names and dates. */
export function RECORD_TARGETS(): readonly Target[] {
  const text = { form: 'text', dictionary: JSON_WORDS, answers: [] } as const;
  return [
    {
      ...text,
      name: 'dat',
      seeds: [
        Buffer.from(`/b/${STAMP}.fsz 0 10 ${MD5}\n/b/2026-03-02-04-05-06.deltafsz 10 20 ${MD5}\n`),
      ],
      dictionary: [' ', '\n', '/', '\t', MD5, '999999999999999', '\r\n', '\x85', '\u2028'],
      weight: 8,
      run: (input) => decodeDat(input.toString(), 'x.dat'),
    },
    {
      ...text,
      name: 'backup-record',
      seeds: [json(BACKUP)],
      weight: 6,
      run: (input) => decodeBackupRecord(input.toString()),
    },
    {
      ...text,
      name: 'checks',
      seeds: [json(CHECKS)],
      weight: 5,
      run: (input) => {
        const file = parseJson(input.toString(), CheckFileSchema);
        if (file !== undefined) atOnce(checksIn(file));
      },
    },
    {
      ...text,
      name: 'identity',
      seeds: [json({ id: 'one', since: STAMP })],
      weight: 4,
      run: (input) => parseJson(input.toString(), IdentitySchema),
    },
    {
      ...text,
      name: 'hold-record',
      seeds: [json({ format: 1, source: '/site/blobstorage', folder: '/site/blobstoragebackups' })],
      weight: 3,
      run: (input) => parseJson(input.toString(), HoldRecordSchema),
    },
    {
      ...text,
      name: 'run-log',
      seeds: [Buffer.from(`${JSON.stringify(RUN)}\n${JSON.stringify({ ...RUN, ...FAILED })}\n`)],
      dictionary: [...JSON_WORDS, '\n', '"verb":"undo"', '"seconds":-1', '"begun":"2026-99-99T'],
      weight: 5,
      run: (input) => {
        for (const run of input
          .toString()
          .split('\n')
          .flatMap((line) => parseRun(line) ?? [])) {
          const line = formatRun(run);
          const again = parseRun(line);
          if (again === undefined || formatRun(again) !== line) throw new Error(`not as ${line}`);
          if (Number.isNaN(new Date(run.begun).getTime())) throw new Error(`no moment: ${line}`);
        }
      },
    },
    {
      ...text,
      name: 'restore-journal',
      seeds: [json(JOURNAL)],
      weight: 5,
      answers: ['damaged'],
      run: (input) => decodeJournal(input.toString(), '/x.json'),
    },
    {
      ...text,
      name: 'lock-record',
      seeds: [json(LOCK), Buffer.from(' 4711\n'), Buffer.from('')],
      weight: 6,
      run: (input) => {
        const content = input.toString();
        decodeLockRecord(content);
        const said = describeHolder(content, { now: new Date(0), pid: undefined });
        if (/\p{Cc}/u.test(said))
          throw new Error(`a message would steer a terminal: ${JSON.stringify(said)}`);
      },
    },
    {
      ...text,
      name: 'names',
      seeds: NAMES.map((name) => Buffer.from(name)),
      dictionary: [
        '.tar',
        '.gz',
        '.delta',
        '.snar',
        '.fsz',
        '.json',
        '/',
        '0x',
        '-99',
        '\n',
        '.',
        ' ',
      ],
      weight: 12,
      answers: ['refused'],
      run: (input) => {
        const name = input.toString();
        parseEntryName(name, 'file');
        parseEntryName(name, 'directory');
        parseBlobPath(name);
        const stamps = stampsOf(catalogueOf([{ name, sizeBytes: 1 }]));
        const stamp = nextStamp(new Date(0), stamps);
        if (parseStamp(stamp) === undefined) throw new Error(`after ${stamps} comes ${stamp}`);
        if (stamps.some((one) => stamp <= one))
          throw new Error(`${stamp} isn't later than ${stamps}`);
        for (const one of stamps) momentOfStamp(one);
      },
    },
    {
      ...text,
      name: 'recovery-date',
      seeds: ['2026-03-01', `${STAMP}`, '2026-03-01-04'].map((one) => Buffer.from(one)),
      dictionary: ['-', '00', '13', '31', '60', '٣', '0000'],
      weight: 8,
      answers: ['usage'],
      run: (input) => parseRecoveryDate(input.toString()),
    },
    {
      ...text,
      name: 'mount-info',
      seeds: [Buffer.from('36 35 98:0 /a /mnt/a\\040b rw - ext4 /dev/x rw\n')],
      dictionary: ['\\040', '\\777', ' ', '\n'],
      weight: 3,
      run: (input) => parseMountInfo(input.toString()),
    },
  ];
}

const NAMES = [
  ...[
    `${STAMP}.fs`,
    `${STAMP}.deltafsz`,
    `${STAMP}.dat`,
    `${STAMP}.json`,
    '9999-99-99-99-99-99.fsz',
  ],
  ...[`blobstorage.${STAMP}`, `blobstorage.${STAMP}.delta.tar.gz`, 'blobstorage.0', 'blobs.17.tar'],
  ...[`.${STAMP}.snar`, './0x00/0x00/0x00/0x00/0x00/0x00/0x00/0x0e/0x040d3526b672e077.blob'],
];

const BACKUP = {
  ...{ format: 1, tool: 'zodbvault', source: '/Data.fs', madeAt: AT, start: 0, end: 10, md5: MD5 },
  ...{ firstTid: null, lastTid: '0'.repeat(16), transactionCount: 1 },
  stored: { name: `${STAMP}.fsz`, sizeBytes: 5, sha256: HASH },
  index: { sizeBytes: 5, sha256: HASH },
  samples: [{ start: 0, end: 10, sha256: HASH }],
};
const CHECKS = {
  format: 1,
  checks: [{ stamp: STAMP, kind: 'deep', outcome: 'good', at: AT, seconds: 1.5 }],
};
const RUN = {
  ...{ verb: 'backup', of: 'backup', part: 'backup', begun: AT, seconds: 1.5, readBytes: 10 },
  ...{ storedBytes: 5, blobBytes: 0, warnings: 0, result: 'done' },
};
const FAILED = { result: 'failed', code: 'damaged', message: 'Cannot' };
const HEX = '0123456789ab.zodbvault';
const JOURNAL = {
  ...{
    format: 1,
    tool: 'zodbvault',
    anchor: '/a',
    at: AT,
    restored: 'x',
    state: 'swapping',
    superseded: [`/.k.${HEX}-kept`],
  },
  steps: [{ kind: 'file', path: '/a', staged: `/.a.${HEX}-restored`, identity: '1:2', kept: null }],
};
const LOCK = {
  ...{ pid: 1, host: 'h', boot: 'b', since: AT, command: 'backup', beat: 3, beatSeconds: 10 },
};

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
