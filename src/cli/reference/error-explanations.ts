import { exitStatusOf, type FailureCode } from '../../system/failure.ts';

/** What a code of a failure means, and what to do about it. */
export interface Explanation {
  /** One line. */
  readonly summary: string;
  /** One paragraph. */
  readonly meaning: string;
  /** What to do, the likeliest first. */
  readonly remedies: readonly string[];
}

/** Every code; `zodbvault explain` prints it, and docs/reference/errors.md is made of it. */
export const EXPLANATIONS: Readonly<Record<FailureCode, Explanation>> = {
  usage: {
    summary: 'the command line or a setting is wrong',
    meaning:
      'A word, an option, a date or a setting cannot be used as it was written, or two of them exclude each other. Nothing was begun, and nothing was changed.',
    remedies: [
      'Read the hint below the error: it names what can be used instead.',
      'Run the command with `--help`: it shows every option with its values.',
      'In a buildout, run `zodbvault config`: it shows each setting and the file and line it came from.',
    ],
  },
  'not-found': {
    summary: 'something that was named is not there',
    meaning:
      'A file, a folder, a backup or a part of a buildout that was named, or that is looked for by default, does not exist. Where no option says otherwise, everything is looked for from the current folder on.',
    remedies: [
      'Go to the folder of the site, or name the places: `--config`, `--datafs`, `--location`.',
      'If it is about a date: `zodbvault list` shows what can be restored. Dates are in UTC.',
      'If there is no backup yet, make one: `zodbvault backup`.',
      'If a file system is missing, mount it: an empty mount point looks like an empty folder.',
    ],
  },
  locked: {
    summary: 'another process holds what this one needs',
    meaning:
      'Another run of zodbvault works on the same backups, or a server (Zope, ZEO) holds the Data.fs that is to be replaced. The message says which process it is, where that can be known. Nothing was changed.',
    remedies: [
      'Wait until it has ended, or let the command wait: `--wait`, or `--wait=SECONDS` at the most.',
      'For a restore, stop the server first; start it when the restore is done.',
      'If the process hangs, end it. Its lock goes with it; nobody has to remove a file.',
      'If scheduled runs meet each other again and again, move one of them: `zodbvault schedule --at`.',
    ],
  },
  damaged: {
    summary: 'bytes are not what their format or their checksum says',
    meaning:
      'A Data.fs, a backup, an index or a blob was read, and what was read is not what was written: a disk, a copy or another program has changed it. What was found damaged has not been used: a restore has replaced nothing, a backup has removed nothing old.',
    remedies: [
      'If a backup is damaged: `zodbvault verify` names every file that is; then make a new full backup, `zodbvault backup --full`, while the site is still whole.',
      'When the new backup is verified, `zodbvault delete --damaged` removes what nothing can be restored from; it asks first.',
      'To restore in spite of it, take an earlier restore point (`zodbvault list`, `zodbvault restore DATE`) or another copy of the backups.',
      'If only blobs are damaged, `zodbvault restore --accept-damaged-blobs` restores the rest, and names each that is not whole.',
      'If the Data.fs of the site is damaged, keep a copy of it as it is, and look at the disk before you write anything to it.',
    ],
  },
  system: {
    summary: 'the operating system refused',
    meaning:
      'A disk is full, a permission is missing, a quota is used up, or a disk reported an error. The message names the file and what the system said. What was being made has been removed; what was there is as it was.',
    remedies: [
      'No space left: free some, or keep fewer backups (`--keep`), then run the command again.',
      'Permission denied: run it as the user that owns the site and its backups.',
      'I/O error: look at the kernel log (`dmesg`) and at the disk before anything else.',
      'Read-only: a file system that has had errors is often mounted read-only by the system.',
    ],
  },
  program: {
    summary: 'another program failed or is missing',
    meaning:
      'zodbvault runs a few other programs: `flock`, `rsync`, `tar`, `gzip` or `pigz` or `igzip`, `sync`, `crontab`, `systemctl`, and the commands that a site has set. One of them is not installed, or it ended with an error. The message has what it printed.',
    remedies: [
      'If it is missing, install it: the hint names the package.',
      'Without rsync, `use_rsync = false` in the part of the buildout copies blobs without it.',
      'If a `pre_command` or `post_command` failed, run it by hand as the same user: cron has another environment.',
      'With `-v` every command that is run is shown as it can be typed.',
    ],
  },
  refused: {
    summary: 'it could be done, but somebody might lose data by it',
    meaning:
      'zodbvault stops where going on might destroy what somebody still needs: a folder is not empty, files in it are not its own, a backup would go into what it backs up, or the state is not one that it knows how to leave. Nothing was changed.',
    remedies: [
      'Read the message: it names what would be lost.',
      'A restore that nobody is asked about (`--no-prompt`) does not take a restore point that is known to be bad where an older one is better: name the one that you mean, as the hint says.',
      'A restore that nobody is asked about (`--no-prompt`) guesses nothing between two databases: name the restore point that you mean (`zodbvault list` shows them, `zodbvault show DATE` what is in one).',
      'Move that away, or name another folder, and run the command again.',
      'Where the hint names an option that does it all the same, use it when you are sure.',
    ],
  },
  interrupted: {
    summary: 'it was stopped by Ctrl-C or by a signal',
    meaning:
      'Somebody pressed Ctrl-C, or the system ended the process (SIGTERM, SIGHUP). What was not finished has been removed; every backup that was finished before is whole, and a restore has replaced nothing. A backup of the Data.fs that was finished stays, be it that its blobs were not: the next backup makes them. A program that it has started, such as a pre_command, has five seconds to end; then it is killed. A second Ctrl-C, or a second signal, ends the process at once, but for the renames by which a restore puts the new in the place of the old: then what was not finished is left, and the next run removes or finishes it.',
    remedies: [
      'Run the command again.',
      'If nobody did it: a machine that shuts down, a service manager with a time limit, or a closed connection sends such signals. Run long jobs under `systemd-run`, `tmux` or cron.',
    ],
  },
};

/** All codes, as they are listed. */
export const FAILURE_CODES = Object.keys(EXPLANATIONS) as readonly FailureCode[];

/** docs/reference/errors.md: all of it as Markdown. */
export function formatErrorsPage(): string {
  const entries = FAILURE_CODES.map((code) => {
    const { summary, meaning, remedies } = EXPLANATIONS[code];
    const list = remedies.map((remedy) => `- ${remedy}`).join('\n');
    const status = `Exit status ${exitStatusOf(code)}.`;
    return `## ${code}: ${summary}\n\n${meaning}\n\n${list}\n\n${status}\n`;
  });
  return `${INTRODUCTION}\n${entries.join('\n')}`;
}

const INTRODUCTION = `# Errors

Every error has a code, which says what kind it is: on a terminal and with \`-v\` it stands behind the hint,
with \`--json\` in \`errors\`. \`zodbvault explain CODE\` prints what stands here. A warning (exit
status 3: done, but somebody should read it) has a code of its own: see [warnings](warnings.md). "Internal error" has
none: it is a fault of zodbvault, please report it.

<!-- Made by "npm run pages" from src/cli/reference/error-explanations.ts. -->
`;
