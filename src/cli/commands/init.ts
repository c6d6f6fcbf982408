import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { TOML_NAME } from '../../sites/discovery.ts';
import { tomlTemplate } from '../../sites/toml/template.ts';
import { adopting, Failure } from '../../system/failure.ts';
import { isTaken } from '../../system/presence.ts';
import { findAnySites } from '../found-sites.ts';
import { OPTION, withOutputOptions } from '../options.ts';
import { runCommand } from '../run.ts';

export function addInitCommand(program: Command): void {
  const command = program
    .command('init')
    .description(`write a commented ${TOML_NAME} for the site that is found in this folder`)
    .option('--datafs <file>', 'its Data.fs, if it is not found')
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((options) =>
    runCommand(options, async ({ terminal }) => {
      const path = resolve(TOML_NAME);
      if (await isTaken(path)) throw thereAlready(path);
      const { datafs } = options;
      const { found } = await findAnySites(
        { datafs, blobs: true },
        { terminal, purpose: 'backup' },
      );
      const site = found.kind === 'configured' ? found.sites[0] : undefined;
      const one = found.kind === 'plain' ? found.site : site;
      if (one === undefined) {
        throw new Failure('usage', `Cannot write "${path}": the buildout says everything`, {
          hint: 'Set the options in its backup part; "zodbvault config" shows them.',
        });
      }
      const text = tomlTemplate(one.site);
      if (options.dryRun) {
        terminal.print(text);
        return undefined;
      }
      // Another may have written one since: nothing is ever replaced.
      await adopting(`write "${path}"`, async () => {
        await using file = await open(path, 'wx');
        await file.writeFile(text);
        await file.sync();
      });
      terminal.printJson({ written: path });
      terminal.log(
        `Wrote ${path}. "zodbvault config" shows what it says, "zodbvault backup" does it.`,
      );
      return undefined;
    }),
  );
}

function thereAlready(path: string): Failure {
  return new Failure('refused', `Cannot write "${path}": it is there already`, {
    hint: 'Change it with an editor, or move it away first.',
  });
}
