/** As many kernels at once that list themselves in a registry over HTTP; both are in this process, the listings on the disk. */
import { join } from 'node:path'
import { guardedFetch, registryClient } from '@hansa/mesh'
import { capabilityManifestSchema, type SignedManifest, silentLogger } from '@hansa/protocols'
import { defaultConfig, startRegistry } from '@hansa/registry-server'
import { unverifiedPart } from '@hansa/trust'
import type { OperationRow } from '../report/bench-report.ts'
import { manyManifests } from './many-manifests.ts'
import { rowOf } from './row-of.ts'

/** Registrations that are on their way at the same time. */
const AT_ONCE = 32

export type Burst = { row: OperationRow; failures: number }

/** @param directory empty, on the measured disk. */
export async function registrationBurst(
  count: number,
  directory: string,
  progress: (name: string) => void,
): Promise<Burst> {
  progress('signing')
  const made = [...manyManifests(count, Math.floor(Date.now() / 1000))].map(signed)
  // One address asks for all of them, which no registry would take from it otherwise.
  const writes = { burst: count, perSecond: count }
  const database = `sqlite:${join(directory, 'registry.sqlite')}`
  const registry = await startRegistry({ ...defaultConfig, port: 0, database, writes }, { logger: silentLogger })
  const fetch = guardedFetch({ allowPrivate: ['127.0.0.0/8'] })
  const client = registryClient({ fetch, baseUrl: registry.url })
  progress(`${count} registrations`)
  const eachMs: number[] = []
  let failures = 0
  const rest = made.values()
  const register = async () => {
    for (const one of rest) {
      const before = performance.now()
      if (!(await client.register(one)).ok) failures += 1
      eachMs.push(performance.now() - before)
    }
  }
  const before = performance.now()
  await Promise.all(Array.from({ length: AT_ONCE }, register))
  const perSecond = (count * 1000) / (performance.now() - before)
  await registry.close()
  const name = `${count.toLocaleString('en')} manifests registered, ${AT_ONCE} at a time`
  return { row: { ...rowOf(name, eachMs), perSecond }, failures }
}

function signed({ jws, hash }: { jws: string; hash: string }): SignedManifest {
  return { jws, hash, manifest: capabilityManifestSchema.parse(unverifiedPart(jws, 1)?.value) }
}
