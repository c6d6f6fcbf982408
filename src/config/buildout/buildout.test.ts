// biome-ignore-all lint/suspicious/noTemplateCurlyInString: buildout writes references so.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { parseOverride, readBuildout } from './buildout.ts';
import { parseCfg } from './cfg-parser.ts';
import { holds } from './section-condition.ts';

const scratch = scratchFolder();
let folders = 0;

/** Writes files into a folder of their own and reads `buildout.cfg` there. */
async function read(
  files: Readonly<Record<string, string>>,
  { overrides = [], userDefaults }: { overrides?: readonly string[]; userDefaults?: string } = {},
) {
  const folder = join(scratch, String(++folders));
  mkdirSync(join(folder, 'sub'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const buildout = await readBuildout(join(folder, 'buildout.cfg'), {
    overrides: overrides.flatMap((text) => parseOverride(text) ?? []),
    userDefaults: userDefaults === undefined ? undefined : join(folder, userDefaults),
  });
  const get = (section: string, option: string) => buildout.section(section)?.get(option)?.text;
  return { folder, buildout, get };
}

describe('buildout', () => {
  it('knows where each value was set', async () => {
    const { folder, buildout } = await read({
      'buildout.cfg': '[buildout]\nextends = base.cfg\n[a]\nx = 1\n',
      'base.cfg': '# first\n[a]\nx = 0\ny = 2\n',
    });
    const origin = (option: string) => buildout.section('a')?.get(option)?.origin;
    expect(origin('x')).toEqual({ kind: 'line', file: join(folder, 'buildout.cfg'), line: 4 });
    expect(origin('y')).toEqual({ kind: 'line', file: join(folder, 'base.cfg'), line: 4 });
  });

  it('is laid over the user’s defaults, and below the command line', async () => {
    const files = {
      'buildout.cfg': '[a]\nx = file\ny = file\n',
      'default.cfg': '[a]\nx = user\nz = user\n',
    };
    const overrides = ['a:y=said', 'a:w+=more', 'bin-directory=scripts'];
    const { folder, get } = await read(files, { overrides, userDefaults: 'default.cfg' });
    expect(['w', 'x', 'y', 'z'].map((option) => get('a', option))).toEqual([
      ...['more', 'file', 'said', 'user'],
    ]);
    expect(get('buildout', 'bin-directory')).toBe(join(folder, 'scripts'));
  });

  it('adds to what a lower layer has, wherever that stands, and takes away from it', async () => {
    const { get } = await read({
      'buildout.cfg':
        '[buildout]\nextends = one.cfg sub/two.cfg\n[a]\nx +=\n    d\nx -= a\ny += 1\nz -= 1\n',
      'one.cfg': '[a]\nx =\n    a\n    b\n',
      'sub/two.cfg': '[buildout]\nextends = ../three.cfg\n[a]\nx -= b\n',
      'three.cfg': '[a]\nx += c\n',
    });
    expect(get('a', 'x')).toBe('c\nd');
    expect([get('a', 'y'), get('a', 'z')]).toEqual(['1', '']);
  });

  it.each([
    ['a reference to no section', '[a]\nx = 1\ny = ${b:x}\n', 3, 'section [b] does not exist'],
    ['a reference to no option', '[a]\nx = ${:y}\n', 2, 'option "y" of [a] does not exist'],
    ['a circle', '[a]\nx = ${:y}\ny = ${:x}\n', 3, 'leads back to itself'],
    ['a macro that is missing', '[a]\n<= b\n', 2, 'section [b] does not exist'],
    ['macros in a circle', '[a]\n<= b\n[b]\n<= a\n', 4, 'leads back to itself'],
    ['what is no reference', '[a]\nx = ${nothing}\n', 2, 'is no reference'],
  ])('says where, for %s; other sections stay good', async (_, text, line, state) => {
    const { folder, buildout } = await read({ 'buildout.cfg': `${text}[good]\nx = 1\n` });
    const outcome = await outcomeOf(() => buildout.section('a'));
    expect(outcome).toMatchObject({ kind: 'failure', code: 'usage' });
    if (outcome.kind === 'result') return;
    expect(outcome.message).toContain(`${join(folder, 'buildout.cfg')}:${line}: `);
    expect(outcome.message).toContain(state);
    expect(buildout.section('good')?.size).toBe(1);
  });

  it('refuses a file that extends itself, and one that is not there', async () => {
    const circle = {
      'buildout.cfg': '[buildout]\nextends = a.cfg\n',
      'a.cfg': '[buildout]\nextends = buildout.cfg\n',
    };
    expect(await outcomeOf(() => read(circle))).toMatchObject({ code: 'usage' });
    const missing = { 'buildout.cfg': '[buildout]\nextends = a.cfg\n' };
    expect(await outcomeOf(() => read(missing))).toMatchObject({ code: 'not-found' });
  });

  it('reads optional files that are there, above those that it has to have', async () => {
    const { buildout, get } = await read({
      'buildout.cfg':
        '[buildout]\nextends = one.cfg\noptional-extends = sub/gone.cfg sub/local.cfg\n[a]\nz = own\n',
      'one.cfg': '[a]\nx = one\ny = one\n',
      'sub/local.cfg': '[a]\ny = local\nz = local\n',
    });
    expect(['x', 'y', 'z'].map((option) => get('a', option))).toEqual(['one', 'local', 'own']);
    expect(buildout.files).toHaveLength(3);
    expect(get('buildout', 'optional-extends')).toBeUndefined();
  });

  it('needs no macro for an option that the section sets itself', async () => {
    const { buildout } = await read({
      'buildout.cfg': '[a]\n<= gone\nx = 1\ny += 2\nz = ${:x}${b:w}\n[b]\n<= gone\nw = 3\n',
    });
    expect(buildout.option('a', 'x')?.text).toBe('1');
    expect(buildout.option('a', 'z')?.text).toBe('13');
    for (const name of ['y', 'nothing']) {
      expect(() => buildout.option('a', name)).toThrow('the section [gone] does not exist');
    }
  });

  it('looks into the caches of the user’s defaults and of each file, from where they are named', async () => {
    // Nobody answers at this port: what is found is from a cache.
    const address = (name: string) => `http://127.0.0.1:1/${name}.cfg`;
    const md5 = (name: string) => createHash('md5').update(address(name)).digest('hex');
    const { get, buildout } = await read(
      {
        'buildout.cfg': `[buildout]\nextends = sub/more.cfg\n    ${address('users')}\n    ${address('files')}\n    ${address('own')}\n    ${address('none')}\nextends-cache = \${buildout:directory}/cache\n`,
        'sub/more.cfg': '[buildout]\nextends-cache = cache\n',
        'home/default.cfg': '[buildout]\nextends-cache = cache\n',
        [`home/cache/${md5('users')}`]: '[a]\nusers = 1\n',
        [`sub/cache/${md5('files')}`]: '[a]\nfiles = 2\n',
        [`cache/${md5('own')}`]: '[a]\nown = 3\n',
      },
      { userDefaults: 'home/default.cfg' },
    );
    expect(['users', 'files', 'own'].map((option) => get('a', option))).toEqual(['1', '2', '3']);
    expect(buildout.missing).toEqual([
      { address: address('none'), reason: expect.stringMatching(/./) },
    ]);
  });

  it('says why a server could not be reached', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.cfg`;
    await new Promise((resolve) => server.close(resolve));
    const { buildout } = await read({ 'buildout.cfg': `[buildout]\nextends = ${address}\n` });
    expect(buildout.missing).toEqual([
      { address, reason: expect.stringContaining('ECONNREFUSED') },
    ]);
  });

  it('reads what an address extends from where that is', async () => {
    const server = createServer((request, response) => {
      response.end(
        request.url === '/dir/a.cfg'
          ? '[buildout]\nextends = b.cfg ../c.cfg\n'
          : `[a]\n${request.url?.slice(-5, -4)} = ${request.url}\n`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const { get } = await read({ 'buildout.cfg': `[buildout]\nextends = ${base}/dir/a.cfg\n` });
      expect([get('a', 'b'), get('a', 'c')]).toEqual(['/dir/b.cfg', '/c.cfg']);
    } finally {
      server.close();
    }
  });

  it('reads a section only where its condition holds', async () => {
    const { get } = await read({
      'buildout.cfg':
        '[a]\nx = 1\n[a:windows]\nx = 2\n[a: linux and python3 ]\ny = 3\n[a:not posix]\ny = 4\n  more\n',
    });
    expect([get('a', 'x'), get('a', 'y')]).toEqual(['1', '3']);
  });

  it('gives a value or a failure that names a file, for any references', async () => {
    const names = fc.constantFrom('a', 'b', 'c', 'buildout');
    const words = fc.oneof(
      fc.tuple(names, names).map(([section, option]) => `\${${section}:${option}}`),
      names.map((option) => `\${:${option}}`),
      fc.constantFrom('x', '$', '${', '}', '${a}', '${a:b:c}', ' '),
    );
    const option = fc
      .tuple(names, fc.constantFrom('=', '+=', '-='), fc.array(words, { maxLength: 4 }))
      .map(([name, operator, text]) => `${name} ${operator} ${text.join('')}`);
    const lines = fc.oneof(
      option,
      names.map((name) => `[${name}]`),
      names.map((name) => `<= ${name}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 12 }), async (body) => {
        const { buildout } = await read({ 'buildout.cfg': `[a]\n${body.join('\n')}\n` });
        for (const section of buildout.sectionNames) {
          const outcome = await outcomeOf(() => buildout.section(section));
          if (outcome.kind === 'result') continue;
          expect(outcome.message).toMatch(/^Cannot resolve .*buildout\.cfg:\d+: /);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes an address from the cache, else from the network, else goes on without it', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/good.cfg') response.statusCode = 404;
      response.end('[a]\nx = fetched\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const cfg = (name: string) => `[buildout]\nextends-cache = sub\nextends = ${base}/${name}\n`;
      const fetched = await read({ 'buildout.cfg': cfg('good.cfg') });
      expect([fetched.get('a', 'x'), fetched.buildout.missing]).toEqual(['fetched', []]);
      const md5 = createHash('md5').update(`${base}/cached.cfg`).digest('hex');
      const cached = await read({
        'buildout.cfg': cfg('cached.cfg'),
        [`sub/${md5}`]: '[a]\nx = kept\n',
      });
      expect(cached.get('a', 'x')).toBe('kept');
      const gone = await read({ 'buildout.cfg': `${cfg('gone.cfg')}[b]\ny = 1\n` });
      expect(gone.get('b', 'y')).toBe('1');
      expect(gone.buildout.missing).toEqual([
        { address: `${base}/gone.cfg`, reason: 'the server answered 404' },
      ]);
    } finally {
      server.close();
    }
  });
});

describe('.cfg', () => {
  it.each([
    ['a line that is nothing', '[a]\nx: 1\n', 2],
    ['an option without a section', 'x = 1\n', 1],
    ['an indented line in front of all', '[a]\n  more\n', 2],
    ['a condition that is Python', '[a:sys.version_info[0] > 2]\n', 1],
  ])('is refused for %s, with file and line', async (_, text, line) => {
    expect(await outcomeOf(() => parseCfg(text, '/x.cfg'))).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(new RegExp(`"/x\\.cfg".* line ${line}\\b|line ${line} `)),
    });
  });

  it('gives sections or a failure for any text', async () => {
    const pieces = fc.constantFrom(
      '[a]',
      '[a:linux]',
      'x = 1',
      'y +=',
      '  more',
      '',
      '#',
      '<= b',
      '[',
      '=',
      '${',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(pieces, fc.string())), async (lines) => {
        await outcomeOf(() => parseCfg(lines.join('\n'), '/x.cfg'));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('condition of a section', () => {
  it.each([
    ['linux', true],
    ['windows', false],
    ['not windows', true],
    ['python2 or linux', true],
    ['python3 and not linux', false],
    ['not (python2 or windows) and posix', true],
    ['not not True', true],
  ])('%s is %s', (condition, expected) => {
    expect(holds(condition, { file: '/x.cfg', line: 1 })).toBe(expected);
  });

  it.each(['', 'linux and', '(linux', 'linux)', 'linux linux', 'nothing', 'platform == "x"'])(
    '%j is refused',
    async (condition) => {
      const place = { file: '/x.cfg', line: 7 };
      expect(await outcomeOf(() => holds(condition, place))).toMatchObject({ code: 'usage' });
    },
  );
});
