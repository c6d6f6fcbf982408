import { isRecipient, looksSecret } from '../../system/age/keys.ts';
import { parseSpan } from '../../system/calendar/span.ts';
import { type KeepRules, keepsAny } from '../model/keep-rules.ts';
import { COPY_OPTIONS, type CopyOptionName, isCopyOption, MOST_DAYS } from './copy-options.ts';
import { splitWords } from './words.ts';

/** A line of `copies`: a place, then words like `keep=30`. */
export interface CopyLine {
  readonly url: string;
  readonly options: Readonly<Partial<Record<CopyOptionName, string>>>;
}

/** A line that was read, or what is wrong with it. */
export type ReadCopyLine =
  | { readonly kind: 'copy'; readonly copy: CopyLine }
  | { readonly kind: 'wrong'; readonly why: string };

/** Reads the lines, without empty ones. */
export function readCopyLines(text: string): readonly ReadCopyLine[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(readLine);
}

function readLine(line: string): ReadCopyLine {
  const [url = '', ...words] = splitWords(line) ?? [];
  if (url === '') return { kind: 'wrong', why: `copies = ${line}: a quote is not closed` };
  const options: Partial<Record<CopyOptionName, string>> = {};
  for (const word of words) {
    const [, name = '', value = ''] = /^([a-z_]+)=(.*)$/s.exec(word) ?? [];
    const wrong = isCopyOption(name) ? whyWrong(name, value) : unknown(word);
    if (wrong !== undefined) return { kind: 'wrong', why: `copies, ${url}: ${wrong}` };
    if (isCopyOption(name)) options[name] = value;
  }
  if (keepsAllAndNotAll(options)) {
    const why = 'keep = 0 keeps all, and its other rules would remove nothing; leave it out';
    return { kind: 'wrong', why: `copies, ${url}: ${why}` };
  }
  if (options.key_file !== undefined && options.recipients === undefined) {
    const why = 'key_file is for a copy that is encrypted; write recipients, too';
    return { kind: 'wrong', why: `copies, ${url}: ${why}` };
  }
  const wrongKeys = whyNoRecipients(wordsIn(options.recipients ?? ''));
  if (wrongKeys !== undefined) return { kind: 'wrong', why: `copies, ${url}: ${wrongKeys}` };
  const secret = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(url);
  if (secret) return { kind: 'wrong', why: 'copies: no password belongs into an address' };
  if (Number(options.lock_days ?? 0) > 0 && !/^s3:\/\//i.test(url))
    return { kind: 'wrong', why: `copies, ${url}: lock_days is for a bucket, s3://...` };
  return { kind: 'copy', copy: { url, options } };
}

function keepsAllAndNotAll({ keep, ...options }: CopyLine['options']): boolean {
  return Number(keep ?? 1) === 0 && keepRulesOf(options) !== undefined;
}

/** The rules for restore points; undefined: none keeps any. */
export function keepRulesOf(options: CopyLine['options']): KeepRules | undefined {
  const count = (text = '0') => Number(text);
  const rules = {
    daily: count(options.keep_daily),
    weekly: count(options.keep_weekly),
    monthly: count(options.keep_monthly),
    yearly: count(options.keep_yearly),
    within: parseSpan(options.keep_within ?? ''),
  };
  return keepsAny(rules) ? rules : undefined;
}

function whyWrong(name: CopyOptionName, value: string): string | undefined {
  const { kind } = COPY_OPTIONS[name];
  switch (kind) {
    case 'text':
    case 'path':
      return value.trim() === '' ? `${name} is empty` : undefined;
    case 'count':
      return /^\d{1,6}$/.test(value)
        ? undefined
        : `${name} = ${value}: write a whole number, 0 or more`;
    case 'span':
      return parseSpan(value) !== undefined
        ? undefined
        : `${name} = ${value}: write a number with h, d, w, m (months) or y, as in 30d`;
    case 'days':
      return /^\d{1,4}$/.test(value) && Number(value) <= MOST_DAYS
        ? undefined
        : `${name} = ${value}: days from 0, which means none, to ${MOST_DAYS}`;
    case 'bytes':
      return /^\d{1,15}$/.test(value)
        ? undefined
        : `${name} = ${value}: a whole number from 0, which means no limit`;
    case 'flag':
      return value === 'true' || value === 'false'
        ? undefined
        : `${name} = ${value}: write true or false`;
    case 'words':
      return wordsIn(value).length === 0 ? `${name} is empty` : undefined;
    default:
      return kind.some((one) => one === value)
        ? undefined
        : `${name} = ${value}: write ${kind.join(' or ')}`;
  }
}

/** What is in a file of keys, whoever needs them sees. No secret key is ever in a message. */
function whyNoRecipients(words: readonly string[]): string | undefined {
  if (words.some(looksSecret))
    return `recipients has a secret key; write the public key, which begins with age1, and make a new pair of keys`;
  const wrong = words.find((word) => !word.startsWith('@') && !isRecipient(word));
  return (
    wrong &&
    `recipients = ${wrong}: this is not a public key of age; it has 62 characters and begins with age1`
  );
}

/** Words of one option stand between commas: blanks divide options. */
export function wordsIn(value: string): readonly string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function unknown(word: string): string {
  return `"${word}" is no option of a copy; there are ${Object.keys(COPY_OPTIONS).join(', ')}`;
}
