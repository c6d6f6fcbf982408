import { describe, expect, it } from 'vitest';
import { Failure } from '../../system/failure.ts';
import { Problems } from './problems.ts';
import { parseAlternativeLines, parseStorageLines } from './storage-lines.ts';

const written = (...lines: readonly string[]) => ({
  text: lines.join('\n'),
  origin: { kind: 'line', file: '/b.cfg', line: 7 } as const,
});

/** The problems' texts, without the place that all of them have. */
function textsOf(problems: Problems): readonly string[] {
  try {
    problems.throwIfAny();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [, ...lines] = error.message.split(/(?:: |\n {2})\/b\.cfg:7: /);
    return lines;
  }
  return [];
}

function alternatives(
  lines: readonly string[],
  storages: Readonly<Record<string, boolean>> = { foo: true, bar: false, Data: true },
) {
  const problems = new Problems('backup');
  const found = parseAlternativeLines(written(...lines), {
    option: 'alternative_restore_sources',
    storages: Object.entries(storages).map(([name, hasBlobs]) => ({ name, hasBlobs })),
    problems,
  });
  return { found, texts: textsOf(problems) };
}

describe('additional_filestorages', () => {
  it('takes a name, with a Data.fs, with a blob directory; quotes hold blanks together', () => {
    const problems = new Problems('backup');
    const value = written('', 'catalog', '  foo/bar  /x.fs ', '', 'b "/a b/c.fs" /d\\ e');
    expect(parseStorageLines(value, problems)).toEqual([
      { name: 'catalog', dataFs: undefined, blobs: undefined },
      { name: 'foo/bar', dataFs: '/x.fs', blobs: undefined },
      { name: 'b', dataFs: '/a b/c.fs', blobs: '/d e' },
    ]);
    expect(textsOf(problems)).toEqual([]);
  });

  it('is nothing where it is not there, or empty', () => {
    const problems = new Problems('backup');
    expect(parseStorageLines(undefined, problems)).toEqual([]);
    expect(parseStorageLines(written(' ', ''), problems)).toEqual([]);
  });

  it.each(['a b c d', 'Data', '1', '..', 'a/../b', '/a', 'a/', './a', '"a b', 'a//b'])(
    'refuses the line %j',
    (line) => {
      const problems = new Problems('backup');
      expect(parseStorageLines(written('good', line), problems)).toHaveLength(1);
      expect(textsOf(problems)).toEqual([
        expect.stringContaining(`additional_filestorages line "${line}": `),
      ]);
    },
  );
});

/** What is said of a storage without a line. */
const wanted = (name: string) => `Each storage needs a line: ${name} /FOLDER/OF/ITS/BACKUPS`;

describe('alternative_restore_sources', () => {
  const good = ['foo /f /fb', 'bar /b', 'Data /d /db'];

  it('has a line for each storage; 1 is Data; comments and empty lines count for nothing', () => {
    const { found, texts } = alternatives(['# all', '', ...good.slice(0, 2), '1 /d /db']);
    expect(texts).toEqual([]);
    expect(found).toEqual([
      { name: 'foo', filestorage: '/f', blobs: '/fb' },
      { name: 'bar', filestorage: '/b', blobs: undefined },
      { name: 'Data', filestorage: '/d', blobs: '/db' },
    ]);
  });

  it.each([
    [
      'one word',
      [...good.slice(0, 2), 'Data'],
      "line 'Data' has a wrong format. Should be: 'storage-name filestorage-backup-path', optionally followed by a blobstorage-backup-path.",
    ],
    [
      'four words',
      [...good.slice(0, 2), 'Data a b c'],
      "line 'Data a b c' has a wrong format. Should be: 'storage-name filestorage-backup-path', optionally followed by a blobstorage-backup-path.",
    ],
    [
      'an unknown storage',
      [...good, 'x /x'],
      "key 'x' unknown in storages. The storages of this part are 'foo', 'bar', 'Data'.",
    ],
    [
      'a mistyped storage, once',
      ['fooo /f /fb', ...good.slice(1)],
      "key 'fooo' unknown in storages. Did you mean 'foo'? The storages of this part are 'foo', 'bar', 'Data'.",
    ],
    [
      '1 and Data',
      [...good, '1 /e /eb'],
      "key '1' is used. Are you using both '1' and 'Data'? They are alternative keys for the same Data.fs.",
    ],
    [
      'Data and 1',
      ['1 /e /eb', ...good],
      "key 'Data' is used. Are you using both '1' and 'Data'? They are alternative keys for the same Data.fs.",
    ],
    ['a storage twice', [...good, 'bar /c'], "key 'bar' is used twice."],
    [
      'a blob folder that is missing',
      ['foo /f', ...good.slice(1)],
      "key 'foo' is missing a blobdir.",
    ],
    [
      'a blob folder too many',
      ['foo /f /fb', 'bar /b /bb', 'Data /d /db'],
      "key 'bar' specifies blobdir '/bb' but the original storage has no blobstorage.",
    ],
    [
      'a storage without a line',
      good.slice(1),
      `is missing key 'foo'. ${wanted('foo')} /FOLDER/OF/ITS/BLOB/BACKUPS`,
    ],
    [
      'the main storage without a line',
      good.slice(0, 2),
      `is missing key 'Data'. ${wanted('Data')} /FOLDER/OF/ITS/BLOB/BACKUPS`,
    ],
  ])('is refused for %s', (_, lines, text) => {
    expect(alternatives(lines).texts).toEqual([`alternative_restore_sources ${text}`]);
  });

  it('of a part with one storage is one line, for Data or 1', () => {
    const alone = { Data: false };
    expect(alternatives(['1 /d'], alone)).toEqual({
      found: [{ name: 'Data', filestorage: '/d', blobs: undefined }],
      texts: [],
    });
    expect(alternatives(['x /d'], alone).texts).toEqual([
      "alternative_restore_sources key 'x' unknown. Expected 1 or Data.",
      `alternative_restore_sources is missing key 'Data'. ${wanted('Data')}`,
    ]);
    const [text] = alternatives(['Data /d', 'nonsense'], alone).texts;
    expect(text).toContain('Only one alternative_restore_source line is supported.');
  });

  it('that has only comments is refused, since its script could do nothing', () => {
    expect(alternatives(['# Data /d'], { Data: false }).texts).toEqual([
      `alternative_restore_sources is missing key 'Data'. ${wanted('Data')}`,
    ]);
    expect(alternatives(['', ' '], { Data: false })).toEqual({ found: [], texts: [] });
  });
});
