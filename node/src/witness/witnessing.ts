/** What a kernel does for the logs of others, as a witness: assembled here, so that `assemble-kernel.ts` names one part. */
import type { Clock, Did, Store } from '@hansa/protocols'
import { cosignerKey, parseVkey } from '@hansa/trust/ledger'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import { witnessName } from '../home/witness-seed.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import { serveWitness } from './serve-witness.ts'
import { WitnessBook } from './witness-book.ts'

export type WitnessingInit = {
  /** Verifier keys of logs that are cosigned besides those of imported kernels. @default none */
  logs?: readonly string[]
}

export type WitnessingComponents = {
  self: Did
  /** 32 bytes. */
  seed: Uint8Array
  store: Store
  clock: Clock
  refusals: RefusalCounter
  imports: Pick<ImportDesk, 'logKeys'>
}

export type Witnessing = {
  book: WitnessBook
  services: ReturnType<typeof serveWitness>
}

/** @throws Error when what was cosigned before cannot be read; RangeError for a configured key that is none. */
export async function openWitnessing(
  components: WitnessingComponents,
  { logs = [] }: WitnessingInit = {},
): Promise<Witnessing> {
  const { self, seed, store, clock, refusals, imports } = components
  const configured = new Map<string, string[]>()
  for (const vkey of logs) {
    const verdict = parseVkey(vkey)
    if (!verdict.ok) throw new RangeError(`not the verifier key of a log: ${verdict.reason}`)
    const { name } = verdict.verifier
    configured.set(name, [...(configured.get(name) ?? []), vkey])
  }
  const book = await WitnessBook.open({
    store,
    clock,
    key: cosignerKey(witnessName(self), seed),
    keysOf: (origin) => [...(configured.get(origin) ?? []), ...imports.logKeys(origin)],
  })
  return { book, services: serveWitness({ book, clock, refusals }) }
}
