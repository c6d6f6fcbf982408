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
      'zodbvault cannot use a word, an option, a date or a setting, or two of them exclude each other. Nothing was changed.',
    remedies: [
      'Read the hint below the error: it names what you can use instead.',
      'Run the command with `--help`: it shows every option with its values.',
      'Run `zodbvault config`: it shows each setting and where it comes from.',
    ],
  },
  'not-found': {
    summary: 'a file, a folder or a backup does not exist',
    meaning:
      'The error names a file, a folder, a backup or a part of a buildout that does not exist. zodbvault looks for everything from the current folder on, unless an option names another place.',
    remedies: [
      'Go to the folder of the site, or name the places: `--config`, `--datafs`, `--location`.',
      'If the error is about a date: `zodbvault list` shows what can be restored. You can copy the dates from there.',
      'If there is no backup yet, make one: `zodbvault backup`.',
      'If a disk is not mounted, mount it: its empty mount point looks like an empty folder.',
    ],
  },
  locked: {
    summary: 'another process uses the files',
    meaning:
      'Another run of zodbvault works on the same backups, or a server (Zope, ZEO) uses the Data.fs that you want to replace. The error names the process if it is known. Nothing was changed.',
    remedies: [
      'Wait until the other process ends, or let the command wait: `--wait`, or at most some seconds with `--wait=SECONDS`.',
      'Before a restore, stop the server. Start it after the restore.',
      'If the other process hangs, end it. Its lock disappears with it; you do not have to remove a file.',
      'If the error is about a copy elsewhere, and the run that made it was killed: `zodbvault unlock PLACE` shows who holds the lock, and ends it.',
      'If scheduled runs meet again and again, move one of them: `zodbvault schedule --at`.',
    ],
  },
  damaged: {
    summary: 'a file is damaged',
    meaning:
      'The bytes of a Data.fs, a backup, an index or a blob are not what their format or their checksum says. A disk, a copy or another program has changed them. zodbvault did not use them: a restore has replaced nothing, and a backup has deleted nothing old.',
    remedies: [
      'If a backup is damaged: `zodbvault verify` names every damaged file. Make a new full backup while the site is intact: `zodbvault backup --full`.',
      'When the new backup is verified, `zodbvault delete --damaged` deletes what nobody can restore any more; it asks first.',
      'To restore in spite of it, take an earlier restore point (`zodbvault list`, `zodbvault restore DATE`) or another copy of the backups.',
      'If only blobs are damaged, `zodbvault restore --accept-damaged-blobs` restores the rest and names each damaged blob.',
      'If the Data.fs of the site is damaged, keep a copy of it as it is, and check the disk before you write anything to it.',
    ],
  },
  system: {
    summary: 'the operating system refused',
    meaning:
      'A disk is full, a permission is missing, a quota is used up, or a disk reported an error. The error names the file and what the system said. zodbvault removed its unfinished files and changed nothing else.',
    remedies: [
      'No space left: free some space, or keep fewer backups (`--keep`). Then run the command again.',
      'Permission denied: run the command as the user that owns the site and its backups.',
      'I/O error: look at the kernel log (`dmesg`) and check the disk before you do anything else.',
      'Read-only: after errors, the system often mounts a file system read-only. Look at the kernel log (`dmesg`).',
    ],
  },
  program: {
    summary: 'another program failed or is missing',
    meaning:
      'zodbvault runs a few other programs: `flock`, `rsync`, `tar`, `gzip` or `pigz` or `igzip`, `sync`, `crontab`, `systemctl`, and the commands that a site has set. One of them is not installed, or it failed. The error contains what it printed.',
    remedies: [
      'If the program is missing, install it: the hint names the package.',
      'Without rsync, set `use_rsync = false` in the part of the buildout: zodbvault copies the blobs itself then.',
      'If a `pre_command` or `post_command` failed, run it by hand as the same user. Under cron, it has another environment.',
      'With `-v`, zodbvault shows each command that it runs, so that you can paste it.',
    ],
  },
  refused: {
    summary: 'zodbvault stopped because data might be lost',
    meaning:
      'To go on might destroy something that you still need: a folder is not empty, it contains files of other programs, a backup would go into the data that it backs up, or zodbvault does not know how the files came into this state. Nothing was changed.',
    remedies: [
      'Read the error: it names what would be lost.',
      'With `--no-prompt` and without a date, a restore does not choose between two databases, and does not take a damaged restore point if an older one is better. Name the restore point: `zodbvault list` shows all, `zodbvault show DATE` shows what is in one.',
      'Move the files away, or name another folder, and run the command again.',
      'If the hint names an option that does it anyway, use the option when you are sure.',
    ],
  },
  interrupted: {
    summary: 'Ctrl-C or a signal stopped it',
    meaning:
      'Somebody pressed Ctrl-C, or the system ended the process (SIGTERM, SIGHUP). zodbvault removed its unfinished files. Every finished backup is intact, and a restore has replaced nothing. If the backup of the Data.fs was finished, it stays, and the next backup adds its blobs. A second Ctrl-C, or a second signal, ends the process at once, except while a restore renames files. Unfinished files stay then, and the next run removes or finishes them.',
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

Every error has a code, which says what kind of error it is. You see it behind the hint on a terminal and with \`-v\`, and
in \`errors\` with \`--json\`. \`zodbvault explain CODE\` prints the text below. [Warnings](warnings.md) (exit status
3: done, but somebody should read this) have their own codes. An "Internal error" has no code: it is a fault of zodbvault,
please report it.

<!-- Made by "npm run pages" from src/cli/reference/error-explanations.ts. -->
`;
