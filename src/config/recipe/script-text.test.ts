import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recipeCfg } from '../../../test/support/buildout-site.ts';
import { partOf } from '../../../test/support/recipe-part.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { SCRIPTS, type ScriptName } from '../resolve/script-names.ts';
import {
  decodeScript,
  encodeRepozo,
  encodeScript,
  isOurRepozo,
  isRecipeScript,
} from './script-text.ts';

const scratch = scratchFolder();

describe('script', () => {
  it('gives back the settings that it carries, whatever stands in them', async () => {
    const { part } = await partOf(scratch, recipeCfg(['backup_blobs = false']));
    const names = fc.constantFrom(...(Object.keys(SCRIPTS) as ScriptName[]));
    fc.assert(
      fc.property(
        names,
        fc.string({ unit: 'binary' }),
        fc.string(),
        (name, preCommand, command) => {
          const site = { ...part.site, preCommand };
          const text = encodeScript({ name, site, bin: '/bin' }, ['/node', command]);
          expect(decodeScript(text)).toEqual({ name, site, bin: '/bin' });
        },
      ),
    );
  });

  it('hands its own path and its words to programs with any names', async () => {
    const { part } = await partOf(scratch, recipeCfg(['backup_blobs = false']));
    const node = join(scratch, `it's "node" $x`);
    writeFileSync(node, '#!/bin/sh\nprintf "<%s>" "$@"\n');
    chmodSync(node, 0o755);
    const path = join(scratch, 'a script');
    const program = [node, "/a 'b' c"];
    writeFileSync(path, encodeScript({ name: 'backup', site: part.site, bin: scratch }, program));
    chmodSync(path, 0o755);
    const output = execFileSync(path, ['-q', 'a b', ''], { encoding: 'utf8' });
    expect(output).toBe(`</a 'b' c><script><${path}><-q><a b><>`);
  });

  it.each([
    ['nothing', ''],
    ['another program', '#!/bin/sh\necho hello\n'],
    ['a line that is no JSON', '# zodbvault-script: {"format":1\n'],
    ['no object', '# zodbvault-script: null\n'],
    ['another format', '# zodbvault-script: {"format":2,"name":"backup","site":{}}\n'],
    ['no site', '# zodbvault-script: {"format":1,"name":"backup","site":{"part":"backup"}}\n'],
  ])('is not seen in %s', (_, text) => {
    expect(decodeScript(text)).toBeUndefined();
  });

  it('is not seen where its name is none', async () => {
    const { part } = await partOf(scratch, recipeCfg(['backup_blobs = false']));
    const text = encodeScript({ name: 'backup', site: part.site, bin: scratch }, ['/n', '/c']);
    expect(decodeScript(text.replace('"name":"backup"', '"name":"toString"'))).toBeUndefined();
  });

  it('of the recipe is told from others by its import', () => {
    expect(isRecipeScript('#!/usr/bin/python\nimport collective.recipe.backup.main\n')).toBe(true);
    expect(isRecipeScript('#!/usr/bin/python\nimport collective.recipe.other\n')).toBe(false);
    expect(isRecipeScript('# see import collective.recipe.backup\n')).toBe(false);
  });

  it('repozo is told from ZODB’s', () => {
    expect(isOurRepozo(encodeRepozo(['/n', '/c']))).toBe(true);
    expect(isOurRepozo('#!/usr/bin/python\nimport ZODB.scripts.repozo\n')).toBe(false);
  });
});
