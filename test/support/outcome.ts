import { Failure, type FailureCode } from '../../src/system/failure.ts';

/** How a decoder ended: with a result, with our failure, or as it never must. */
export type Outcome<Result> =
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'failure'; readonly code: FailureCode; readonly message: string };

/** Any other error is thrown on, so that the test fails with it. */
export async function outcomeOf<Result>(
  work: () => Result | Promise<Result>,
): Promise<Outcome<Result>> {
  try {
    return { kind: 'result', result: await work() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: 'failure', code: error.code, message: error.message };
  }
}
