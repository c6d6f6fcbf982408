import * as v from 'valibot';

/** What was done to bytes before they were stored, in this order; nothing: they are stored as they are. */
export const StoredFormSchema = v.pipe(v.array(v.picklist(['zstd', 'age'])), v.readonly());
export type StoredForm = v.InferOutput<typeof StoredFormSchema>;

/** As they are. */
export const AS_IS: StoredForm = [];

const ENDINGS = { zstd: '.zst', age: '.age' } as const;

/** What the name of an object in this form ends with: `.zst.age`. */
export function endingOf(form: StoredForm): string {
  return form.map((step) => ENDINGS[step]).join('');
}
