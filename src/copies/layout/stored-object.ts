import * as v from 'valibot';
import { StoredFormSchema } from './stored-form.ts';

/** A number of bytes, an offset, a count. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
export const Md5 = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
export const TidText = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** Keys in records are behind the prefix of their site. They never lead out of it. */
export const KeySchema = v.pipe(
  v.string(),
  v.check((key) => key.split('/').every((piece) => piece !== '' && !/^\.+$/.test(piece))),
);

/** A path that a record has for a file: whoever writes it below a folder never gets out of that. */
export const PathSchema = v.pipe(
  v.string(),
  v.check(
    (path) => !path.includes('\0') && path.split('/').every((piece) => !NO_NAMES.includes(piece)),
  ),
);

/** The same of a single name. */
export const NameSchema = v.pipe(PathSchema, v.excludes('/'));

const NO_NAMES = ['', '.', '..'];

/** An object that a record speaks of: where it is, and the bytes that lie there. */
export const StoredObjectSchema = v.object({
  key: KeySchema,
  form: StoredFormSchema,
  /** Of the bytes as they are stored. */
  sizeBytes: Count,
  sha256: Sha256,
});
export type StoredObjectRecord = v.InferOutput<typeof StoredObjectSchema>;
