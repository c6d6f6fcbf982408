/**
 * The first of the rows 0 to `count` - 1 that isn't before what is looked for; `count`: all are. Those before it come
 * first. A binary search.
 */
export function firstRowNot(isBefore: (row: number) => boolean, count: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
