/** The exit statuses of all commands but `check` and `repozo`, for the man page and the reference. */
export const EXIT_STATUSES = [
  ['0', 'Done; also if there was nothing to do, or if you answered "no".'],
  ['1', 'Failed: one error with a hint, and nothing was changed.'],
  ['2', 'Wrong usage.'],
  ['3', 'Done, but with warnings that somebody should read.'],
  ['4', 'Another run uses the backups, or a server uses the Data.fs.'],
  ['130', 'Stopped by Ctrl-C or a signal.'],
] as const;
