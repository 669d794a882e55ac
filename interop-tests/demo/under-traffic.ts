/** Calls that do not stop while something happens to those who make or serve them. */

/** @returns whether to go on, once more. */
export type Caller = () => Promise<boolean>

/** Every caller calls one after the other until `during` has ended, or it has enough itself. */
export async function underTraffic(callers: readonly Caller[], during: () => Promise<void>): Promise<void> {
  let running = true
  const calling = callers.map(async (call) => {
    while (running && (await call())) {
      // The next one.
    }
  })
  try {
    await during()
  } finally {
    running = false
    await Promise.all(calling)
  }
}
