/** Whoever watches approvals. Each reads at its own pace; nobody who decides or asks waits for a reader. */
import { type Approval, type ApprovalEvent, CallError } from '@hansa/protocols'

/** Events that wait for one reader; then it is told that it is too slow, and sees no more. */
const MAX_UNREAD = 10_000

type Watcher = { unread: ApprovalEvent[]; wake(): void }

export class ApprovalWatchers {
  readonly #watchers = new Set<Watcher>()
  readonly #closed = new AbortController()

  tell(event: ApprovalEvent): void {
    for (const { unread, wake } of this.#watchers) {
      if (unread.length <= MAX_UNREAD) unread.push(event)
      wake()
    }
  }

  /**
   * Begins with what `first` says when it is read first; nothing is lost in between.
   * @throws CallError `busy`
   */
  async *watch(first: () => { at: number; waiting: Approval[] }, signal?: AbortSignal): AsyncGenerator<ApprovalEvent> {
    const ended = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal])
    let wake = () => {}
    const watcher: Watcher = { unread: [{ type: 'watching', ...first() }], wake: () => wake() }
    this.#watchers.add(watcher)
    const end = () => wake()
    ended.addEventListener('abort', end)
    try {
      while (!ended.aborted) {
        if (watcher.unread.length > MAX_UNREAD) throw new CallError({ code: 'busy' }, TOO_SLOW)
        const next = watcher.unread.shift()
        if (next !== undefined) yield next
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      this.#watchers.delete(watcher)
      ended.removeEventListener('abort', end)
    }
  }

  /** Ends every watch. */
  close(): void {
    this.#closed.abort()
  }
}

const TOO_SLOW = `busy: more than ${MAX_UNREAD} events waited to be read; watch again.`
