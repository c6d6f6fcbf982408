/** Commands by the words that records have for them. */
const NAMES: Readonly<Record<string, string>> = {
  rehearse: 'test-restore',
  retire: 'delete',
  undo: 'restore --undo',
  'verify-deep': 'verify --deep',
  'verify-sample': 'verify --deep --sample',
};

/** How people call a run, as in `backup`, `backup snapshot`, `verify --deep`. */
export function nameOfRun({ verb, of }: { readonly verb: string; readonly of: string }): string {
  const name = commandOfRun(verb);
  return of === 'all' || of === 'backup' ? name : `${name} ${of}`;
}

/** The command that a run of this word in the log was. */
export function commandOfRun(verb: string): string {
  return NAMES[verb] ?? verb;
}
