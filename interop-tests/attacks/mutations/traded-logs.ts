/**
 * Two kernels that have traded for a while, and what an auditor has of them: two directories, one with a log that was
 * frozen before it, each log in several files; their keys, and a checkpoint of each from a visit in between.
 */
import type { CheckpointReference, Did } from '@hansa/protocols'
import type { FrozenSource, LogSource, MemoryLogDisk, NoteKey } from '@hansa/trust/ledger'
import { outcomeOf } from '../../harness/outcome.ts'
import { allow, echo, serveBob, type TwoOrgs, twoOrgs } from '../../harness/two-orgs.ts'
import { fileOf, recordsIn } from './record-file.ts'

/** Of a ledger whose segments are small. */
const RECORDS_PER_FILE = 9
/** Each way before the visit, and after it. */
const CALLS = 4

export type TradedLog = {
  name: string
  did: Did
  disk: MemoryLogDisk
  key: NoteKey
  frozen: FrozenSource[]
  /** What somebody kept from a visit in between, and what somebody keeps now. */
  visited: CheckpointReference
  last: CheckpointReference
}

export type TradedLogs = { alice: TradedLog; bob: TradedLog; frozen: TradedLog }

export async function tradedLogs(): Promise<TradedLogs> {
  await using mesh = await twoOrgs({ alice: { rules: [allow('all', '*', '*')] } })
  await mesh.kernel('alice').register(echo, (args) => args)
  await mesh.join('alice', 'bob')
  await mesh.join('bob', 'alice')
  await trade(mesh, 1)
  const frozenKey = mesh.logKey('bob')
  await mesh.restore('bob')
  await serveBob(mesh, [])
  // A peer whose log has another key is imported again, by a person.
  await mesh.join('alice', 'bob')
  await trade(mesh, CALLS)
  const visited = { alice: mesh.kernel('alice').ledger.head(), bob: mesh.kernel('bob').ledger.head() }
  await trade(mesh, CALLS)
  for (const name of ['alice', 'bob'] as const) await mesh.stop(name)
  const [before] = mesh.log('bob').frozen
  const frozen = await tradedLog('bob, frozen', { ...before, did: mesh.did('bob') } as LogSource, frozenKey)
  const bob = await tradedLog('bob', mesh.log('bob'), mesh.logKey('bob'), visited.bob)
  const alice = await tradedLog('alice', mesh.log('alice'), mesh.logKey('alice'), visited.alice)
  return { alice, bob: { ...bob, frozen: [{ disk: frozen.disk, vkey: frozen.key.vkey }] }, frozen }
}

/** Each asks the other in turns. */
async function trade(mesh: TwoOrgs, calls: number): Promise<void> {
  for (let n = 0; n < calls; n++) {
    const capability = n % 2 === 0 ? 'echo' : 'note.write'
    await outcomeOf(mesh.kernel('alice').invoke(`bob/${capability}`, { text: `${n}` }, { principal: 'agent:clerk' }))
    await outcomeOf(mesh.kernel('bob').invoke('alice/echo', { text: `${n}` }, { principal: 'agent:porter' }))
    await mesh.settle()
  }
  await mesh.advance({ seconds: 5 })
}

async function tradedLog(
  name: string,
  { disk, did }: LogSource,
  key: NoteKey,
  visited?: CheckpointReference,
): Promise<TradedLog> {
  const copy = await inSmallFiles((disk as MemoryLogDisk).copy())
  const last = await lastCheckpoint(copy)
  if (did === undefined) throw new TypeError(`whose log is that of ${name}?`)
  return { name, did, disk: copy, key, frozen: [], visited: visited ?? last, last }
}

async function inSmallFiles(disk: MemoryLogDisk): Promise<MemoryLogDisk> {
  for (const name of (await disk.list()).filter((one) => one.startsWith('entries-'))) {
    const records = recordsIn(await disk.read(name, 0, Number.MAX_SAFE_INTEGER))
    for (let from = 0; from < records.length; from += RECORDS_PER_FILE) {
      const some = records.slice(from, from + RECORDS_PER_FILE)
      disk.tamper(`entries-${String(some[0]?.number).padStart(16, '0')}.hkl`, fileOf(some))
    }
  }
  return disk
}

async function lastCheckpoint(disk: MemoryLogDisk): Promise<CheckpointReference> {
  const note = Buffer.from(await disk.read('checkpoint', 0, 65_536)).toString('utf8')
  const [origin = '', size = '', root = ''] = note.split('\n')
  return { origin, size: Number(size), root: Buffer.from(root, 'base64').toString('base64url') }
}

/** What the verifier is given. @param disk in place of the real one */
export function sourceOf({ disk, key, did, frozen }: TradedLog, changed: LogSource['disk'] = disk): LogSource {
  return { disk: changed, vkey: key.vkey, did, frozen }
}
