/** A node as a process whose calls wait for a person: what it says about that, and to whom. */
import { describe, expect, it } from 'vitest'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import type { NodeProcess } from '../harness/node-process.ts'
import type { ProcessMesh } from '../harness/process-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

const module = `
const pay = { id: 'pay.send', safety: 'DESTRUCTIVE', obligations: ['human_approval'] }
export const capabilities = [{ definition: pay, handler: () => 'sent' }]
`

function office(mesh: ProcessMesh): Promise<NodeProcess> {
  return mesh.node('office', {
    config: { capabilities: [{ module: { path: 'pay.mjs' } }] },
    policy: [allow('pay', 'agent:*', '*')],
    files: { 'pay.mjs': module },
  })
}

/** @returns the approval that the call waits for. */
async function asked({ client }: NodeProcess, args: unknown, principal = 'agent:ana'): Promise<string> {
  const refused = await client.invoke('pay.send', args, { principal }).then(
    () => ({}),
    (error: unknown) => (error as { detail: object }).detail,
  )
  expect(refused).toMatchObject({ code: 'approval_required', approvalId: expect.any(String) })
  return (refused as { approvalId: string }).approvalId
}

/** Lines of the structured log that say this. */
function said(node: NodeProcess, event: string): Record<string, unknown>[] {
  const lines = node
    .logText()
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
  return lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))))
}

describe('a node as a process', { timeout: 120_000 }, () => {
  it('writes into its log that a request waits, and nothing of what it would do', async () => {
    await using mesh = await meshOfTest()
    const node = await office(mesh)
    const id = await asked(node, { pin: 'secret-4711' })
    await expect
      .poll(() => said(node, 'approval.waits'))
      .toMatchObject([
        { id, principal: 'agent:ana', capability: 'pay.send', call_id: expect.stringMatching(/^[\w-]{22}$/) },
      ])
    await node.client.operator.approve(id, 'person:olga')
    await node.stop()
    expect(said(node, 'approval.waits')).toHaveLength(1)
    expect(node.logText()).not.toContain('secret-4711')
  })
})
