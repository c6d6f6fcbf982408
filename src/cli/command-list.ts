import type { Command } from '@commander-js/extra-typings';

/** A command as `zodbvault --help` knows it. */
export interface ListedCommand {
  /** What it does, without its name. */
  readonly summary: string;
  /** Whether only scripts call it. */
  readonly isHidden?: true;
  /** Loads its module, which adds the command with its options and words to a program. */
  readonly load: () => Promise<(program: Command) => void>;
}

/** Every command, in the order of --help. */
export const COMMANDS: Readonly<Record<string, ListedCommand>> = {
  backup: {
    summary: 'back up what was committed since the last backup, and the blobs',
    load: async () => (await import('./commands/backup.ts')).addBackupCommand,
  },
  restore: {
    summary: 'put back the Data.fs and its blobs as they were at a backup',
    load: async () => (await import('./commands/restore.ts')).addRestoreCommand,
  },
  list: {
    summary: 'show what can be restored',
    load: async () => (await import('./commands/list.ts')).addListCommand,
  },
  verify: {
    summary: 'check that every backup is intact',
    load: async () => (await import('./commands/verify.ts')).addVerifyCommand,
  },
  history: {
    summary: 'show the last runs: what, when, how long, and the result',
    load: async () => (await import('./commands/history.ts')).addHistoryCommand,
  },
  show: {
    summary: 'show what is in a restore point, without restoring it',
    load: async () => (await import('./commands/show.ts')).addShowCommand,
  },
  log: {
    summary: 'show the transactions of a restore point, or of a Data.fs, the newest first',
    load: async () => (await import('./commands/log.ts')).addLogCommand,
  },
  diff: {
    summary: 'show what changed between two restore points',
    load: async () => (await import('./commands/diff.ts')).addDiffCommand,
  },
  ls: {
    summary: 'show what is in a folder of the database, at a backup or now',
    load: async () => (await import('./commands/content/ls.ts')).addLsCommand,
  },
  find: {
    summary: 'find objects of the database by type, id or time, at a backup or now',
    load: async () => (await import('./commands/content/find.ts')).addFindCommand,
  },
  cat: {
    summary: 'print the record of an object as JSON, or the bytes of its blob',
    load: async () => (await import('./commands/content/cat.ts')).addCatCommand,
  },
  export: {
    summary: 'write an object of the database, as it was at a backup, to a file that Zope imports',
    load: async () => (await import('./commands/content/export.ts')).addExportCommand,
  },
  copy: {
    summary: 'copy the backups to the places of "copies", or check that these are intact',
    load: async () => (await import('./commands/copy.ts')).addCopyCommand,
  },
  check: {
    summary:
      'tell monitoring how the backups are (those of "backup", not snapshots and zips): exit status 0 to 3, one line, numbers',
    load: async () => (await import('./commands/check.ts')).addCheckCommand,
  },
  'test-restore': {
    summary: 'restore to a temporary folder, verify the result, and measure the time',
    load: async () => (await import('./commands/test-restore.ts')).addTestRestoreCommand,
  },
  open: {
    summary: 'let ZEO clients read the site as it was at a backup, without restoring it',
    load: async () => (await import('./commands/open.ts')).addOpenCommand,
  },
  delete: {
    summary: 'delete a restore point, or all damaged ones, and the increments that need them',
    load: async () => (await import('./commands/delete.ts')).addDeleteCommand,
  },
  prune: {
    summary: 'delete the old backups that no rule keeps; with --dry-run, show what stays, and why',
    load: async () => (await import('./commands/prune.ts')).addPruneCommand,
  },
  tag: {
    summary: 'give a restore point a tag, so that it stays, or remove a tag',
    load: async () => (await import('./commands/tag.ts')).addTagCommand,
  },
  init: {
    summary: 'write a commented zodbvault.toml for the site in this folder',
    load: async () => (await import('./commands/setup/init.ts')).addInitCommand,
  },
  keygen: {
    summary: 'make a pair of keys: the public one encrypts copies, the secret one opens them',
    load: async () => (await import('./commands/setup/keygen.ts')).addKeygenCommand,
  },
  install: {
    summary: 'write the scripts of a buildout’s backup parts into its bin folder',
    load: async () => (await import('./commands/setup/install.ts')).addInstallCommand,
  },
  config: {
    summary: 'show the site, where its data and its backups are, and where each setting comes from',
    load: async () => (await import('./commands/setup/config.ts')).addConfigCommand,
  },
  schedule: {
    summary: 'print lines for a crontab, or units for systemd, that back up and verify the site',
    load: async () => (await import('./commands/setup/schedule.ts')).addScheduleCommand,
  },
  'run-schedule': {
    summary: 'keep running, and start commands at their times: for a container without cron',
    load: async () => (await import('./commands/setup/run-schedule.ts')).addRunScheduleCommand,
  },
  script: {
    summary: 'run a script that "zodbvault install" wrote',
    isHidden: true,
    load: async () => (await import('./commands/compatible/script.ts')).addScriptCommand,
  },
  repozo: {
    summary: 'do what repozo does, with its options; for scripts that call bin/repozo',
    load: async () => (await import('./commands/compatible/repozo.ts')).addRepozoCommand,
  },
  adopt: {
    summary: 'check whether backups of repozo or the recipe are intact, and continue them',
    load: async () => (await import('./commands/adopt.ts')).addAdoptCommand,
  },
  doctor: {
    summary: 'try what a place for copies can do: a folder, a bucket, a server with SFTP',
    load: async () => (await import('./commands/places/doctor.ts')).addDoctorCommand,
  },
  unlock: {
    summary: 'show who has locked a copy, and end the lock of a run that was killed',
    load: async () => (await import('./commands/places/unlock.ts')).addUnlockCommand,
  },
  demo: {
    summary: 'make a sample site, back it up, destroy it, and restore it',
    load: async () => (await import('./commands/setup/demo.ts')).addDemoCommand,
  },
  report: {
    summary: 'write a page about the backups: calendar, growth, runs, checks, free space',
    load: async () => (await import('./commands/report.ts')).addReportCommand,
  },
  explain: {
    summary: 'say what an error code means and what to do; without a code, list them',
    load: async () => (await import('./commands/setup/explain.ts')).addExplainCommand,
  },
  completions: {
    summary: 'print the script that completes commands and options in a shell',
    load: async () => (await import('./commands/setup/completions.ts')).addCompletionsCommand,
  },
};
