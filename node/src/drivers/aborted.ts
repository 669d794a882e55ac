/**
 * A promise that rejects with the signal's reason when it aborts; it never resolves.
 * @returns `release` takes the listener off again; call it when the wait is over.
 */
export function aborted(signal: AbortSignal): { promise: Promise<never>; release(): void } {
  let listener: (() => void) | undefined
  const promise = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    listener = () => reject(signal.reason)
    signal.addEventListener('abort', listener, { once: true })
  })
  // The race that waits for it may already be over.
  promise.catch(() => {})
  return {
    promise,
    release() {
      if (listener !== undefined) signal.removeEventListener('abort', listener)
    },
  }
}
