import { systemClock } from '../system-clock.ts'
import { untilInterrupted } from './interruption.ts'

/** Milliseconds between two looks. */
const PERIOD_MS = 1_000

export type WatchInit<T> = {
  look(): Promise<T>
  /** Told of the first, and of each that differs from the one before. */
  show(value: T): void
  /** Resolves after a while, and at once when it is over. @returns whether to go on */
  pause(): Promise<boolean>
}

/** Looks again and again, and shows what has changed; what does not change is shown once. */
export async function watchChanges<T>({ look, show, pause }: WatchInit<T>): Promise<void> {
  let before: string | undefined
  do {
    const value = await look()
    const text = JSON.stringify(value)
    if (text !== before) show(value)
    before = text
  } while (await pause())
}

/** Once a second, until this process is told to stop. */
export async function watchUntilInterrupted<T>(init: Omit<WatchInit<T>, 'pause'>): Promise<void> {
  using interrupted = untilInterrupted()
  const { signal } = interrupted
  const pause = () =>
    new Promise<boolean>((resolve) => {
      if (signal.aborted) return resolve(false)
      const cancel = systemClock.after(PERIOD_MS, () => resolve(!signal.aborted))
      signal.addEventListener(
        'abort',
        () => {
          cancel()
          resolve(false)
        },
        { once: true },
      )
    })
  await watchChanges({ ...init, pause })
}
