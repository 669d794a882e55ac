/** SIGTERM while agents call: what runs is answered, nothing new is taken, and both logs agree on every call. */
import type { Frame } from '@hansa/protocols'
import { fileLogDisk, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOnDisk } from '../harness/entries-on-disk.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import type { NodeProcess } from '../harness/node-process.ts'
import { twoNodes } from './two-nodes.ts'

const AGENTS = 8

describe('a node that is told to stop in the middle of calls', { timeout: 120_000 }, () => {
  it.each(['orga', 'orgb'] as const)('%s ends in good order, and no answer is missing in either log', async (which) => {
    await using mesh = await meshOfTest()
    const nodes = await twoNodes(mesh)
    const told: Frame[] = []
    const enough = Promise.withResolvers<void>()
    const agents = Array.from({ length: AGENTS }, async (_, agent) => {
      for (let call = 0; ; call++) {
        const frame = await nodes.orga.client.invoke('orgb/note', { text: `${agent}.${call}` }).catch(() => undefined)
        if (frame === undefined) return
        told.push(frame)
        if (told.length === 100) enough.resolve()
      }
    })
    await enough.promise
    await nodes[which].stop()
    await Promise.all(agents)
    await nodes.orga.stop()
    await nodes.orgb.stop()

    const [ofA, ofB] = [await entriesOnDisk(nodes.orga.logDirectory), await entriesOnDisk(nodes.orgb.logDirectory)]
    for (const { callId, audit, remote } of told) {
      expect(ofA[audit.index]).toMatchObject({ type: 'receipt.received', call_id: callId })
      expect(ofB[remote?.log.index ?? -1]).toMatchObject({ type: 'outcome', call_id: callId, decision: 'permit' })
    }
    // What orgb began it also ended, and wrote once.
    const begun = ofB.filter(({ type }) => type === 'intent.accepted').map(({ call_id }) => call_id)
    const ended = new Set(ofB.filter(({ type }) => type === 'outcome').map(({ call_id }) => call_id))
    expect(begun.filter((id) => !ended.has(id))).toEqual([])
    expect((await nodes.notes()).length).toBe(begun.length)

    const source = ({ did, logDirectory }: NodeProcess) => ({ did, disk: fileLogDisk(logDirectory) })
    const report = await verifyPair(source(nodes.orga), source(nodes.orgb))
    expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
    expect([report.a.log.calls.open, report.b.log.calls.open]).toEqual([0, 0])
  })
})
