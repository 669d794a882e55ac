/**
 * Runs every task, at most `limit` at the same time. Results are in the order of the tasks. A task that rejects rejects
 * the whole; those that have not begun are then not begun.
 */
export async function inParallel<T>(tasks: readonly (() => Promise<T>)[], limit: number): Promise<T[]> {
  const results = new Array<T>(tasks.length)
  const queue = tasks.entries()
  const work = async () => {
    for (const [at, task] of queue) results[at] = await task()
  }
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, work))
  return results
}
