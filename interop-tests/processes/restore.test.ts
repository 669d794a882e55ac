/** A node that is lost and restored from a backup, and what its partner sees of it. */
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileLogDisk, type LogSource, verifyPair } from '@hansa/trust/ledger'
import { expect, it } from 'vitest'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa, type NodeProcess } from '../harness/node-process.ts'
import { outcomeOf } from '../harness/outcome.ts'
import { twoNodes } from './two-nodes.ts'

/** Several starts and stops of nodes, on a busy machine. */
const TIMEOUT_MS = 120_000

const sourceOf = ({ did, logDirectory }: NodeProcess, ...frozen: number[]): LogSource => ({
  did,
  disk: fileLogDisk(logDirectory),
  frozen: frozen.map((number) => ({ disk: fileLogDisk(join(logDirectory, 'frozen', String(number))) })),
})

async function importAgain(orga: NodeProcess, orgb: NodeProcess): Promise<void> {
  const { peers } = await orga.client.discoverPeers({ peerUrls: [orgb.endpoint] })
  if (peers[0] === undefined) throw new Error(`orgb was not found at ${orgb.endpoint}`)
  await orga.client.importRemote({ manifest: peers[0].signed, as: 'orgb' })
}

it(
  'a restored node is blocked by its partner until that imports it again, and then both logs tell one story',
  async () => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh)
    const { orga, orgb } = nodes
    const write = (text: string, options = {}) => orga.client.invoke('orgb/note', { text }, options)
    const file = join(mesh.directory, 'orgb.hansa-backup')

    await write('before the backup', { idempotencyKey: 'known' })
    await hansa('backup', file, '--home', orgb.home, '--json')
    await hansa('backup', '--verify', file, '--json')
    await write('lost', { idempotencyKey: 'forgotten' })
    await orgb.kill()
    await rename(orgb.home, `${orgb.home}.lost`)
    const restored = JSON.parse(await hansa('restore', file, '--home', orgb.home, '--json'))
    expect(restored).toMatchObject({ did: orgb.did, log: { origin: `${orgb.did}/log/2` } })
    await orgb.start()

    // The first attempt finds that its session is gone; none of them is done.
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await outcomeOf(write('while it is blocked'))).not.toBe('released')
    const blocked = await hansa('refresh', 'orgb', '--home', orga.home, '--json').catch((error: Error) => error.message)
    expect(blocked).toContain('log key changed')
    expect(await nodes.notes()).toEqual(['before the backup'])

    await importAgain(orga, orgb)
    // The backup knows the first, and does not know that the second was done.
    await write('before the backup', { idempotencyKey: 'known' })
    expect(await outcomeOf(write('lost', { idempotencyKey: 'forgotten' }))).toBe('outcome_unknown')
    await write('after the restore')
    expect(await nodes.notes()).toEqual(['before the backup', 'after the restore'])

    await orga.stop()
    await orgb.stop()
    const report = await verifyPair(sourceOf(orga), sourceOf(orgb, 1))
    expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'lost_by_restore', withoutProof: 'b' }))
    expect([report.b.log.faults, report.b.log.frozen?.[0]?.faults]).toEqual([[], []])
  },
  TIMEOUT_MS,
)

it(
  'a node that was started from a copy of its files is sent nothing by whoever has seen more of its log',
  async () => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh)
    const { orga, orgb } = nodes
    const write = (text: string) => orga.client.invoke('orgb/note', { text })
    await write('in the copy')
    await orgb.stop()
    await cp(orgb.home, `${orgb.home}.copy`, { recursive: true })
    await orgb.start()
    // Its first call opens a session again, in which the longer log is seen.
    while ((await outcomeOf(write('not in the copy'))) !== 'released') await orgb.client.operator.status()
    await orga.stop()
    await orga.start()
    await orga.client.invoke('orgb/note', { text: 'seen' })
    await orgb.kill()
    await rename(orgb.home, `${orgb.home}.newer`)
    await rename(`${orgb.home}.copy`, orgb.home)
    await orgb.start()
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await outcomeOf(orga.client.invoke('orgb/note', { text: 'x' }))).not.toBe('released')
    expect(await nodes.notes()).toEqual(['in the copy'])
    const entries = await orga.client.operator.audit({ from: -20 })
    expect(entries.map(({ ext }) => ext?.reason ?? '').join('\n')).toMatch(
      /nothing is sent to it: the log has \d+ entries and had \d+ before/,
    )
  },
  TIMEOUT_MS,
)
