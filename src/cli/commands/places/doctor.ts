import type { Command } from '@commander-js/extra-typings';
import { examinePlace } from '../../../operations/places/examine-place.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import { inEachOf } from '../../options/each-of.ts';
import { withBucketOptions, withKeyFileOptions } from '../../options/place-options.ts';
import { type DoctorResult, placeAsJson } from '../../render/json/results/places/doctor.ts';
import { renderPlace, TRIAL_WORDS } from '../../render/places/place-words.ts';
import { findAllPlaces, findPlace } from '../../select/meant-places.ts';
import { CONFIG_OPTION } from '../../select/select-buildout-part.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addDoctorCommand(program: Command): void {
  const command = withBucketOptions(
    program
      .command('doctor')
      .argument(
        '[place]',
        'where copies are, or will be: a folder, s3://..., sftp://..., or the name of a copy in the configuration (default: the places of all copies of the site)',
      ),
  ).addOption(CONFIG_OPTION);
  withOutputOptions(withKeyFileOptions(command)).action((written, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, signal } = context;
      const result = terminal.document.result<DoctorResult>({ places: [] });
      const places =
        written === undefined
          ? await findAllPlaces(options, context)
          : [await findPlace(written, options, context)];
      return inEachOf(places, {
        context,
        absence: 'error',
        nameOf: ({ name }) => ({ name, labels: {} }),
        work: async ({ url, access }) => {
          const report = await examinePlace(url, { ...access, signal });
          result.places.push(placeAsJson(report));
          terminal.print(report.place);
          for (const line of renderPlace(report)) terminal.print(line, TRIAL_WORDS);
          return report.writers === 'none' ? 1 : undefined;
        },
      });
    }),
  );
}
