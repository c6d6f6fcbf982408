// biome-ignore-all lint/suspicious/noTemplateCurlyInString: buildout writes references so.
/** Inputs that were thought out, where little asks for much. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBuildout } from '../../src/config/buildout/buildout.ts';
import { holds } from '../../src/config/buildout/section-condition.ts';
import { readConfStorages } from '../../src/config/zconfig/conf-storages.ts';
import { readInstanceYaml } from '../../src/config/zconfig/instance-yaml.ts';
import { LogAudit } from '../../src/filestorage/audit/log-audit.ts';
import { OidSet } from '../../src/filestorage/audit/oid-set.ts';
import { OidIndex } from '../../src/filestorage/index/oid-index.ts';
import { decodeRecordPickle } from '../../src/filestorage/pickle/record-pickle.ts';
import { LARGEST_PICKLE } from '../../src/filestorage/scan-visitor.ts';
import { decodeJournal } from '../../src/operations/restore/journal/journal-record.ts';
import { nextStamp, parseStamp } from '../../src/repository/layout/stamp.ts';
import { readSmallFile } from '../../src/system/files/small-file.ts';
import { atOnce } from '../../src/system/streams/cooperative.ts';
import { collectSmall } from '../../src/system/streams/pipeline.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { outcomeOf } from '../support/outcome.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

describe('a buildout', () => {
  const resolve = (text: string) =>
    outcomeOf(async () => {
      const path = join(mkdtempSync(join(scratch, 'cfg-')), 'buildout.cfg');
      writeFileSync(path, text);
      const buildout = await readBuildout(path, { overrides: [], userDefaults: undefined });
      for (const name of buildout.sectionNames) buildout.section(name);
    });
  const chain = (count: number, line: (number: number) => string) =>
    Array.from({ length: count }, (_, number) => line(number)).join('\n');

  it.each([
    [
      'values that double',
      `[a]\nx0 = 0123456789\n${chain(60, (n) => `x${n + 1} = \${:x${n}}\${:x${n}}`)}\n`,
    ],
    [
      'references that go on and on',
      `[a]\n${chain(5000, (n) => `x${n} = \${:x${n + 1}}`)}\nx5000 = 1\n`,
    ],
    [
      'macros that double',
      `${chain(60, (n) => `[a${n}]\n<= a${n + 1} a${n + 1}`)}\n[a60]\nx = 1\n`,
    ],
    [
      'macros that go on and on',
      `${chain(5000, (n) => `[a${n}]\n<= a${n + 1}`)}\n[a5000]\nx = 1\n`,
    ],
  ])('is refused for %s', async (_, text) => {
    expect(await resolve(text)).toMatchObject({
      kind: 'failure',
      code: 'usage',
      message: expect.stringContaining('leads to too much, or too far'),
    });
  });

  it('is refused for files that double', async () => {
    for (let n = 0; n < 40; n++) {
      const text = `[buildout]\nextends = ${n + 1}.cfg ${n + 1}.cfg\n`;
      writeFileSync(join(scratch, `${n}.cfg`), n === 39 ? '[a]\n' : text);
    }
    const reading = () =>
      readBuildout(join(scratch, '0.cfg'), { overrides: [], userDefaults: undefined });
    expect(await outcomeOf(reading)).toMatchObject({ kind: 'failure', code: 'usage' });
  });

  it('may have conditions with any number of words, and few parentheses in one another', async () => {
    const place = { file: '/x.cfg', line: 1 };
    expect(holds(`${'not '.repeat(100_000)}linux`, place)).toBe(true);
    const deep = `${'('.repeat(100_000)}linux${')'.repeat(100_000)}`;
    expect(await outcomeOf(() => holds(deep, place))).toMatchObject({ code: 'usage' });
  });
});

describe('a conf and an instance.yaml', () => {
  const written = (name: string, text: string) => {
    const path = join(mkdtempSync(join(scratch, 'conf-')), name);
    writeFileSync(path, text);
    return path;
  };

  it('are refused for values and files that double', async () => {
    const defines = Array.from({ length: 60 }, (_, n) => `%define x${n + 1} $x${n}$x${n}\n`);
    const conf = `%define x0 0123456789\n${defines.join('')}<filestorage 1>\npath $x60\n</filestorage>\n`;
    const files = written('zope.conf', '%include zope.conf\n%include zope.conf\n');
    for (const path of [written('zeo.conf', conf), files]) {
      expect(await outcomeOf(() => readConfStorages(path, {}))).toMatchObject({ code: 'usage' });
    }
    const options = Array.from(
      { length: 60 },
      (_, n) => `  x${n}: "{{ cookiecutter.x${n + 1} }}{{ cookiecutter.x${n + 1} }}"\n`,
    );
    const yaml = `default_context:\n  target: "{{ cookiecutter.x0 }}"\n${options.join('')}  x60: y\n`;
    const path = written('instance.yaml', yaml);
    expect(await outcomeOf(() => readInstanceYaml(path))).toMatchObject({ code: 'usage' });
  });
});

describe('a pickle', () => {
  const HEAD = 'cm\nC\n.';
  it.each([
    ['lists', ']'],
    ['empty texts', 'U\0'],
    ['marks', '('],
    ['places in the memo', 'N\x94'],
    ['tuples', 'U\0U\0U\0\x87'],
    ['lists of lists', ']]]]aaaq\0'],
  ])('of nothing but %s is given up', async (_, word) => {
    const data = Buffer.from(HEAD + word.repeat(1_100_000), 'latin1');
    expect(await outcomeOf(() => decodeRecordPickle(data))).toMatchObject({ code: 'damaged' });
  });

  it('of tuples in tuples is followed without keeping them', () => {
    const data = Buffer.from(`${HEAD}N${'\x85'.repeat(200_000)}.`, 'latin1');
    expect(decodeRecordPickle(data).references).toEqual([]);
  });

  it('that is longer than any is followed without being held in memory', () => {
    const log = new LogBuilder();
    log.add([{ oid: 0, pickle: Buffer.from('N.\0.') }]);
    const bytes = log.bytes();
    const header = bytes.indexOf('N.\0.') - 8;
    const longer = LARGEST_PICKLE + 1 - 4;
    bytes.writeBigUInt64BE(BigInt(LARGEST_PICKLE + 1), header);
    const length = bytes.length - 12 + longer;
    bytes.writeBigUInt64BE(BigInt(length), 4 + 8);
    bytes.writeBigUInt64BE(BigInt(length), bytes.length - 8);
    const sizeBytes = bytes.length + longer;
    const audit = new LogAudit({
      name: 'x',
      sizeBytes,
      known: new OidIndex(),
      sample: { kind: 'all' },
    });
    audit.feed(bytes.subarray(0, bytes.length - 8));
    const zeros = Buffer.alloc(1 << 20);
    for (let left = longer; left > 0; left -= zeros.length) audit.feed(zeros.subarray(0, left));
    audit.feed(bytes.subarray(-8));
    const { findings, isWhole } = atOnce(audit.finish());
    expect(isWhole).toBe(true);
    expect(findings.drafts().map(({ problem }) => problem)).toEqual(['pickle']);
  });
});

describe('oids that lie far apart', () => {
  const oids = Array.from({ length: 3000 }, (_, number) => {
    const prefix = (number % 700) * 65_521;
    return [prefix, (number * 40_503) % 65_536] as const;
  });

  it('are members of a set like others', () => {
    const set = new OidSet();
    const expected = new Set<string>();
    for (const [prefix, suffix] of [...oids, ...oids]) {
      const name = `${prefix} ${suffix}`;
      expect(set.has(prefix, suffix)).toBe(expected.has(name));
      expect(set.add(prefix, suffix)).toBe(!expected.has(name));
      expected.add(name);
    }
    expect(new Set([...set].map(([prefix, suffix]) => `${prefix} ${suffix}`))).toEqual(expected);
  });

  it('are in an index like others', () => {
    const index = new OidIndex();
    const expected = new Map<string, number>();
    for (const [number, [prefix, suffix]] of oids.entries()) {
      index.set(prefix, suffix, number + 1);
      expected.set(`${prefix} ${suffix}`, number + 1);
    }
    expect(index.size).toBe(expected.size);
    const found = index.prefixes().flatMap((prefix) => {
      const entries = [...index.entriesOf(prefix)];
      expect(index.countOf(prefix)).toBe(entries.length);
      expect(entries.map(([suffix]) => suffix)).toEqual(
        entries.map(([one]) => one).sort((a, b) => a - b),
      );
      return entries.map(([suffix, position]) => [`${prefix} ${suffix}`, position] as const);
    });
    expect(new Map(found)).toEqual(expected);
    expect([...index.differencesFrom(index)]).toEqual([]);
    expect([...index.differencesFrom(new OidIndex())]).toHaveLength(expected.size);
  });
});

it('no stamp comes after the last one that four digits can say', async () => {
  const last = parseStamp('9999-12-31-23-59-59');
  const next = () => nextStamp(new Date(), last === undefined ? [] : [last]);
  expect(await outcomeOf(next)).toMatchObject({ code: 'refused' });
});

it('a record that is too large, or a pipe, is not read', async () => {
  const chunk = new Uint8Array(1 << 24);
  async function* endless() {
    for (;;) yield chunk;
  }
  expect(await outcomeOf(() => collectSmall(endless()))).toMatchObject({ code: 'damaged' });
  const pipe = join(scratch, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await outcomeOf(() => readSmallFile(pipe))).toMatchObject({ code: 'damaged' });
  expect(await readSmallFile(join(scratch, 'nothing'))).toBeUndefined();
});

it('a journal that would move or remove what is no restore’s is none', async () => {
  const step = { kind: 'file', path: '/a', staged: null, identity: null, kept: null };
  const journal = {
    format: 1,
    tool: 't',
    anchor: '/a',
    at: 'a',
    restored: 'r',
    state: 'done',
    steps: [step],
    superseded: [],
  };
  const own = '/x/.Data.fs.0123456789ab.zodbvault-kept';
  const decode = (change: object) =>
    outcomeOf(() => decodeJournal(JSON.stringify({ ...journal, ...change }), '/j'));
  expect(await decode({ superseded: [own] })).toMatchObject({ kind: 'result' });
  for (const change of [
    { anchor: 'Data.fs' },
    { superseded: ['/etc'] },
    { superseded: ['.Data.fs.0123456789ab.zodbvault-kept'] },
    { superseded: ['/x/.zodbvault-kept/precious'] },
    { steps: [{ ...step, kept: '/etc/passwd' }] },
    { steps: [{ ...step, staged: '/etc/passwd' }] },
    { steps: [{ ...step, kind: 'contents', kept: own }] },
  ]) {
    expect([change, await decode(change)]).toEqual([
      change,
      expect.objectContaining({ code: 'damaged' }),
    ]);
  }
});
