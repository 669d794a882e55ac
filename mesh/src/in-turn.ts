/**
 * Runs one change after the other, so that each begins with what the one before left. One that fails holds up none behind
 * it.
 */
export type InTurn = <T>(change: () => Promise<T>) => Promise<T>

/** A queue of its own. */
export function inTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (change) => {
    const result = last.then(change)
    last = result.catch(() => undefined)
    return result
  }
}
