/** Where a command writes: results to stdout, everything else to stderr. */
export interface Terminal {
  readonly verbosity: Verbosity;
  readonly isJson: boolean;
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** The result as one JSON object, if --json was given. */
  readonly printJson: (value: object) => void;
  /** A line of the log, unless -q was given. */
  readonly log: (line: string) => void;
  /** A line of the log that only -v shows. */
  readonly debug: (line: string) => void;
  /** A line of the log that -q doesn't hide. */
  readonly warn: (line: string) => void;
}

export type Verbosity = 'quiet' | 'normal' | 'verbose';

/** What the options of all commands say about output. */
export interface OutputOptions {
  readonly quiet?: true | undefined;
  readonly verbose?: true | undefined;
  readonly json?: true | undefined;
}

export function terminalFor(options: OutputOptions): Terminal {
  const verbosity = options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal';
  const isJson = options.json === true;
  const toStdout = (line: string) => void process.stdout.write(`${line}\n`);
  const toStderr = (line: string) => void process.stderr.write(`${line}\n`);
  const nothing = () => {};
  return {
    verbosity,
    isJson,
    print: isJson ? nothing : toStdout,
    printJson: isJson ? (value) => toStdout(JSON.stringify(value)) : nothing,
    log: verbosity === 'quiet' || isJson ? nothing : toStderr,
    debug: verbosity === 'verbose' ? toStderr : nothing,
    warn: (line) => toStderr(`Warning: ${line}`),
  };
}
