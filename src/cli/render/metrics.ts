import { endOf, type SiteHealth } from '../../operations/inspect/site-health.ts';

/** A site with the exit status that `check` found for it. */
export interface CheckedSite {
  readonly part: string;
  /** Undefined where there are no backups. */
  readonly health: SiteHealth | undefined;
  readonly status: number;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | undefined];

/**
 * Metrics in the text format of Prometheus, for the textfile collector of its node exporter. Moments
 * are seconds since 1970; a sample that nobody knows is left out. It ends in a newline.
 */
export function formatMetrics(sites: readonly CheckedSite[], now: Date): string {
  const healths = sites.flatMap(({ health }) => health ?? []);
  const places = healths.flatMap((health) =>
    health.places.map((place) => ({
      place,
      labels: { part: health.part, storage: place.storage },
    })),
  );
  const runs = healths.flatMap((health) =>
    [...health.lastRuns].map(([verb, run]) => ({ run, labels: { part: health.part, verb } })),
  );
  const ofPlaces = (pick: (place: (typeof places)[number]['place']) => number | undefined) =>
    places.map(({ place, labels }): Sample => [labels, pick(place)]);
  const ofRuns = (pick: (run: (typeof runs)[number]['run']) => number) =>
    runs.map(({ run, labels }): Sample => [labels, pick(run)]);
  return [
    family('newest_backup_timestamp_seconds', 'moment of the newest restore point', [
      ...ofPlaces(({ newest }) => seconds(newest)),
    ]),
    family('last_good_backup_timestamp_seconds', 'when a backup last ended well', [
      ...healths.map((health): Sample => [{ part: health.part }, seconds(health.lastGoodBackup)]),
    ]),
    family('last_verify_timestamp_seconds', 'when backups were last read and compared', [
      ...ofPlaces(({ verified }) => seconds(verified)),
    ]),
    family('last_test_restore_timestamp_seconds', 'when a backup was last restored for trial', [
      ...ofPlaces(({ testRestored }) => seconds(testRestored)),
    ]),
    family(
      'restore_points',
      'restore points that are there',
      ofPlaces(({ points }) => points),
    ),
    family('problems', 'files that are missing or wrong, restore points that verify found bad', [
      ...ofPlaces(({ problems, badPoints }) => problems.length + badPoints.length),
    ]),
    family('data_fs_bytes', 'size of the Data.fs in the newest restore point', [
      ...ofPlaces(({ dataFsBytes }) => dataFsBytes),
    ]),
    family('repository_bytes', 'bytes of the data files in the repository', [
      ...ofPlaces(({ storedBytes }) => storedBytes),
    ]),
    family('free_bytes', 'free space on the disk with the backups', [
      ...ofPlaces(({ freeBytes }) => freeBytes),
    ]),
    family('last_run_end_timestamp_seconds', 'when the last run ended', [
      ...ofRuns((run) => endOf(run).getTime() / 1000),
    ]),
    family('last_run_duration_seconds', 'how long the last run took', [
      ...ofRuns((run) => run.seconds),
    ]),
    family('last_run_success', 'whether the last run was done', [
      ...ofRuns(({ result }) => Number(result === 'done' || result === 'warnings')),
    ]),
    family('check_status', 'what check found: 0 ok, 1 warning, 2 critical, 3 unknown', [
      ...sites.map(({ part, status }): Sample => [{ part }, status]),
    ]),
    family('check_timestamp_seconds', 'when this file was written', [[{}, now.getTime() / 1000]]),
  ].join('');
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const full = `zodbvault_${name}`;
  const lines = samples.flatMap(([labels, value]) =>
    value === undefined ? [] : [`${full}${formatLabels(labels)} ${value}\n`],
  );
  return lines.length === 0
    ? ''
    : `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join('')}`;
}

function formatLabels(labels: Labels): string {
  const words = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  return words.length === 0 ? '' : `{${words.join(',')}}`;
}

function seconds(moment: Date | undefined): number | undefined {
  return moment === undefined ? undefined : moment.getTime() / 1000;
}
