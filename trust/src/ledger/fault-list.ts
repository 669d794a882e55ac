import type { Underlying } from './log-disk.ts'
import type { LogFault } from './report.ts'

/** More tell nobody more, and a shredded log must not fill the memory of its verifier. */
const MAX_FAULTS = 100

export class FaultList {
  readonly #faults: LogFault[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(fault: LogFault): void {
    this.#count++
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault)
  }

  /** Says of the faults where they really are, when what was read is made of other files. */
  async place({ place }: Underlying): Promise<void> {
    for (const [at, fault] of this.#faults.entries()) {
      const found = await place(fault.file, fault.offset)
      const text = fault.text
        .replaceAll(`byte ${fault.offset} of ${fault.file}`, `byte ${found.offset} of ${found.file}`)
        .replaceAll(fault.file === '' ? found.file : fault.file, found.file)
      this.#faults[at] = { ...fault, ...found, text }
    }
  }

  /** By entry, those about none of them last. */
  inOrder(): LogFault[] {
    const place = ({ seq = Number.POSITIVE_INFINITY }: LogFault) => seq
    return this.#faults.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
  }
}
