// biome-ignore-all lint/suspicious/noTemplateCurlyInString: paths are written so.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveAround } from '../../src/config/model/live-data.ts';
import { layered } from '../../src/config/model/option-source.ts';
import { resolveConfigured } from '../../src/config/plain/configured-site.ts';
import { readZodbvaultToml } from '../../src/config/toml/zodbvault-toml.ts';
import type { Target } from './target.ts';

/** `zodbvault.toml`: read, and each site of it resolved. */
export async function TOML_TARGETS(): Promise<readonly Target[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zodbvault-fuzz-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'zodbvault.toml');
  const live = await liveAround({ path: '/srv/Data.fs', from: 'x' }, { directory: folder });
  const pathEnvironment = { variables: { HOME: '/home/me' }, homeOf: () => '/home/me' };
  return [
    {
      name: 'toml',
      form: 'text',
      seeds: [ONE_SITE, TWO_SITES].map((text) => Buffer.from(text)),
      dictionary: WORDS,
      weight: 1,
      answers: ['usage', 'not-found', 'system'],
      run: async (input) => {
        writeFileSync(path, input);
        const { defaults, sites } = await readZodbvaultToml(path, { nearest: () => 'keep' });
        for (const { failure } of sites) if (failure !== undefined) throw failure;
        for (const { name, options } of [{ name: 'backup', options: defaults }, ...sites]) {
          resolveConfigured(
            {
              part: name,
              subject: path,
              options: layered(options, defaults),
              live,
              pathEnvironment,
            },
            { config: path },
          );
        }
      },
    },
  ];
}

const ONE_SITE = 'datafs = "/srv/Data.fs"\nkeep = 2\nblob_storage = "/b" # blobs\n';
const TWO_SITES = `keep = 3
gzip = true
[sites.one]
datafs = '/srv/one/Data.fs'
pre_command = """
true
"""
[[sites.one.additional_filestorages]]
name = 'two'
datafs = '/srv/two.fs'
[sites."a-b"]
location = '~/backups'
keep_blob_days = 14
`;
const WORDS = [
  ...['[sites.x]\n', '[[sites]]\n', '[sites]\n', "'''", '"""', '\\u0000', '1979-05-27', 'nan'],
  ...['__proto__ = 1\n', '[sites.__proto__]\n', 'a.b.c = {}\n', '[[[[', '{a = {', '= -1\n'],
  ...['verify_after_backup = "deep"\n', 'archive_blob = true\n', 'keep = 9007199254740993\n'],
  ...['${HOME}', '~x/', 'rsync_options = ["-a"]\n', '\r\n', '\0', 'constructor = 1\n'],
];
