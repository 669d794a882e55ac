/** What the manifests of the replica say in short: read once when they come, so that nothing that lists or picks reads them again. */
import { httpEndpoint, type Place, type Replica, type ReplicaRecord, signedOf } from '@hansa/mesh'
import type { Did, SignedManifest } from '@hansa/protocols'

export type KnownKernel = {
  did: Did
  name?: string
  endpoint?: string
  seq: number
  /** Unix seconds. */
  expires: number
  /** How many it offers. */
  capabilities: number
}

export class KnownKernels {
  readonly #replica: Pick<Replica, 'watch' | 'record' | 'dids'>
  readonly #kernels = new Map<Did, KnownKernel>()
  readonly #tls = new Map<Did, readonly string[]>()
  readonly #end: () => void

  constructor(replica: Pick<Replica, 'watch' | 'record' | 'dids'>) {
    this.#replica = replica
    for (const did of replica.dids()) this.#read(replica.record(did))
    this.#end = replica.watch((change) => {
      const { kind, record } = change
      if (kind === 'taken' && record.kind === 'manifest') this.#read(record, change.signed)
      else this.#forget(record.did)
    })
  }

  /** Whose manifests count now, in no order. */
  *all(): Iterable<KnownKernel> {
    // Whatever has lapsed leaves the replica when it is counted.
    for (const did of this.#replica.dids()) {
      const kernel = this.#kernels.get(did)
      if (kernel !== undefined) yield kernel
    }
  }

  /** Those that can be asked. */
  *places(): Iterable<Place> {
    for (const kernel of this.all()) {
      const place = placeOf(kernel)
      if (place !== undefined) yield place
    }
  }

  /** Kernels whose manifests name this base URL, a slash at its end aside. */
  *servedAt(url: string): Iterable<Did> {
    const wanted = url.replace(/\/+$/, '')
    for (const { did, endpoint } of this.all()) if (endpoint?.replace(/\/+$/, '') === wanted) yield did
  }

  /** Where a kernel can be asked, while its manifest counts. */
  place(did: Did): Place | undefined {
    return this.#replica.record(did)?.kind === 'manifest' ? placeOf(this.#kernels.get(did)) : undefined
  }

  /** SHA-256 of the SPKI of each certificate that its manifest names, base64url; undefined when it names none. */
  keysOf(did: Did): readonly string[] | undefined {
    return this.#tls.get(did)
  }

  close(): void {
    this.#end()
  }

  #forget(did: Did): void {
    this.#kernels.delete(did)
    this.#tls.delete(did)
  }

  #read(record: ReplicaRecord | undefined, read?: SignedManifest): void {
    const signed = read ?? (record?.kind === 'manifest' ? signedOf(record) : undefined)
    const manifest = signed?.manifest
    if (manifest === undefined) return
    const { kernel_id: did, name, seq, exp, capabilities, tls = [] } = manifest
    this.#forget(did)
    if (tls.length > 0) this.#tls.set(did, tls)
    const endpoint = httpEndpoint(manifest)
    this.#kernels.set(did, {
      did,
      ...(name === undefined ? {} : { name }),
      ...(endpoint === undefined ? {} : { endpoint }),
      seq,
      expires: exp,
      capabilities: capabilities.length,
    })
  }
}

function placeOf(kernel: KnownKernel | undefined): Place | undefined {
  if (kernel?.endpoint === undefined) return undefined
  const { did, endpoint, name } = kernel
  return { did, endpoint, ...(name === undefined ? {} : { name }) }
}
