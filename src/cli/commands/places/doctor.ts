import type { Command } from '@commander-js/extra-typings';
import { examinePlace } from '../../../operations/places/examine-place.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import { withBucketOptions, withKeyFileOptions } from '../../options/place-options.ts';
import { type DoctorResult, doctorAsJson } from '../../render/json/results/places/doctor.ts';
import { renderPlace, TRIAL_WORDS } from '../../render/places/place-words.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addDoctorCommand(program: Command): void {
  const command = withBucketOptions(
    program
      .command('doctor')
      .argument('<place>', 'where copies are, or will be: a folder, s3://..., or sftp://...'),
  );
  withOutputOptions(withKeyFileOptions(command)).action((place, options) =>
    runCommand({ ...options, command }, async ({ terminal, signal }) => {
      const result = terminal.document.result<DoctorResult>({ place, trials: [] });
      const report = await examinePlace(place, { ...options, signal });
      Object.assign(result, doctorAsJson(report));
      terminal.print(report.place);
      for (const line of renderPlace(report)) terminal.print(line, TRIAL_WORDS);
      return report.writers === 'none' ? 1 : undefined;
    }),
  );
}
