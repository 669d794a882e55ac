/**
 * A log disk in memory, for kernels that keep nothing and for tests. It knows which bytes a `datasync` covered, so that
 * `lose` can show what a loss of power leaves, and it can be filled and broken.
 */
import { LedgerError } from './errors.ts'
import type { LogDisk, LogFile } from './log-disk.ts'

export interface MemoryLogDisk extends LogDisk {
  /**
   * The power goes: open files and the lock are gone, files whose name was never synced disappear, and of every other
   * the bytes beyond its last `datasync`. @param torn how many of those bytes stay after all, from the front.
   */
  lose(torn?: number): void
  /** The process ends and the machine stays: open files and the lock are gone, every byte stays. */
  crash(): void
  /** Changes the capacity; a write beyond it is cut off with `log_full`. */
  limit(bytes: number): void
  /** The nth write from now (1 is the next one) finds no room and writes half; later ones succeed. */
  fillAt(nth: number): void
  /** The next `datasync` fails. */
  breakSync(): void
  /** Flips one bit. */
  flip(name: string, offset: number, bit?: number): void
  /** Cuts, replaces or adds a file as somebody with access to the directory would. @param bytes undefined removes it. */
  tamper(name: string, bytes: Uint8Array | undefined): void
  /** Bytes held by all files. */
  readonly used: number
  /** A second disk with the same content, unlocked and without faults. */
  copy(): MemoryLogDisk
}

class Content {
  bytes = Buffer.alloc(0)
  length = 0
  durable = 0
  named = false

  static of(bytes: Uint8Array): Content {
    const content = new Content()
    content.bytes = Buffer.from(bytes)
    content.length = bytes.length
    content.durable = bytes.length
    content.named = true
    return content
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(4096, this.length + bytes.length, this.bytes.length * 2))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  cut(length: number): void {
    this.length = Math.min(this.length, length)
    this.durable = Math.min(this.durable, length)
  }
}

/**
 * @param label shown in messages. @default 'memory'
 * @param capacity bytes that all files together may hold. @default no bound, and then no reserve is kept either
 */
export function memoryLogDisk(label = 'memory', capacity = Number.POSITIVE_INFINITY): MemoryLogDisk {
  return new MemoryDisk(label, capacity)
}

class MemoryDisk implements MemoryLogDisk {
  readonly label: string
  readonly bounded: boolean
  readonly #files = new Map<string, Content>()
  /** Goes up when open files and the lock become void. */
  #era = 0
  #locked = false
  #capacity: number
  #writesUntilFull = Number.POSITIVE_INFINITY
  #syncBroken = false

  constructor(label: string, capacity: number) {
    this.label = label
    this.#capacity = capacity
    this.bounded = Number.isFinite(capacity)
  }

  get used(): number {
    let used = 0
    for (const content of this.#files.values()) used += content.length
    return used
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()].sort()
  }

  async size(name: string): Promise<number | undefined> {
    return this.#files.get(name)?.length
  }

  async read(name: string, from: number, to: number): Promise<Uint8Array> {
    const content = this.#files.get(name)
    return content === undefined
      ? new Uint8Array()
      : Uint8Array.from(content.bytes.subarray(from, Math.min(to, content.length)))
  }

  async lock(): Promise<() => Promise<void>> {
    if (this.#locked) throw new LedgerError({ code: 'log_locked', directory: this.label })
    this.#locked = true
    const era = this.#era
    return async () => {
      if (era === this.#era) this.#locked = false
    }
  }

  async open(name: string): Promise<LogFile> {
    const content = this.#files.get(name) ?? new Content()
    this.#files.set(name, content)
    const era = this.#era
    const alive = () => {
      if (era !== this.#era) throw new Error(`${name} was open when the machine stopped`)
    }
    return {
      append: async (bytes) => {
        alive()
        this.#write(name, content, bytes)
      },
      datasync: async () => {
        alive()
        this.#trySync(name)
        content.durable = content.length
      },
      close: async () => {},
    }
  }

  async truncate(name: string, size: number): Promise<void> {
    const content = this.#files.get(name)
    content?.cut(size)
    if (content !== undefined) content.durable = content.length
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const before = this.#files.get(name)?.length ?? 0
    if (!this.#hasRoom(bytes.length - before)) throw new LedgerError({ code: 'log_full' })
    this.#trySync(name)
    this.#files.set(name, Content.of(bytes))
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name)
  }

  async syncDirectory(): Promise<void> {
    for (const content of this.#files.values()) content.named = true
  }

  lose(torn = 0): void {
    for (const [name, content] of this.#files) {
      if (!content.named) this.#files.delete(name)
      else content.cut(Math.min(content.length, content.durable + torn))
      content.durable = content.length
    }
    this.crash()
  }

  crash(): void {
    this.#era++
    this.#locked = false
    this.#syncBroken = false
    this.#writesUntilFull = Number.POSITIVE_INFINITY
  }

  limit(bytes: number): void {
    this.#capacity = bytes
  }

  fillAt(nth: number): void {
    this.#writesUntilFull = nth
  }

  breakSync(): void {
    this.#syncBroken = true
  }

  flip(name: string, offset: number, bit = 0): void {
    const content = this.#files.get(name)
    const byte = content?.bytes[offset]
    if (content === undefined || byte === undefined || offset >= content.length)
      throw new RangeError(`${name}@${offset}`)
    content.bytes[offset] = byte ^ (1 << bit)
  }

  tamper(name: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#files.delete(name)
    else this.#files.set(name, Content.of(bytes))
  }

  copy(): MemoryLogDisk {
    const copy = new MemoryDisk(this.label, Number.POSITIVE_INFINITY)
    for (const [name, content] of this.#files) {
      copy.#files.set(name, Content.of(content.bytes.subarray(0, content.length)))
    }
    return copy
  }

  #write(name: string, content: Content, bytes: Uint8Array): void {
    const room = Math.max(0, this.#capacity - this.used)
    if (this.#hasRoom(bytes.length)) {
      content.append(bytes)
      return
    }
    content.append(bytes.subarray(0, Math.min(room, bytes.length >> 1)))
    throw new LedgerError({ code: 'log_full' }, `no room for ${name}`)
  }

  #hasRoom(bytes: number): boolean {
    if (--this.#writesUntilFull === 0) {
      this.#writesUntilFull = Number.POSITIVE_INFINITY
      return false
    }
    return this.used + bytes <= this.#capacity
  }

  #trySync(name: string): void {
    if (!this.#syncBroken) return
    this.#syncBroken = false
    throw new LedgerError({ code: 'log_broken', file: name }, `datasync of ${name} failed`)
  }
}
