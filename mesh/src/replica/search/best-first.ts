/** Steps of a scale from nothing to the best. */
const STEPS = 1_024

/**
 * Puts the best of very many first, without comparing each with others: in steps of a thousandth of the best, and within a
 * step in the order in which they came.
 * @param worth at least 0; asked once for each
 */
export function bestFirst(items: readonly number[], worth: (item: number) => number): Uint32Array {
  const worths = new Float64Array(items.length)
  let best = 0
  for (let at = 0; at < items.length; at++) {
    const one = worth(items[at] ?? 0)
    worths[at] = one
    if (one > best) best = one
  }
  const steps = new Uint16Array(items.length)
  const starts = new Uint32Array(STEPS + 1)
  for (let at = 0; at < items.length; at++) {
    const step = best === 0 ? 0 : Math.floor((1 - (worths[at] ?? 0) / best) * (STEPS - 1))
    steps[at] = step
    starts[step + 1] = (starts[step + 1] ?? 0) + 1
  }
  for (let step = 1; step <= STEPS; step++) starts[step] = (starts[step] ?? 0) + (starts[step - 1] ?? 0)
  const ordered = new Uint32Array(items.length)
  for (let at = 0; at < items.length; at++) {
    const step = steps[at] ?? 0
    const place = starts[step] ?? 0
    ordered[place] = items[at] ?? 0
    starts[step] = place + 1
  }
  return ordered
}
