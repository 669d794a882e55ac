/** Beyond this, what is waited for does not come. */
const WITHIN_MS = 30_000

/** @throws Error that says what was not seen. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`within ${WITHIN_MS / 1000} s it was not seen that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
