/**
 * What keeps one life of a kernel running: every write to its store and every sync of its disk takes a step, and at the
 * step that a test names the power goes. Nothing that comes then happens or returns, as in a process that was killed.
 */
import type { Store } from '@hansa/protocols'
import type { LogDisk, MemoryLogDisk } from '@hansa/trust/ledger'

export class Power {
  /** Writes so far. */
  steps = 0
  #left = Number.POSITIVE_INFINITY
  readonly #failed = Promise.withResolvers<void>()

  /** @param steps writes that still happen */
  failAfter(steps: number): void {
    this.#left = steps
  }

  get on(): boolean {
    return this.#left >= 0
  }

  /** Resolves when it goes. */
  get failed(): Promise<void> {
    return this.#failed.promise
  }

  store(store: Store): Store {
    return {
      get: (namespace, key) => store.get(namespace, key),
      list: (namespace) => store.list(namespace),
      set: (namespace, key, value) => this.write(() => store.set(namespace, key, value)),
      delete: (namespace, key) => this.write(() => store.delete(namespace, key)),
      apply: (changes) => this.write(() => store.apply(changes)),
    }
  }

  disk(disk: MemoryLogDisk): LogDisk {
    const write = this.write.bind(this)
    return new Proxy(disk as LogDisk, {
      get(_target, name) {
        if (name === 'replace') return (file: string, bytes: Uint8Array) => write(() => disk.replace(file, bytes))
        if (name === 'open') {
          return async (file: string) => {
            const opened = await disk.open(file)
            return {
              append: opened.append.bind(opened),
              close: opened.close.bind(opened),
              datasync: () => write(() => opened.datasync()),
            }
          }
        }
        const member: unknown = Reflect.get(disk, name)
        return typeof member === 'function' ? member.bind(disk) : member
      },
    })
  }

  async write<T>(work: () => Promise<T>): Promise<T> {
    this.steps += 1
    if (this.#left > 0) {
      this.#left -= 1
      return work()
    }
    this.#left = -1
    this.#failed.resolve()
    return new Promise<never>(() => {})
  }
}
