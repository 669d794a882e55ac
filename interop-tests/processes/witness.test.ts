/** Nodes as processes that vouch for each other: over sockets, through kills, and after a restore. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { KernelStatus } from '@hansa/protocols'
import { fileLogDisk, verifyHistory, witnessQuorum } from '@hansa/trust/ledger'
import { expect, it } from 'vitest'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa, type NodeProcess } from '../harness/node-process.ts'
import type { ProcessMesh } from '../harness/process-mesh.ts'

/** Several starts of nodes, on a busy machine. */
const TIMEOUT_MS = 120_000
const POLL = { timeout: 30_000 }

type Witnessing = NonNullable<KernelStatus['witnessing']>
const witnessing = async (node: NodeProcess) => (await node.client.operator.status()).witnessing as Witnessing
const keysOf = async (node: NodeProcess) =>
  JSON.parse(await hansa('key', 'show', '--home', node.home, '--json')) as {
    log: { vkey: string }
    witness: { vkey: string }
  }

/** Orga's log is cosigned by orgb; orgb knows its key from its configuration. */
async function witnessed(mesh: ProcessMesh): Promise<{ orga: NodeProcess; orgb: NodeProcess }> {
  const [orga, orgb] = [await mesh.prepare('orga'), await mesh.prepare('orgb')]
  await orgb.configure({ config: { witnessing: { logs: [(await keysOf(orga)).log.vkey] } } })
  await orgb.start()
  const witnesses = [{ url: `${orgb.endpoint}/hansa/witness`, vkey: (await keysOf(orgb)).witness.vkey }]
  await orga.configure({ config: { witnessing: { witnesses } } })
  await orga.start()
  return { orga, orgb }
}

/** Waits until orgb has cosigned everything that orga has written so far. */
async function covered(orga: NodeProcess): Promise<number> {
  const { size } = (await orga.client.operator.status()).log
  await expect.poll(async () => (await witnessing(orga)).own?.size ?? 0, POLL).toBeGreaterThanOrEqual(size)
  return size
}

it(
  'a witness that is killed goes on where it was, and the log that it cosigns verifies with it',
  async () => {
    await using mesh = await meshOfTest()
    const { orga, orgb } = await witnessed(mesh)
    const first = await covered(orga)
    await orgb.kill()
    await orga.kill()
    await orgb.start()
    await orga.start()
    expect(await covered(orga)).toBeGreaterThan(first)
    const { log } = await keysOf(orga)
    const reading = witnessQuorum([(await keysOf(orgb)).witness.vkey])
    if (!reading.ok) throw new Error('no policy')
    const report = await verifyHistory(fileLogDisk(orga.logDirectory), { vkey: log.vkey, witnesses: reading.policy })
    expect(report).toMatchObject({ faults: [], quorum: { reached: true } })
    expect((await witnessing(orgb)).logs).toMatchObject([{ origin: report.origin }])
  },
  TIMEOUT_MS,
)

it(
  'a witness that was restored has another key, and vouches again when that is known',
  async () => {
    await using mesh = await meshOfTest()
    const { orga, orgb } = await witnessed(mesh)
    await covered(orga)
    const before = (await keysOf(orgb)).witness.vkey
    const file = join(mesh.directory, 'orgb.hansa-backup')
    await hansa('backup', file, '--home', orgb.home, '--json')
    await orgb.kill()
    await rename(orgb.home, `${orgb.home}.lost`)
    await hansa('restore', file, '--home', orgb.home, '--json')
    await orgb.start()
    const after = (await keysOf(orgb)).witness.vkey
    expect(after).not.toBe(before)
    await orga.kill()
    await orga.start()
    await expect
      .poll(async () => (await witnessing(orga)).own?.witnesses[0]?.fault, POLL)
      .toBe('it answered with the signature of another key')
    await orga.kill()
    const witnesses = [{ url: `${orgb.endpoint}/hansa/witness`, vkey: after }]
    await orga.configure({ config: { witnessing: { witnesses } } })
    await orga.start()
    await covered(orga)
    expect((await witnessing(orga)).own?.state).toBe('quorum')
  },
  TIMEOUT_MS,
)
