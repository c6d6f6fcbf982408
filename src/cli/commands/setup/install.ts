import type { Command } from '@commander-js/extra-typings';
import { refuseOwnBackupsAmongBlobs } from '../../../config/model/blob-directory-check.ts';
import { binFolder } from '../../../config/recipe/plone-parts.ts';
import type { RecipePart } from '../../../config/recipe/recipe-part.ts';
import { install, planInstall } from '../../../operations/setup/install-scripts.ts';
import { noteAbsentData } from '../../options/absent-data.ts';
import { OPTION, splitOverrides, withOutputOptions } from '../../options/common-options.ts';
import { ownProgram } from '../../options/own-command.ts';
import { adviseOfRewriting } from '../../options/part-scripts.ts';
import { renderInstallStep, shownOn } from '../../render/events.ts';
import { type InstallResult, installStepAsJson } from '../../render/json/results/install.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { CONFIG_OPTION, loadBuildout, readParts } from '../../select/select-buildout-part.ts';
import { runCommand } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { adviseOfMissingScripts } from './missing-scripts.ts';

export function addInstallCommand(program: Command): void {
  const command = program
    .command('install')
    .argument('[words...]', 'parts (default: all), and SECTION:OPTION=VALUE to set an option')
    .addOption(CONFIG_OPTION)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((argv, options) =>
    runCommand(
      { ...options, command },
      async ({ terminal }) => {
        const result = terminal.document.result<InstallResult>({ steps: [] });
        const { names, overrides } = splitOverrides(argv);
        const buildout = await loadBuildout({ config: options.config, overrides }, terminal);
        const { parts, extent, cronLines, scripts } = await readParts(buildout, {
          names,
          terminal,
        });
        const hasParts = parts.length > 0;
        if (!hasParts && names.length === 0) {
          renderWarning(
            { kind: 'warning', code: 'no-backup-part', buildout: buildout.path },
            terminal,
          );
        }
        for (const { site } of parts) await refuseOwnBackupsAmongBlobs(site);
        const steps = await planInstall({
          bin: binFolder(buildout),
          buildout: buildout.path,
          parts,
          scope: extent === 'all' ? 'all-parts' : 'these-parts',
          program: ownProgram(terminal, { caller: 'the scripts' }),
        });
        result.steps = steps.flatMap(installStepAsJson);
        if (options.dryRun) {
          for (const step of steps) renderInstallStep(step, { terminal, tense: 'planned' });
        } else await install(steps, { ...shownOn(terminal) });
        result.outcome = options.dryRun ? 'planned' : 'done';
        await noteAbsentData(parts, terminal);
        if (steps.length > 0) for (const part of parts) sayWhatGoes(part, terminal);
        adviseOfRewriting(scripts, terminal);
        await adviseOfMissingScripts(parts, { lines: cronLines, terminal });
        if (steps.length === 0 && hasParts) terminal.log('Everything is as it should be.');
        // In spite of warnings: buildout, which may run this, takes anything else for a failure.
        return 0;
      },
      { about: 'settings' },
    ),
  );
}

/** Whoever has not written how much is to be kept learns what the recipe's defaults remove. */
function sayWhatGoes({ site, resolved }: RecipePart, terminal: Terminal): void {
  const { part, contents, keep, keepBlobDays } = site;
  const isUnset = (option: string) =>
    resolved.some(({ name, from }) => name === option && from === 'default');
  if (isUnset('keep')) {
    terminal.log(
      `[${part}] keeps ${keep} full backups and removes older ones: keep is not set, and this is the recipe's default; keep = 0 keeps all`,
    );
  }
  if (contents === 'blobs' && isUnset('keep_blob_days')) {
    terminal.log(
      `[${part}] removes backups of the blobs after ${keepBlobDays} days: keep_blob_days is not set, and this is the recipe's default; keep_blob_days = 0 goes by keep`,
    );
  }
}
