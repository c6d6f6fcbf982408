// biome-ignore-all lint/suspicious/noTemplateCurlyInString: buildout writes references so.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Buildout, readBuildout } from '../../src/config/buildout/buildout.ts';
import { parseCfg } from '../../src/config/buildout/cfg-parser.ts';
import { withInstalled } from '../../src/config/buildout/installed.ts';
import { holds } from '../../src/config/buildout/section-condition.ts';
import type { Site } from '../../src/config/model/site.ts';
import { findRecipeParts, readRecipePart } from '../../src/config/recipe/recipe-part.ts';
import { decodeScript, encodeScript, isRecipeScript } from '../../src/config/recipe/script-text.ts';
import { Problems } from '../../src/config/resolve/problems.ts';
import {
  parseAlternativeLines,
  parseStorageLines,
} from '../../src/config/resolve/storage-lines.ts';
import { mergeCrontab } from '../../src/config/schedule/crontab.ts';
import { formatOwner } from '../../src/config/schedule/schedule-owner.ts';
import { unitOwner } from '../../src/config/schedule/systemd-units.ts';
import { readConfStorages } from '../../src/config/zconfig/conf-storages.ts';
import { readInstanceYaml } from '../../src/config/zconfig/instance-yaml.ts';
import { isFailure } from '../../src/system/failure.ts';
import type { Target } from './target.ts';

const GOLDEN = join(import.meta.dirname, '../fixtures/golden/buildout');

/** Decoders of a buildout, of scripts and of schedules. */
export function SITE_TARGETS(): readonly Target[] {
  const folder = mkdtempSync(join(tmpdir(), 'zodbvault-fuzz-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const seeds = cfgSeeds();
  const cfg = { form: 'text', seeds, dictionary: CFG_WORDS } as const;
  const path = join(folder, 'buildout.cfg');
  return [
    {
      ...cfg,
      name: 'cfg',
      weight: 12,
      answers: ['usage'],
      run: (input) => parseCfg(input.toString(), '/x.cfg'),
    },
    {
      ...cfg,
      name: 'buildout',
      weight: 1,
      answers: ['usage', 'not-found', 'system'],
      run: async (input) => {
        writeFileSync(path, withoutNetwork(input));
        resolveAll(await readBuildout(path, { overrides: [], userDefaults: undefined }));
      },
    },
    {
      ...cfg,
      name: 'installed-cfg',
      weight: 1,
      answers: ['usage'],
      run: async (input) => {
        writeFileSync(path, '[buildout]\nparts = backup\n[backup]\n<= gone\n');
        const own = await readBuildout(path, { overrides: [], userDefaults: undefined });
        writeFileSync(join(folder, '.installed.cfg'), input);
        const missing = [{ address: 'x', reason: 'y' }];
        resolveAll(await withInstalled({ ...own, missing }));
      },
    },
    {
      name: 'conf',
      form: 'text',
      seeds: [ZOPE_CONF, ZEO_CONF].map((text) => Buffer.from(text)),
      dictionary: CONF_WORDS,
      weight: 2,
      answers: ['usage', 'not-found', 'system'],
      run: async (input) => {
        writeFileSync(join(folder, 'zope.conf'), input);
        await readConfStorages(join(folder, 'zope.conf'), { HOME: '/home/me' });
      },
    },
    {
      name: 'instance-yaml',
      form: 'text',
      seeds: [Buffer.from(INSTANCE_YAML)],
      dictionary: YAML_WORDS,
      weight: 0.5,
      answers: ['usage', 'not-found', 'system'],
      run: async (input) => {
        writeFileSync(join(folder, 'instance.yaml'), input);
        await readInstanceYaml(join(folder, 'instance.yaml'));
      },
    },
    {
      name: 'section-condition',
      form: 'text',
      seeds: ['linux', 'not (python2 or windows) and posix', 'True'].map((one) => Buffer.from(one)),
      dictionary: ['not ', '(', ')', ' and ', ' or ', 'linux', 'python3'],
      weight: 6,
      answers: ['usage'],
      run: (input) => holds(input.toString(), { file: '/x.cfg', line: 1 }),
    },
    {
      name: 'storage-lines',
      form: 'text',
      seeds: ['one\ntwo "/a b/Data.fs" /blobs', 'Data /a /b\none /c', "x 'a\\' b"].map((one) =>
        Buffer.from(one),
      ),
      dictionary: ['"', "'", '\\', '\n', ' ', '..', '/', 'Data', '1', '#'],
      weight: 8,
      answers: ['usage'],
      run: (input) => {
        const problems = new Problems('backup');
        const value = { text: input.toString(), origin: { kind: 'command-line' } as const };
        const lines = parseStorageLines(value, problems);
        const storages = [
          { name: 'Data', hasBlobs: true },
          ...lines.map(({ name }) => ({ name, hasBlobs: false })),
        ];
        parseAlternativeLines(value, { option: 'alternative_restore_sources', storages, problems });
        problems.throwIfAny();
      },
    },
    {
      name: 'script',
      form: 'text',
      seeds: [
        Buffer.from(
          encodeScript({ name: 'backup', site: SITE, bin: '/bin' }, ['/node', '/main.js']),
        ),
      ],
      dictionary: [
        '# zodbvault-script: ',
        '{}',
        'null',
        '"name":"toString"',
        '"__proto__":{}',
        '\n',
      ],
      weight: 6,
      answers: [],
      run: (input) => {
        const text = input.toString();
        decodeScript(text);
        isRecipeScript(text);
      },
    },
    {
      name: 'crontab',
      form: 'text',
      seeds: [CRONTAB, Buffer.from('MAILTO=x\n')],
      dictionary: ['# begin zodbvault ', '# end zodbvault ', '"/a"', ' [p]', '\n', '\\', '\xff'],
      weight: 6,
      answers: ['refused'],
      run: (input) => {
        const same = mergeCrontab(input, { blocks: [], isReplaced: () => false });
        if (!same.equals(input))
          throw new Error('a crontab changed in which nothing was to change');
        mergeCrontab(input, { blocks: [], isReplaced: () => true });
      },
    },
    {
      name: 'unit',
      form: 'text',
      seeds: [Buffer.from('# Written by "zodbvault schedule" for "/srv/site" [backup]\n[Unit]\n')],
      dictionary: ['"', '\\u0000', '[', ']'],
      weight: 4,
      answers: [],
      run: (input) => unitOwner(input.toString()),
    },
  ];
}

const CFG_WORDS = [
  ...[
    '${',
    '}',
    '${:x}',
    '${buildout:directory}',
    '${backup:keep}',
    '[a]',
    '[backup]',
    '[a:linux]',
  ],
  ...['<= backup', '<= a', ' += ', ' -= ', '=', '\n    ', '\n', ';', '#', 'keep = ', 'extends = '],
  ...[
    'recipe = collective.recipe.backup',
    'not ',
    '(',
    'true',
    '~',
    '$HOME',
    '..',
    '\x1b[2J',
    '\u2028',
  ],
  ...[
    'additional_filestorages =\n    a\n',
    'alternative_restore_sources =\n    Data x\n',
    '[toString]',
  ],
  ...[
    'archive_blob = true\n',
    'incremental_blobs = true\n',
    'compatible = 2.3\n',
    '__proto__ = 1\n',
  ],
];

const ZOPE_CONF =
  '%define INSTANCE /srv/zope\ninstancehome $INSTANCE\n<zodb_db main>\n  mount-point /\n  <blobstorage>\n    blob-dir $INSTANCE/blobs\n    <filestorage>\n      path $INSTANCE/Data.fs\n    </filestorage>\n  </blobstorage>\n</zodb_db>\n';
const ZEO_CONF =
  '<zeo>\n  address 8100\n</zeo>\n<filestorage 1>\n  path $(HOME)/Data.fs\n  blob-dir /b\n</filestorage>\n';
const CONF_WORDS = [
  ...[
    '%define X $X$X\n',
    '%define a b\n',
    '%include zope.conf\n',
    '%include file:///%2f\n',
    '$',
    '${X}',
  ],
  ...['<a>\n', '</a>\n', '<a/>\n', '$(HOME)', '%include x\0\n', '<filestorage 2>\n', 'path ', '\0'],
];
const INSTANCE_YAML =
  'default_context:\n  target: instance\n  db_storage: direct\n  location_clienthome: "{{ cookiecutter.target }}/var"\n';
const YAML_WORDS = [
  ...[
    '{{ cookiecutter.target }}',
    '&a ',
    '*a',
    '- ',
    ': ',
    '[',
    '{',
    '? ',
    '|\n',
    '!!binary ',
    '---\n',
  ],
  ...[
    '  db_blob_location: ',
    '  target: "{{ cookiecutter.x }}"\n',
    '<<: *a',
    '"\\0"',
    '%YAML 1.1\n',
  ],
];

/** No test asks a server: what would be an address is none. */
function withoutNetwork(input: Buffer): Buffer {
  return Buffer.from(input.toString('latin1').replaceAll('://', ':/'), 'latin1');
}

function cfgSeeds(): readonly Buffer[] {
  return readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cfg') && statSync(join(GOLDEN, name)).size < 4000)
    .sort()
    .map((name) => withoutNetwork(readFileSync(join(GOLDEN, name))));
}

/** Everything that can be asked of a buildout; a failure of one section is an answer. */
function resolveAll(buildout: Buildout): void {
  const ask = (question: () => unknown) => {
    try {
      question();
    } catch (error) {
      if (!isFailure(error, 'usage')) throw error;
    }
  };
  for (const name of buildout.sectionNames) ask(() => buildout.section(name));
  const pathEnvironment = { variables: { HOME: '/home/me' }, homeOf: () => '/home/me' };
  ask(() => {
    for (const part of findRecipeParts(buildout).names) {
      ask(() => readRecipePart(buildout, { part, pathEnvironment, nearest: () => 'keep' }));
    }
  });
}

const FOLDERS = { filestorage: '/b', blobs: '/c' };
const SITE: Site = {
  ...{ part: 'backup', buildout: '/srv/buildout.cfg', rules: '6.0', contents: 'both' },
  storages: [
    {
      ...{ name: 'Data', dataFs: '/srv/Data.fs', blobs: '/srv/blobstorage' },
      folders: { backup: FOLDERS, snapshot: FOLDERS, zip: FOLDERS },
    },
  ],
  ...{ full: 'when-needed', comparison: 'quick', gzip: true },
  blobFormat: { kind: 'directories', naming: 'stamps' },
  blobCopier: { kind: 'rsync', rsyncOptions: ['-v'], firstCopy: 'copy' },
  ...{
    keep: 2,
    keepBlobDays: 14,
    preCommand: '',
    postCommand: 'true',
    isDebug: false,
    verifyAfterBackup: 'quick',
  },
};

const OWNER = formatOwner({ folder: '/srv/site', part: 'backup' });
const CRONTAB = Buffer.from(
  `MAILTO=me\n# begin zodbvault ${OWNER}\n5 4 * * * backup\n# end zodbvault ${OWNER}\n@daily x\n`,
);
